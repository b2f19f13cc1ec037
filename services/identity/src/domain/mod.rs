//! What identity knows and how it decides. No input or output, no clock.

pub mod credential;
pub mod import;
pub mod organization;
pub mod signatures;
