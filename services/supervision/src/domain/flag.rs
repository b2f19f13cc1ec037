//! Questions to departments: what looks as if a limit had been kept on paper only.

use chrono::NaiveDate;
use yimen_kernel::Calendar;

use super::codes::codes;
use super::fact::{CaseFile, Procedure};
use super::timer::{Kind as Of, Rung};

codes! {
    /// What is asked about.
    Kind {
        /// A second notice of what is missing (行政许可法 art. 32(1)(4)).
        SecondNotice = "SECOND_NOTICE",
        /// Time left out without the written notice (art. 45).
        SuspensionWithoutNotice = "SUSPENSION_WITHOUT_NOTICE",
        /// Time left out for longer than announced.
        SuspensionOverrun = "SUSPENSION_OVERRUN",
        /// Time that ran again only on the last announced day, again and again.
        LastDayResumption = "LAST_DAY_RESUMPTION",
        /// Many opinions within one minute.
        BulkOpinions = "BULK_OPINIONS",
        /// Many opinions on one day outside working hours.
        OutOfHoursOpinions = "OUT_OF_HOURS_OPINIONS",
        /// Decided before it was accepted.
        DecidedBeforeAcceptance = "DECIDED_BEFORE_ACCEPTANCE",
        /// A far larger share of time left out than at the other departments.
        SuspendedShare = "SUSPENDED_SHARE",
    }
}

/// Resumptions on the last announced day within a month, from which on it is asked (示例).
pub const LAST_DAYS: i32 = 3;
/// Opinions of a department within one minute, from which on it is asked (示例).
pub const BULK: i32 = 20;
/// Opinions of a department on one day outside working hours, from which on it is asked (示例).
pub const OUT_OF_HOURS: i32 = 5;
/// Working hours of the hall: from this hour, and before that one (示例).
pub const HOURS: (i32, i32) = (8, 18);
/// Percentage points above the median of the center's departments, from which on a share is asked about (示例).
pub const SHARE_ABOVE: u32 = 25;
/// Fewer days than these say nothing about a department (示例).
pub const SHARE_DAYS: u64 = 10;
/// Fewer departments than these have no median that says anything (示例).
pub const SHARE_PEERS: usize = 3;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// What about.
    pub kind: Kind,
    /// The center.
    pub center: String,
    /// Whom it asks; empty: the window.
    pub department: String,
    /// What it is about, so that it is asked once.
    pub subject: String,
    /// The days that it is about.
    pub from_on: NaiveDate,
    /// The last of them.
    pub until_on: NaiveDate,
    /// What was counted.
    pub observed: u32,
    /// From how many on it is asked.
    pub threshold: u32,
    /// The cases that show it.
    pub numbers: Vec<String>,
}

impl CaseFile {
    /// What one case gives to ask, as it stands.
    pub fn flags(&self, calendar: &Calendar) -> Vec<Flag> {
        let mut flags = Vec::new();
        for (notice, day) in self.done(Of::Acceptance) {
            if notice.run > 1 && notice.outcome == "SUPPLEMENT_REQUESTED" {
                let (kind, nth) = (Kind::SecondNotice, notice.run);
                flags.push(self.flag(kind, "", (day, day), (nth, 2), &nth.to_string()));
            }
        }
        for Procedure { department, suspension } in &self.procedures {
            if let Some(to) = suspension.to.filter(|_| suspension.document.is_empty()) {
                let days = (suspension.from, to);
                let from = suspension.from.to_string();
                flags.push(self.flag(Kind::SuspensionWithoutNotice, department, days, (1, 1), &from));
            }
        }
        for announced in self.of_kind(Of::Procedure) {
            let overrun = announced.rungs(calendar).into_iter().find(|reached| reached.rung == Rung::Red);
            if let Some(reached) = overrun.filter(|_| announced.fired.contains(&Rung::Red)) {
                let days = (announced.started_on, reached.due_on);
                let (kind, run) = (Kind::SuspensionOverrun, announced.run.to_string());
                flags.push(self.flag(kind, &announced.department, days, (1, 1), &run));
            }
        }
        let accepted_on = self
            .done(Of::Acceptance)
            .filter(|(timer, _)| timer.outcome.ends_with("ACCEPTED"))
            .map(|(_, day)| day)
            .max();
        for (decision, day) in self.done(Of::Decision) {
            if accepted_on.is_some_and(|accepted_on| day < accepted_on) {
                let days = (day, accepted_on.unwrap_or(day));
                flags.push(self.flag(Kind::DecidedBeforeAcceptance, &decision.department, days, (1, 1), ""));
            }
        }
        flags
    }

    fn flag(
        &self,
        kind: Kind,
        department: &str,
        (from_on, until_on): (NaiveDate, NaiveDate),
        (observed, threshold): (u32, u32),
        part: &str,
    ) -> Flag {
        Flag {
            kind,
            center: self.center.clone(),
            department: department.to_owned(),
            subject: format!("{}/{part}", self.number),
            from_on,
            until_on,
            observed,
            threshold,
            numbers: vec![self.number.clone()],
        }
    }
}

/// How much time a department left out in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub department: String,
    /// Working days that were left out.
    pub suspended: u64,
    /// Working days that were used.
    pub used: u64,
}

impl Share {
    fn percent(&self) -> u32 {
        let whole = self.suspended + self.used;
        u32::try_from(self.suspended * 100 / whole.max(1)).unwrap_or(100)
    }
}

/// The departments of one center whose share is far above its peers': who, the percentage, and from which on
/// it is asked.
pub fn outliers(shares: &[Share]) -> Vec<(String, u32, u32)> {
    let known: Vec<&Share> =
        shares.iter().filter(|share| share.suspended + share.used >= SHARE_DAYS).collect();
    let mut outliers = Vec::new();
    for share in &known {
        let mut peers: Vec<u32> = known
            .iter()
            .filter(|peer| peer.department != share.department)
            .map(|peer| peer.percent())
            .collect();
        peers.sort_unstable();
        let Some(median) = peers.get(peers.len() / 2).filter(|_| peers.len() >= SHARE_PEERS) else {
            continue;
        };
        let threshold = median + SHARE_ABOVE;
        if share.percent() >= threshold {
            outliers.push((share.department.clone(), share.percent(), threshold));
        }
    }
    outliers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(department: &str, suspended: u64, used: u64) -> Share {
        Share { department: department.into(), suspended, used }
    }

    #[test]
    fn an_outlier_is_far_above_its_peers() {
        let peers = [share("a", 5, 95), share("b", 0, 40), share("c", 10, 90)];
        let with = |own: Share| outliers(&[peers.to_vec(), vec![own]].concat());
        assert_eq!(with(share("d", 30, 70)), [("d".to_owned(), 30, 30)]);
        assert_eq!(with(share("d", 29, 71)), []);
        assert_eq!(with(share("d", 9, 0)), [], "nine days say nothing");
        assert_eq!(
            outliers(&[share("a", 0, 50), share("b", 0, 50), share("d", 50, 0)]),
            [],
            "two peers say nothing"
        );
    }
}
