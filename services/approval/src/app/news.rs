//! Whose tasks have changed: one reader of the feed for all watchers of this process, so that a change is read
//! once and wakes those whom it concerns and nobody else. What this process commits it is handed; it reads what
//! others commit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::Context;
use yimen_platform::pace::Pace;

use crate::store::feed::{self, Changed};
use crate::store::handed::{Change, Handed};
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
    pub changes: Vec<Change>,
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
    handed: Arc<Handed>,
    departments: Mutex<HashMap<DepartmentId, watch::Sender<Latest>>>,
    is_read: AtomicBool,
}

impl News {
    /// Nobody waits yet, and nothing is read.
    pub fn new(context: Context) -> Arc<Self> {
        let handed = context.store.memory().of();
        Arc::new(Self { context, handed, departments: Mutex::default(), is_read: AtomicBool::new(false) })
    }

    /// Changes whenever the feed may have something new for `department`; what is read of the feed
    /// after this call and what is told cover everything.
    pub fn follow(self: &Arc<Self>, department: &DepartmentId) -> watch::Receiver<Latest> {
        let receiver = self
            .departments()
            .entry(department.clone())
            .or_insert_with(|| watch::Sender::new(None))
            .subscribe();
        if !self.is_read.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().read());
        }
        receiver
    }

    /// Reads until the process stops.
    async fn read(self: Arc<Self>) {
        let stop = self.context.stop.clone();
        let (mut place, mut pace, mut is_told) = (None, Pace::new(Duration::ZERO), false);
        while !stop.is_cancelled() {
            let begun = Instant::now();
            // Made before looking, so that a commit meanwhile is not slept through.
            let committed = self.context.store.committed().notified();
            let looked = self.look(&mut place, is_told).await;
            if let Err(error) = &looked {
                tracing::warn!(%error, "The feed of tasks could not be read; trying again.");
            }
            pace.done(begun);
            is_told = tokio::select! {
                () = committed => {
                    pace.rest().await;
                    looked.is_ok()
                }
                () = tokio::time::sleep(POLL) => false,
                () = stop.cancelled() => false,
            };
        }
    }

    /// Tells what has changed behind `place`: what was handed over, if the reader was told that there is something,
    /// and otherwise, or if that leaves a gap, what the feed has.
    async fn look(&self, place: &mut Option<i64>, is_told: bool) -> Result<()> {
        let Some(after) = *place else {
            // Before the first look anything may have come.
            self.handed.listen();
            *place = Some(feed::last(&mut *self.context.store.read().await?).await?);
            self.departments().values().for_each(|told| drop(told.send_replace(None)));
            return Ok(());
        };
        let (changes, is_gap) = self.handed.take(after);
        let until = changes.last().map_or(after, |(last, _)| *last);
        self.tell(until, changes);
        *place = Some(until);
        if is_told && !is_gap { Ok(()) } else { self.look_it_up(until, place).await }
    }

    /// Tells what the feed has after `after`, be it of this process or of another.
    async fn look_it_up(&self, mut after: i64, place: &mut Option<i64>) -> Result<()> {
        let mut connection = self.context.store.read().await?;
        loop {
            let (changed, is_more) = feed::changed(&mut connection, after).await?;
            let Some(last) = changed.last().map(|changed| changed.place) else { return Ok(()) };
            let followed: Vec<Changed> = {
                let departments = self.departments();
                let is_followed = |changed: &Changed| departments.contains_key(&changed.department);
                changed.into_iter().filter(is_followed).collect()
            };
            let wanted: Vec<Wanted<'_>> =
                followed.iter().map(|changed| (&changed.department, changed.number.as_str())).collect();
            let views = views::views(&mut connection, &wanted).await?;
            let places: HashMap<_, i64> = followed
                .iter()
                .map(|changed| ((&changed.department, &changed.number), changed.place))
                .collect();
            let place_of = |view: &TaskView| places.get(&(&view.department, &view.case.number)).copied();
            self.tell(last, views.into_iter().filter_map(|view| Some((place_of(&view)?, view))).collect());
            after = last;
            *place = Some(last);
            if !is_more {
                return Ok(());
            }
        }
    }

    /// Tells each department that is followed what changed for it, as far as `until`.
    fn tell(&self, until: i64, changes: Vec<Change>) {
        let mut told: HashMap<DepartmentId, Vec<Change>> = HashMap::new();
        for (place, view) in changes {
            told.entry(view.department.clone()).or_default().push((place, view));
        }
        let departments = self.departments();
        for (department, changes) in told {
            if let Some(follower) = departments.get(&department) {
                let before = told_until(&follower.borrow());
                follower.send_replace(Some(Arc::new(Told { before, until, changes: newest(changes) })));
            }
        }
    }

    fn departments(&self) -> MutexGuard<'_, HashMap<DepartmentId, watch::Sender<Latest>>> {
        self.departments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of several changes of one task the last.
fn newest(changes: Vec<Change>) -> Vec<Change> {
    let mut last: HashMap<CaseNumber, i64> = HashMap::new();
    for (place, view) in &changes {
        last.insert(view.case.number.clone(), *place);
    }
    changes.into_iter().filter(|(place, view)| last.get(&view.case.number) == Some(place)).collect()
}
