//! The way from a commit to the relay of the same process, past the database.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, OwnedPermit};

use crate::messages::Envelope;

/// Commits that may wait for the relay; those behind them leave by the table.
const WAITING: usize = 1024;

/// Hands events to the relay, which then need not look for them.
#[derive(Clone, Default)]
pub(crate) struct Outgoing(Arc<Inner>);

#[derive(Default)]
struct Inner {
    relay: Mutex<Option<mpsc::Sender<Vec<Envelope>>>>,
    left: Notify,
}

impl Outgoing {
    /// What is handed over from now on.
    pub(crate) fn listen(&self) -> mpsc::Receiver<Vec<Envelope>> {
        let (relay, handed) = mpsc::channel(WAITING);
        *self.0.relay.lock().unwrap_or_else(PoisonError::into_inner) = Some(relay);
        handed
    }

    /// A place with the relay, to be filled after the commit. None when there is no relay here, or no place.
    pub(crate) fn reserve(&self) -> Option<OwnedPermit<Vec<Envelope>>> {
        let relay = self.0.relay.lock().unwrap_or_else(PoisonError::into_inner).clone();
        relay?.try_reserve_owned().ok()
    }

    /// Says that there are events in the table that nobody was handed.
    pub(crate) fn leave(&self) {
        self.0.left.notify_one();
    }

    /// Waits for [`Self::leave`].
    pub(crate) async fn left(&self) {
        self.0.left.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Outgoing, WAITING};

    #[test]
    fn without_a_relay_nothing_is_handed_over() {
        let outgoing = Outgoing::default();
        assert!(outgoing.reserve().is_none());
        drop(outgoing.listen());
        assert!(outgoing.reserve().is_none(), "it has gone");
    }

    #[tokio::test]
    async fn what_finds_no_place_is_left() {
        let outgoing = Outgoing::default();
        let mut handed = outgoing.listen();
        let places: Vec<_> = std::iter::from_fn(|| outgoing.reserve()).collect();
        assert_eq!(places.len(), WAITING);
        outgoing.leave();
        outgoing.left().await;
        // A commit that failed gives its place back.
        drop(places);
        outgoing.reserve().unwrap().send(Vec::new());
        assert!(handed.try_recv().unwrap().is_empty());
        assert!(handed.try_recv().is_err());
    }
}
