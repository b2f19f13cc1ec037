//! What supervision does: with events, by itself, when it is asked.

pub mod calendar;
pub mod clocks;
pub mod ladder;
pub mod read;
pub mod recompute;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// A moment on the wire.
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
