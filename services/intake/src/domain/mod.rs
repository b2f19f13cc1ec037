//! The rules of intake, without async and without input or output.

pub mod application;
pub mod catalog;
pub mod documents;

pub use yimen_kernel::media as files;
