//! The rules of intake, without async and without input or output.

pub mod application;
pub mod catalog;
pub mod documents;
