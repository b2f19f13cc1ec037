//! The rules of supervision, pure.

pub mod timer;

pub use timer::{Kind, Reached, Rung, Timer};
