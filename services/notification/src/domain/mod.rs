//! The rules of messages: pure, and each beside its tests.

pub mod hours;
pub mod message;
pub mod template;
