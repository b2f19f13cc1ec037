//! Deadlines for whoever asks, without a center: one question, or a stream of them.
//!
//! The cast: a [`Question`] is a first day, a limit, and what changes its end; [`batch`] reads one question
//! per line and answers each with one line.

pub mod batch;

use chrono::NaiveDate;
use yimen_kernel::calendar::Due;
use yimen_kernel::date::YEARS;
use yimen_kernel::deadline::{Authority, Clock, Extension, Ground, Limit, Suspension, Which};
use yimen_kernel::{Calendar, FieldError, FieldFault, Reason};

/// The most days that a limit, or an extension, may have.
pub const MOST_DAYS: u32 = 10_000;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The day of the start, which is not counted.
    pub from: NaiveDate,
    /// Of working days, or of calendar days.
    pub limit: Limit,
    /// First and last day of each time that is not counted.
    pub suspended: Vec<(NaiveDate, NaiveDate)>,
    /// Days that an extension adds.
    pub extension: u32,
}

impl Question {
    /// The clock that is asked about.
    ///
    /// # Errors
    /// What is wrong with `days`, `extend` or `suspend[…]`.
    pub fn clock(&self) -> Result<Clock, FieldError> {
        let range = || FieldFault::limited(Reason::OutOfRange, format!("0–{MOST_DAYS}"));
        if self.limit.days > MOST_DAYS {
            return Err(range().at("days"));
        }
        if self.extension > MOST_DAYS {
            return Err(range().at("extend"));
        }
        let mut stops = Vec::with_capacity(self.suspended.len());
        for (at, (from, to)) in self.suspended.iter().enumerate() {
            let stop = Suspension::enter(
                Ground::Published("SUSPENDED".into()),
                String::new(),
                *from,
                Some(*to),
                *from,
            );
            stops.push(stop.map_err(|fault| fault.at(format!("suspend[{at}]")))?);
        }
        // Whoever asks knows why; the law's grounds and authorities are the center's to check.
        let extension = Extension { days: self.extension, authority: Authority::AgencyHead };
        Ok(Clock::new(self.from, self.limit)
            .suspended(Which::Promised, &stops)
            .extended((self.extension > 0).then_some(extension)))
    }

    /// When it is due.
    ///
    /// # Errors
    /// As [`Question::clock`]; `OUT_OF_RANGE` at `days` when it would be after all years.
    pub fn due(&self, calendar: &Calendar) -> Result<Due, FieldError> {
        let due = self.clock()?.due(calendar);
        let last = NaiveDate::from_ymd_opt(*YEARS.end(), 12, 31).unwrap_or(NaiveDate::MAX);
        due.filter(|due| due.on < last).ok_or_else(|| FieldFault::new(Reason::OutOfRange).at("days"))
    }
}
