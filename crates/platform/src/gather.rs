//! Questions of one kind that come at the same time and are asked of the database together.
//!
//! Nothing is remembered: an answer is read after its question came.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use yimen_kernel::error::{Error, Result};

use crate::pace::Pace;
use crate::store::Store;

/// Questions that are asked together, at most.
const BATCH: usize = 256;

/// Finds values by their keys.
#[derive(Clone)]
pub struct Gather<K, V> {
    waiting: mpsc::UnboundedSender<Waiting<K, V>>,
}

type Waiting<K, V> = (K, oneshot::Sender<Result<Option<V>>>);

impl<K, V> Gather<K, V>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    /// `find` reads the values of different keys; those that there are.
    pub fn new<F>(store: Store, find: F) -> Self
    where
        F: for<'t> Fn(&'t mut PgConnection, Vec<K>) -> BoxFuture<'t, Result<HashMap<K, V>>>
            + Send
            + Sync
            + 'static,
    {
        let (waiting, mut questions) = mpsc::unbounded_channel::<Waiting<K, V>>();
        let find = Arc::new(find);
        tokio::spawn(async move {
            let mut pace = Pace::new(Duration::ZERO);
            loop {
                let mut batch = Vec::new();
                if questions.recv_many(&mut batch, BATCH).await == 0 {
                    return;
                }
                pace.gather(&mut batch, BATCH, || questions.try_recv().ok()).await;
                let begun = Instant::now();
                let (store, find) = (store.clone(), find.clone());
                // A task of its own: what breaks in it breaks for these askers, and not for those who come after.
                let asking = tokio::spawn(async move {
                    let keys: HashSet<K> = batch.iter().map(|(key, _)| *key).collect();
                    let found = match store.read().await {
                        Ok(mut connection) => find(&mut connection, keys.into_iter().collect()).await,
                        Err(error) => Err(error),
                    };
                    for (key, answer) in batch {
                        let value = match &found {
                            Ok(found) => Ok(found.get(&key).cloned()),
                            Err(error) => Err(Error::new(error.kind(), error.reason())),
                        };
                        let _asker_has_gone = answer.send(value);
                    }
                });
                if let Err(error) = asking.await {
                    tracing::error!(%error, "Questions that were asked together were not answered.");
                }
                pace.done(begun);
            }
        });
        Self { waiting }
    }

    /// The value of a key, as it is now; none if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, key: K) -> Result<Option<V>> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::unavailable("the service stops");
        self.waiting.send((key, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}
