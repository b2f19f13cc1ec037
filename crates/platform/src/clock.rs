//! Where time comes from: the only place that reads the machine's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prost_types::Timestamp;
use tokio::sync::Notify;

/// Tells the time. Passed down as a value so that a test can move it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, with the microseconds that PostgreSQL keeps.
    fn now(&self) -> DateTime<Utc>;

    /// Ends when time has jumped since the call: what waits for a moment then looks again. The machine's
    /// clock never does.
    fn jumped(&self) -> BoxFuture<'_, ()> {
        futures::future::pending().boxed()
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> DateTime<Utc> {
        to_micros(Utc::now())
    }
}

/// A clock that stands still.
#[derive(Debug)]
pub struct StillClock(DateTime<Utc>);

impl StillClock {
    /// A clock that shows `at`.
    pub fn new(at: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(at))
    }
}

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        to_micros(self.0)
    }
}

/// A clock that runs as fast as the machine's, at another time, and can be set: for a center that plays
/// through weeks. Only an embedded center can have it.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    /// Microseconds before the machine's clock, or behind it.
    shift: AtomicI64,
    jumped: Notify,
}

impl ShiftedClock {
    /// A clock that shows `at` now.
    pub fn starting(at: DateTime<Utc>) -> Arc<Self> {
        let clock = Self::default();
        clock.set(at);
        Arc::new(clock)
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, at: DateTime<Utc>) {
        let shift = at.timestamp_micros().saturating_sub(SystemClock.now().timestamp_micros());
        self.shift.store(shift, Ordering::SeqCst);
        self.jumped.notify_waiters();
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + Duration::microseconds(self.shift.load(Ordering::SeqCst))
    }

    fn jumped(&self) -> BoxFuture<'_, ()> {
        self.jumped.notified().boxed()
    }
}

/// A moment on the wire.
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp { seconds: at.timestamp(), nanos }
}

fn to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shifted_clock_goes_on_from_where_it_is_set() {
        let start = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
        let clock = ShiftedClock::starting(start);
        let jumped = clock.jumped();
        assert!(clock.now() - start < Duration::seconds(5));
        clock.set(start - Duration::days(1));
        jumped.await;
        assert!(clock.now() < start && clock.now() >= start - Duration::days(1));
        assert!(clock.jumped().now_or_never().is_none());
    }
}
