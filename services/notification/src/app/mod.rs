//! One function per operation.

pub mod queue;
pub mod read;
pub mod reports;
pub mod resolve;
pub mod send;
pub mod templates;

pub(crate) use yimen_platform::timestamp;
