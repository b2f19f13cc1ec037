//! What supervision does: with events, by itself, when it is asked.

pub mod calendar;
pub mod clocks;
pub mod ladder;
pub mod read;
pub mod recompute;

pub use yimen_platform::timestamp;
