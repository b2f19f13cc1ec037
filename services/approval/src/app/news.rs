//! Whose tasks have changed: one reader of the feed for all watchers of this process, so that a change
//! wakes those whom it concerns and nobody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use yimen_kernel::{DepartmentId, Result};
use yimen_platform::Context;

use crate::store::feed;

/// The safety net for what other processes of the service commit.
const POLL: Duration = Duration::from_secs(1);

/// The reader and those who wait for it.
pub struct News {
    context: Context,
    departments: Mutex<HashMap<DepartmentId, watch::Sender<()>>>,
    is_read: AtomicBool,
}

impl News {
    /// Nobody waits yet, and nothing is read.
    pub fn new(context: Context) -> Arc<Self> {
        Arc::new(Self { context, departments: Mutex::default(), is_read: AtomicBool::new(false) })
    }

    /// Changes whenever the feed may have something new for `department`; what is read of the feed
    /// after this call and what is told cover everything.
    pub fn follow(self: &Arc<Self>, department: &DepartmentId) -> watch::Receiver<()> {
        let receiver = {
            let mut departments = self.departments.lock().unwrap_or_else(PoisonError::into_inner);
            departments.entry(department.clone()).or_insert_with(|| watch::Sender::new(())).subscribe()
        };
        if !self.is_read.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().read());
        }
        receiver
    }

    /// Reads until the process stops.
    async fn read(self: Arc<Self>) {
        let stop = self.context.stop.clone();
        let mut place = None;
        while !stop.is_cancelled() {
            let committed = match self.look(&mut place).await {
                Ok(committed) => committed,
                Err(error) => {
                    tracing::warn!(%error, "The feed of tasks could not be read; trying again.");
                    self.context.store.committed().notified()
                }
            };
            tokio::select! {
                () = committed => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Numbers what was committed, tells whom it concerns, and gives the next commit to wait for.
    async fn look(&self, place: &mut Option<i64>) -> Result<tokio::sync::futures::Notified<'_>> {
        let store = &self.context.store;
        // Made before looking, so that a commit meanwhile is not slept through.
        let mut committed = store.committed().notified();
        let mut connection = store.read().await?;
        while feed::has_unnumbered(&mut connection).await? {
            drop(connection);
            let mut tx = store.begin().await?;
            feed::number(tx.sql()).await?;
            tx.commit().await?;
            committed = store.committed().notified();
            connection = store.read().await?;
        }
        let departments = self.departments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match *place {
            // Before the first look anything may have come.
            None => {
                *place = Some(feed::last(&mut connection).await?);
                departments.values().for_each(|told| told.send_replace(()));
            }
            Some(since) => {
                for (department, last) in feed::changed(&mut connection, since).await? {
                    *place = (*place).max(Some(last));
                    if let Some(told) = departments.get(&department) {
                        told.send_replace(());
                    }
                }
            }
        }
        Ok(committed)
    }
}
