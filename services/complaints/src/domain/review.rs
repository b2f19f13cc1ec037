//! What the complainant does, and the reviews.

use chrono::NaiveDate;
use yimen_kernel::deadline::Limit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, Clock, Reason};

use super::codes::{Closing, Finding, Identity};
use super::complaint::{Complaint, Handling, LAST_LEVEL, REVIEW, Stage, State, View};
use super::handling::late;

impl Complaint {
    /// 告知, by the supervisor's office, or by the department if it knows who complains.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `TELL_BY_OFFICE`, `STATE_FORBIDS`.
    pub fn tell(self, actor: &Actor, today: NaiveDate) -> Result<Self> {
        let view = self.view(actor)?;
        let State::Accepted(handling, stage) = &self.state else { return Err(self.forbidden()) };
        let handling = handling.clone();
        let state = match stage {
            Stage::Answered if view == View::Handler && self.identity != Identity::Named => {
                return Err(Error::denied(Reason::TellByOffice));
            }
            Stage::Answered => State::Accepted(handling, Stage::Told { level: 0, on: today }),
            Stage::Reviewed { .. } if view != View::Office => return Err(Error::denied(Reason::NotAParty)),
            Stage::Reviewed { level } if *level < LAST_LEVEL => {
                State::Accepted(handling, Stage::Told { level: *level, on: today })
            }
            Stage::Reviewed { .. } => State::Closed(Closing::Final),
            Stage::Open | Stage::Told { .. } | Stage::Reviewing { .. } => return Err(self.forbidden()),
        };
        Ok(self.next(state))
    }

    /// 撤回.
    ///
    /// # Errors
    /// `STATE_FORBIDS` once it is closed.
    pub fn withdraw(self) -> Result<Self> {
        match self.state {
            State::Closed(_) => Err(self.forbidden()),
            State::Registered | State::Accepted(..) => Ok(self.next(State::Closed(Closing::Withdrawn))),
        }
    }

    /// The complainant is satisfied with what was told.
    ///
    /// # Errors
    /// `STATE_FORBIDS` before it was told.
    pub fn confirm(self) -> Result<Self> {
        self.told()?;
        Ok(self.next(State::Closed(Closing::Satisfied)))
    }

    /// The complainant says, once and before any review, that the matter is not settled: whoever handled it
    /// does so again, from today.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `ALREADY_REOPENED`; `REVIEW_LATE` after the time for a review.
    pub fn reopen(mut self, calendar: &Calendar, today: NaiveDate) -> Result<Self> {
        let (handling, level, _) = self.in_time(calendar, today)?;
        if level != 0 {
            return Err(self.forbidden());
        }
        if self.reopened {
            return Err(Error::precondition(Reason::AlreadyReopened));
        }
        let handling = Handling {
            run: handling.run + 1,
            received_on: today,
            extension: 0,
            objection: None,
            objected: false,
            ..handling.clone()
        };
        self.reopened = true;
        Ok(self.next(State::Accepted(handling, Stage::Open)))
    }

    /// 复查, then 复核.
    ///
    /// # Errors
    /// `STATE_FORBIDS` before it was told; `REVIEW_LATE` after thirty days.
    pub fn request_review(self, calendar: &Calendar, today: NaiveDate) -> Result<Self> {
        let (handling, level, _) = self.in_time(calendar, today)?;
        let state = State::Accepted(handling.clone(), Stage::Reviewing { level: level + 1, on: today });
        Ok(self.next(state))
    }

    /// Answers a review.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`; `SAME_AUTHOR` for who wrote an earlier answer;
    /// `ACCUSED_NEEDED`.
    pub fn answer_review(mut self, actor: &Actor, finding: Finding) -> Result<Self> {
        self.office(actor)?;
        let State::Accepted(handling, Stage::Reviewing { level, .. }) = &self.state else {
            return Err(self.forbidden());
        };
        if self.authors.contains(&actor.subject) {
            return Err(Error::denied(Reason::SameAuthor));
        }
        self.held_to_account(finding)?;
        let state = State::Accepted(handling.clone(), Stage::Reviewed { level: *level });
        self.authors.push(actor.subject.clone());
        Ok(self.next(state))
    }

    /// Closes it once the time for a review has passed; none if that has not.
    pub fn lapse(self, calendar: &Calendar, today: NaiveDate) -> Option<Self> {
        let until = self.review_until(calendar)?;
        (today > until).then(|| self.next(State::Closed(Closing::Lapsed)))
    }

    fn told(&self) -> Result<(&Handling, u32, NaiveDate)> {
        match &self.state {
            State::Accepted(handling, Stage::Told { level, on }) => Ok((handling, *level, *on)),
            _ => Err(self.forbidden()),
        }
    }

    fn in_time(&self, calendar: &Calendar, today: NaiveDate) -> Result<(&Handling, u32, NaiveDate)> {
        let told = self.told()?;
        let clock = Clock::new(told.2, Limit::calendar(REVIEW));
        if clock.is_late(calendar, today) {
            Err(late(Reason::ReviewLate, &clock, calendar))
        } else {
            Ok(told)
        }
    }
}
