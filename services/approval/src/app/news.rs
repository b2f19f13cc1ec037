//! Whose tasks have changed: one reader of the feed for all watchers of this process, so that a change is read
//! once and wakes those whom it concerns and nobody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use yimen_kernel::{DepartmentId, Result};
use yimen_platform::Context;
use yimen_platform::pace::Pace;

use crate::store::feed::{self, Changed};
use crate::store::views::{self, TaskView, Wanted};

/// The safety net for what other processes of the service commit.
const POLL: Duration = Duration::from_secs(1);

/// What a department is told: everything that changed for it since it was told before.
pub struct Told {
    /// How far what it was told before goes in the feed; zero at the beginning.
    pub before: i64,
    /// How far this goes.
    pub until: i64,
    /// Each task as it is now, with the number of its last change, in the order of these.
    pub changes: Vec<(i64, TaskView)>,
}

/// How far what was told last goes in the feed.
pub fn told_until(latest: &Latest) -> i64 {
    latest.as_ref().map_or(0, |told| told.until)
}

/// The latest; none when it is not known what there is to be told.
pub type Latest = Option<Arc<Told>>;

/// The reader and those who wait for it.
pub struct News {
    context: Context,
    departments: Mutex<HashMap<DepartmentId, watch::Sender<Latest>>>,
    is_read: AtomicBool,
}

impl News {
    /// Nobody waits yet, and nothing is read.
    pub fn new(context: Context) -> Arc<Self> {
        Arc::new(Self { context, departments: Mutex::default(), is_read: AtomicBool::new(false) })
    }

    /// Changes whenever the feed may have something new for `department`; what is read of the feed
    /// after this call and what is told cover everything.
    pub fn follow(self: &Arc<Self>, department: &DepartmentId) -> watch::Receiver<Latest> {
        let receiver = {
            let mut departments = self.departments.lock().unwrap_or_else(PoisonError::into_inner);
            departments.entry(department.clone()).or_insert_with(|| watch::Sender::new(None)).subscribe()
        };
        if !self.is_read.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().read());
        }
        receiver
    }

    /// Reads until the process stops.
    async fn read(self: Arc<Self>) {
        let stop = self.context.stop.clone();
        let (mut place, mut pace) = (None, Pace::new(Duration::ZERO));
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let committed = match self.look(&mut place).await {
                Ok(committed) => committed,
                Err(error) => {
                    tracing::warn!(%error, "The feed of tasks could not be read; trying again.");
                    self.context.store.committed().notified()
                }
            };
            pace.done(begun);
            tokio::select! {
                () = committed => pace.rest().await,
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Numbers what was committed, tells whom it concerns, and gives the next commit to wait for.
    async fn look(&self, place: &mut Option<i64>) -> Result<tokio::sync::futures::Notified<'_>> {
        let store = &self.context.store;
        // Made before looking, so that a commit meanwhile is not slept through.
        let committed = store.committed().notified();
        let mut connection = store.read().await?;
        feed::number(&mut connection).await?;
        let departments = self.departments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(mut after) = *place else {
            // Before the first look anything may have come.
            *place = Some(feed::last(&mut connection).await?);
            departments.values().for_each(|told| drop(told.send_replace(None)));
            return Ok(committed);
        };
        loop {
            let (changed, is_more) = feed::changed(&mut connection, after).await?;
            let Some(last) = changed.last().map(|changed| changed.place) else { return Ok(committed) };
            let followed: Vec<Changed> =
                changed.into_iter().filter(|changed| departments.contains_key(&changed.department)).collect();
            let wanted: Vec<Wanted<'_>> =
                followed.iter().map(|changed| (&changed.department, changed.number.as_str())).collect();
            let views = views::views(&mut connection, &wanted).await?;
            let mut told: HashMap<DepartmentId, Vec<(i64, TaskView)>> = HashMap::new();
            let places: HashMap<_, i64> = followed
                .iter()
                .map(|changed| ((&changed.department, &changed.number), changed.place))
                .collect();
            for view in views {
                if let Some(place) = places.get(&(&view.department, &view.case.number)) {
                    told.entry(view.department.clone()).or_default().push((*place, view));
                }
            }
            for (department, changes) in told {
                if let Some(follower) = departments.get(&department) {
                    let before = told_until(&follower.borrow());
                    follower.send_replace(Some(Arc::new(Told { before, until: last, changes })));
                }
            }
            after = last;
            *place = Some(last);
            if !is_more {
                return Ok(committed);
            }
        }
    }
}
