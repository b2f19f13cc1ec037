//! Serials drawn ahead.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use yimen_kernel::error::{Error, Result};

/// Serials that are drawn beyond what is needed: as many as PostgreSQL's own log is ahead of a sequence.
const AHEAD: usize = 32;

/// Serials of one sequence. What is left of a draw is for whoever needs the next one.
///
/// No sequence takes a serial back, and PostgreSQL's log has one order: a draw is durable before whatever is committed
/// after it. So a serial may be used by another transaction than the one that drew it, whatever became of that one.
/// Those that are left when the process ends are lost.
pub struct Serials<T>(Mutex<VecDeque<T>>);

impl<T> Serials<T> {
    /// So many, in the order of their drawing; `draw` gets as many as it is asked for from the sequence.
    ///
    /// # Errors
    /// What `draw` says.
    pub async fn take(&self, count: usize, draw: impl AsyncFnOnce(i32) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let mut taken = self.at_hand(count);
        let missing = count - taken.len();
        if missing > 0 {
            let wanted = i32::try_from(missing + AHEAD).map_err(Error::internal)?;
            let mut drawn = VecDeque::from(draw(wanted).await?);
            if drawn.len() < missing {
                return Err(Error::internal("a sequence gave fewer serials than it was asked for"));
            }
            taken.extend(drawn.drain(..missing));
            self.left().extend(drawn);
        }
        Ok(taken)
    }

    fn at_hand(&self, count: usize) -> Vec<T> {
        let mut left = self.left();
        let count = count.min(left.len());
        left.drain(..count).collect()
    }

    fn left(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Serials<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn none_is_given_twice_and_few_draws_are_needed() {
        let (serials, mut next, mut draws) = (Serials::default(), 0, 0);
        let mut given = Vec::new();
        for count in [1, 0, 30, 2, 100, 1] {
            let taken = serials.take(count, async |wanted| {
                draws += 1;
                next += wanted;
                Ok((next - wanted..next).collect())
            });
            given.extend(taken.await.unwrap());
        }
        assert_eq!(given, (0..134).collect::<Vec<i32>>());
        assert_eq!(draws, 2);
    }

    #[tokio::test]
    async fn a_draw_that_failed_leaves_those_that_were_at_hand_to_nobody() {
        let serials = Serials::default();
        assert_eq!(serials.take(1, async |_| Ok((0..33).collect())).await.unwrap(), [0]);
        assert!(serials.take(40, async |_| Ok(vec![33])).await.is_err());
        assert_eq!(serials.take(1, async |_| Ok((34..67).collect())).await.unwrap(), [34]);
    }
}
