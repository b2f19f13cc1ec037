//! A file of applications, handed in line by line, with every line accounted for.
//!
//! The cast: `lines` reads the file piece by piece, whatever bytes it holds; `line` hands one
//! line in; [`run`] has several lines on their way at a time and counts what became of them.
//!
//! The life of a line: blank lines are passed over and have no result, though they count in the
//! numbering; every other line has exactly one. It is *accepted* (the center gave it a number),
//! *refused* (the center, or the line's own form, said no), or, if the center could not be heard,
//! *unaccounted for*: whether it was taken in is then open, and the same run is to be repeated.
//! Each line's idempotency key is made of the run and the line's number, so that a repeated run
//! takes no line in twice.

mod line;
mod lines;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt as _;
use serde::Serialize;
use tokio::io::AsyncBufRead;
use uuid::Uuid;

use crate::gateway::{FieldFault, Gateway};
pub use lines::Lines;

/// The reason of a line that is not a JSON object in UTF-8, or too long.
pub const MALFORMED_LINE: &str = "MALFORMED_LINE";
/// The reason of a line that the center did not answer.
pub const UNREACHABLE: &str = "UNREACHABLE";

/// How a file is handed in.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Lines on their way at a time.
    pub concurrency: usize,
    /// Names the run; repeating it takes no line in twice.
    pub run: Uuid,
    /// How many lines are handed in, blank ones not counted; the rest is left for another call.
    pub at_most: u64,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineResult {
    /// Its number in the file, from 1.
    pub line: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The center took it in.
    Accepted {
        /// The case number.
        number: String,
        /// With the number it opens the public tracking.
        lookup_code: String,
        /// By it the visit is rated, once. It is for whoever was served, and not written with the results.
        #[serde(skip)]
        rating_token: String,
    },
    /// The center did not, or did not say.
    NotAccepted {
        /// Why. It repeats nothing that the line says.
        error: LineError,
    },
}

/// Why a line was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// The code to branch on.
    pub reason: String,
    /// The sentence for people.
    pub detail: String,
    /// What is wrong with which field.
    pub fields: Vec<FieldFault>,
}

/// How the lines of a file came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that the center took in.
    pub accepted: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Why the rest of the file could not be read, if it could not.
    pub unread: Option<String>,
}

impl Summary {
    /// Lines of which nobody can say whether they were taken in.
    pub fn unaccounted(&self) -> u64 {
        self.lines.saturating_sub(self.accepted + self.refused)
    }

    /// The exit code that tells a script how it went: 0 all accepted, 3 some refused, 1 some not
    /// accounted for or not read.
    pub fn exit_code(&self) -> u8 {
        if self.unaccounted() > 0 || self.unread.is_some() {
            1
        } else if self.refused > 0 {
            3
        } else {
            0
        }
    }

    /// Adds what a later call came to.
    pub fn absorb(&mut self, later: Summary) {
        self.lines += later.lines;
        self.accepted += later.accepted;
        self.refused += later.refused;
        self.unread = self.unread.take().or(later.unread);
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted { .. } => self.accepted += 1,
            Outcome::NotAccepted { error } if error.reason == UNREACHABLE => {}
            Outcome::NotAccepted { .. } => self.refused += 1,
        }
    }
}

/// Hands in the next lines of `source` and tells `report` of each as it is done, in no order.
pub async fn run<R>(
    gateway: &Gateway,
    source: &mut Lines<R>,
    options: Options,
    mut report: impl FnMut(&LineResult),
) -> Summary
where
    R: AsyncBufRead + Unpin,
{
    let read = Arc::new(AtomicU64::new(0));
    let counter = read.clone();
    let lines = futures::stream::unfold((source, options.at_most), |(lines, left)| async move {
        let left = left.checked_sub(1)?;
        match lines.next().await {
            Ok(line) => line.map(|line| (Ok(line), (lines, left))),
            Err(error) => Some((Err(error), (lines, 0))),
        }
    });
    let mut results = std::pin::pin!(
        lines
            .map(|next| {
                let counted = next.is_ok();
                counter.fetch_add(u64::from(counted), Ordering::Relaxed);
                async move {
                    let (number, content) = next?;
                    let outcome = line::hand_in(gateway, &format!("{}-{number}", options.run), content).await;
                    Ok::<_, std::io::Error>(LineResult { line: number, outcome })
                }
            })
            .buffer_unordered(options.concurrency.max(1))
    );
    let mut summary = Summary::default();
    while let Some(result) = results.next().await {
        match result {
            Ok(result) => {
                summary.count(&result.outcome);
                report(&result);
            }
            Err(error) => summary.unread = Some(error.to_string()),
        }
    }
    summary.lines = read.load(Ordering::Relaxed);
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_accepted(reason: &str) -> Outcome {
        let error = LineError { reason: reason.into(), detail: "…".into(), fields: vec![] };
        Outcome::NotAccepted { error }
    }

    #[test]
    fn every_line_is_accounted_for_or_said_to_be_not() {
        let accepted =
            Outcome::Accepted { number: "1".into(), lookup_code: "2".into(), rating_token: "3".into() };
        for (outcomes, expected) in [
            (vec![], (0, 0, 0)),
            (vec![accepted.clone(), accepted.clone()], (2, 0, 0)),
            (vec![accepted.clone(), not_accepted("INVALID_REQUEST")], (1, 1, 3)),
            (vec![not_accepted(MALFORMED_LINE)], (0, 1, 3)),
            (vec![accepted.clone(), not_accepted(UNREACHABLE)], (1, 0, 1)),
            (vec![not_accepted("UNKNOWN_ITEM"), not_accepted(UNREACHABLE)], (0, 1, 1)),
        ] {
            let mut summary = Summary { lines: outcomes.len() as u64, ..Summary::default() };
            outcomes.iter().for_each(|outcome| summary.count(outcome));
            assert_eq!((summary.accepted, summary.refused, summary.exit_code()), expected, "{outcomes:?}");
        }
        let half = Summary { lines: 1, accepted: 1, unread: Some("disk".into()), ..Summary::default() };
        assert_eq!(half.exit_code(), 1);
        let lost = Summary { lines: 3, accepted: 1, refused: 1, unread: None };
        assert_eq!((lost.unaccounted(), lost.exit_code()), (1, 1));
    }

    #[test]
    fn results_are_one_flat_object() {
        let json = |outcome| serde_json::to_string(&LineResult { line: 7, outcome }).unwrap();
        let accepted = Outcome::Accepted {
            number: "4301".into(),
            lookup_code: "ABCD".into(),
            rating_token: "secret".into(),
        };
        assert_eq!(json(accepted), r#"{"line":7,"number":"4301","lookup_code":"ABCD"}"#);
        assert_eq!(json(not_accepted("X")), r#"{"line":7,"error":{"reason":"X","detail":"…","fields":[]}}"#);
    }
}
