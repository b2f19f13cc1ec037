//! The way of changes from the commits of this process to its reader of the feed, past the database.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::views::TaskView;

/// Commits that may wait for the reader; those behind them it reads from the feed.
const WAITING: usize = 1024;

/// A change: its number in the feed, and the task after it.
pub type Change = (i64, TaskView);

/// What was committed and not yet taken, while somebody listens.
#[derive(Default)]
pub struct Handed(Mutex<Option<Commits>>);

/// The changes of each commit, by the number of the last change before them.
type Commits = BTreeMap<i64, Vec<Change>>;

impl Handed {
    /// Keeps what is handed over from now on.
    pub fn listen(&self) {
        self.locked().get_or_insert_default();
    }

    /// Hands over what one transaction has added to the feed behind the change `before`.
    pub fn over(&self, before: i64, changes: Vec<Change>) {
        if let Some(commits) = &mut *self.locked()
            && commits.len() < WAITING
        {
            commits.insert(before, changes);
        }
    }

    /// What follows the change `place` without a gap, and whether there is something behind a gap.
    pub fn take(&self, place: i64) -> (Vec<Change>, bool) {
        let (mut changes, mut until) = (Vec::new(), place);
        let mut locked = self.locked();
        let Some(commits) = &mut *locked else { return (changes, false) };
        while let Some(commit) = commits.first_entry().filter(|commit| *commit.key() <= until) {
            let (before, next) = commit.remove_entry();
            // What begins before `until` was read from the feed.
            if before == until {
                until = next.last().map_or(until, |(last, _)| *last);
                changes.extend(next);
            }
        }
        (changes, !commits.is_empty())
    }

    fn locked(&self) -> MutexGuard<'_, Option<Commits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::JointApproval;
    use crate::domain::fixture::{a, opening, step};

    fn change(place: i64) -> Change {
        let (approval, _) = JointApproval::open(opening(vec![step("a", &[])]));
        (place, TaskView::of(&approval, &a()))
    }

    fn taken(handed: &Handed, place: i64) -> (Vec<i64>, bool) {
        let (changes, is_gap) = handed.take(place);
        (changes.into_iter().map(|(place, _)| place).collect(), is_gap)
    }

    #[test]
    fn commits_are_taken_in_the_order_of_the_feed() {
        let handed = Handed::default();
        handed.over(0, vec![change(1)]);
        assert_eq!(taken(&handed, 0), (vec![], false), "nobody listened");

        handed.listen();
        handed.over(7, vec![change(8), change(9)]);
        handed.over(5, vec![change(6), change(7)]);
        assert_eq!(taken(&handed, 5), (vec![6, 7, 8, 9], false));
        handed.listen();
        handed.over(12, vec![change(13)]);
        handed.over(9, vec![change(10)]);
        assert_eq!(taken(&handed, 9), (vec![10], true), "11 and 12 are of another process");
        assert_eq!(taken(&handed, 12), (vec![13], false));
    }

    #[test]
    fn what_was_read_meanwhile_is_not_taken() {
        let handed = Handed::default();
        handed.listen();
        handed.over(5, vec![change(6), change(7)]);
        handed.over(7, vec![change(8)]);
        assert_eq!(taken(&handed, 6), (vec![], true), "the reader has read the half of a commit");
        assert_eq!(taken(&handed, 8), (vec![], false));
    }

    #[test]
    fn what_finds_no_place_is_left_to_the_feed() {
        let handed = Handed::default();
        handed.listen();
        for before in 0..=1024 {
            handed.over(before, vec![change(before + 1)]);
        }
        let (changes, is_gap) = handed.take(0);
        assert_eq!((changes.len(), is_gap), (WAITING, false));
    }
}
