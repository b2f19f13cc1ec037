//! One function per operation.

pub mod queue;
pub mod read;
pub mod reports;
pub mod resolve;
pub mod send;
pub mod templates;

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// A moment on the wire.
pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
