//! When a worker takes its next turn.
//!
//! Whoever comes after a rest is served at once. A worker that has just worked rests as long as that took, and what
//! comes meanwhile shares its next turn: so the busier the machine, the more share a transaction, and where nothing
//! else is to do, nobody waits longer than the work itself takes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The longest rest after work that took long.
const LONGEST: Duration = Duration::from_millis(50);

/// The turns of one worker.
pub struct Pace {
    least: Duration,
    turn: Instant,
}

impl Pace {
    /// A worker whose turns begin `least` apart, or more.
    pub fn new(least: Duration) -> Self {
        Self { least, turn: Instant::now() }
    }

    /// What comes before the next turn, or has come already; none when it is to begin.
    pub(crate) async fn before_turn<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.turn, coming).await.ok()
    }

    /// Waits for the next turn.
    pub async fn rest(&self) {
        tokio::time::sleep_until(self.turn).await;
    }

    /// Takes what comes before the next turn, up to `most` with what is there.
    pub(crate) async fn gather<T>(&self, all: &mut Vec<T>, most: usize, next: impl FnMut() -> Option<T>) {
        if all.len() < most {
            self.rest().await;
            all.extend(std::iter::from_fn(next).take(most - all.len()));
        }
    }

    /// Notes that the work which began then is done.
    pub fn done(&mut self, begun: Instant) {
        self.turn = self.next(begun, Instant::now());
    }

    fn next(&self, begun: Instant, done: Instant) -> Instant {
        (begun + self.least).max(done + (done - begun).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_as_long_as_it_worked() {
        let (pace, begun) = (Pace::new(Duration::from_millis(10)), Instant::now());
        for (work, next) in [(0, 10), (3, 10), (7, 14), (20, 40), (1_000, 1_050)] {
            let done = begun + Duration::from_millis(work);
            assert_eq!(pace.next(begun, done) - begun, Duration::from_millis(next), "{work}");
        }
    }

    #[tokio::test]
    async fn what_is_there_already_comes_along() {
        let mut pace = Pace::new(Duration::from_secs(60));
        assert_eq!(pace.before_turn(async { 1 }).await, Some(1));
        assert_eq!(pace.before_turn(std::future::pending::<()>()).await, None, "nothing was done before");
        pace.done(Instant::now());
        let soon = tokio::time::sleep(Duration::from_millis(1));
        assert_eq!(pace.before_turn(soon).await, Some(()), "it rests");
    }
}
