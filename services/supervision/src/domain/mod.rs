//! The rules of supervision, pure.

pub mod board;
mod codes;
pub mod fact;
pub mod flag;
pub mod timer;

pub use fact::{CaseFile, Fact, Measure};
pub use flag::Flag;
pub use timer::{Kind, Reached, Rung, Timer};
