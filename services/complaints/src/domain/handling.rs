//! From registration to the answer.

use chrono::NaiveDate;
use yimen_kernel::deadline::Limit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, Clock, DepartmentId, Reason};

use super::codes::{Closing, Finding, SubjectKind, Way};
use super::complaint::{Complaint, Handler, Handling, OBJECT, Stage, State, unknown};
use super::recusal::Accused;

impl Complaint {
    /// Says whom it concerns besides those who are known. A handler who is among them loses it to the
    /// supervisor's office.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`; `RECUSED` if the caller would be among them; `STATE_FORBIDS` once
    /// it is closed.
    pub fn add_accused(mut self, actor: &Actor, more: Vec<Accused>, today: NaiveDate) -> Result<Self> {
        self.office(actor)?;
        if matches!(self.state, State::Closed(_)) {
            return Err(self.forbidden());
        }
        for accused in more {
            if !self.accused.contains(&accused) {
                self.accused.push(accused);
            }
        }
        if self.recuses(actor) {
            return Err(Error::denied(Reason::Recused));
        }
        let state = self.state.clone();
        Ok(self.next(state).take_back(today))
    }

    /// Gives it back to the supervisor's office if its handler turns out to be one that it is about.
    #[must_use]
    pub fn take_back(mut self, today: NaiveDate) -> Self {
        let State::Accepted(handling, stage) = &self.state else { return self };
        let Handler::Department(department) = &handling.handler else { return self };
        if !self.concerns(department) {
            return self;
        }
        let handling = match stage {
            Stage::Open => given(Way::Own, Handler::Office, handling.run + 1, today),
            _ => Handling { way: Way::Own, handler: Handler::Office, ..handling.clone() },
        };
        self.state = State::Accepted(handling, stage.clone());
        self
    }

    /// 受理.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `STATE_FORBIDS`; `RECUSED` if who is to handle it is one that it is about;
    /// `ACCUSED_NEEDED` if a person is complained of whose unit is not known.
    pub fn accept(
        self,
        actor: &Actor,
        way: Way,
        handler: Handler,
        more: Vec<Accused>,
        today: NaiveDate,
    ) -> Result<Self> {
        self.office(actor)?;
        if self.state != State::Registered {
            return Err(self.forbidden());
        }
        let version = self.version;
        let mut named = self.add_accused(actor, more, today)?;
        named.version = version;
        named.may_handle(&handler)?;
        let handling = given(way, handler, 1, today);
        Ok(named.next(State::Accepted(handling, Stage::Open)))
    }

    fn may_handle(&self, handler: &Handler) -> Result<()> {
        let Handler::Department(department) = handler else { return Ok(()) };
        if self.concerns(department) {
            return Err(Error::precondition(Reason::Recused));
        }
        if department.center() != self.center() {
            return Err(Error::field("department", Reason::UnknownDepartment));
        }
        let is_known = self.about != SubjectKind::Person || self.accused.iter().any(Accused::is_unit);
        if is_known { Ok(()) } else { Err(Error::precondition(Reason::AccusedNeeded)) }
    }

    /// 不予受理.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `STATE_FORBIDS`.
    pub fn decline(self, actor: &Actor) -> Result<Self> {
        self.office(actor)?;
        if self.state != State::Registered {
            return Err(self.forbidden());
        }
        Ok(self.next(State::Closed(Closing::Declined)))
    }

    /// The department that handles it says that it is not its matter.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`; `STATE_FORBIDS` once it has answered or objected; `OBJECTION_LATE`
    /// after five working days.
    pub fn object(
        self,
        actor: &Actor,
        reason: String,
        calendar: &Calendar,
        today: NaiveDate,
    ) -> Result<Self> {
        let (handling, stage) = self.handler(actor)?;
        if handling.handler == Handler::Office {
            return Err(Error::denied(Reason::NotAParty));
        }
        if *stage != Stage::Open || handling.objected {
            return Err(self.forbidden());
        }
        let clock = Clock::new(handling.received_on, Limit::working(OBJECT));
        if clock.is_late(calendar, today) {
            return Err(late(Reason::ObjectionLate, &clock, calendar));
        }
        let handling = Handling { objection: Some(reason), objected: true, ..handling.clone() };
        Ok(self.next(State::Accepted(handling, Stage::Open)))
    }

    /// Decides an objection: somebody else handles it, or it stays.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`; `STATE_FORBIDS` without an open objection; `RECUSED`,
    /// `ACCUSED_NEEDED` as for [`Self::accept`].
    pub fn decide_objection(
        self,
        actor: &Actor,
        instead: Option<(Way, Handler)>,
        today: NaiveDate,
    ) -> Result<Self> {
        self.office(actor)?;
        let State::Accepted(handling, Stage::Open) = &self.state else { return Err(self.forbidden()) };
        if handling.objection.is_none() {
            return Err(self.forbidden());
        }
        let handling = match instead {
            None => Handling { objection: None, ..handling.clone() },
            Some((way, handler)) => {
                self.may_handle(&handler)?;
                given(way, handler, handling.run + 1, today)
            }
        };
        Ok(self.next(State::Accepted(handling, Stage::Open)))
    }

    /// 延期, once.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`, `ALREADY_EXTENDED`; `LIMIT_EXPIRED` after the last
    /// day.
    pub fn extend(mut self, actor: &Actor, days: u32, calendar: &Calendar, today: NaiveDate) -> Result<Self> {
        self.office(actor)?;
        let State::Accepted(handling, Stage::Open) = &self.state else { return Err(self.forbidden()) };
        if self.extended {
            return Err(Error::precondition(Reason::AlreadyExtended));
        }
        let clock = handling.clock();
        if clock.is_late(calendar, today) {
            return Err(late(Reason::LimitExpired, &clock, calendar));
        }
        let handling = Handling { extension: days, ..handling.clone() };
        self.extended = true;
        Ok(self.next(State::Accepted(handling, Stage::Open)))
    }

    /// 答复. What is founded needs somebody to hold to account.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`, `OBJECTION_OPEN`, `ACCUSED_NEEDED`.
    pub fn answer(mut self, actor: &Actor, finding: Finding) -> Result<Self> {
        let (handling, stage) = self.handler(actor)?;
        if *stage != Stage::Open {
            return Err(self.forbidden());
        }
        if handling.objection.is_some() {
            return Err(Error::precondition(Reason::ObjectionOpen));
        }
        self.held_to_account(finding)?;
        let handling = handling.clone();
        self.authors.push(actor.subject.clone());
        Ok(self.next(State::Accepted(handling, Stage::Answered)))
    }

    /// Whom a finding holds to account: those whom the complaint names, or the departments of its case.
    ///
    /// # Errors
    /// `ACCUSED_NEEDED` if it is founded and nobody is known.
    pub fn held_to_account(&self, finding: Finding) -> Result<Vec<Accused>> {
        if finding == Finding::Unfounded {
            return Ok(Vec::new());
        }
        let parties = self.parties.iter().cloned().map(Accused::Department);
        let held = if self.accused.is_empty() { parties.collect() } else { self.accused.clone() };
        if held.is_empty() { Err(Error::precondition(Reason::AccusedNeeded)) } else { Ok(held) }
    }

    /// 并案: joins it to another about the same matter, which then concerns all whom this one does.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN` also for a caller who may not see both; `STATE_FORBIDS` if either is closed;
    /// `RECUSED` if whoever handles the other is one that this is about.
    pub fn merge(self, actor: &Actor, into: Complaint, today: NaiveDate) -> Result<(Self, Complaint)> {
        self.office(actor)?;
        into.office(actor)?;
        if self.number == into.number || self.center() != into.center() {
            return Err(unknown());
        }
        if matches!(self.state, State::Closed(_)) {
            return Err(self.forbidden());
        }
        let parties = self.parties.iter().cloned().map(Accused::Department);
        let accused = self.accused.iter().cloned().chain(parties).collect();
        let into = into.add_accused(actor, accused, today)?;
        Ok((self.next(State::Closed(Closing::Merged)), into))
    }
}

fn given(way: Way, handler: Handler, run: u32, today: NaiveDate) -> Handling {
    Handling { way, handler, run, received_on: today, extension: 0, objection: None, objected: false }
}

/// The refusal of what comes after the last day.
pub(super) fn late(reason: Reason, clock: &Clock, calendar: &Calendar) -> Error {
    let due = clock.due(calendar).map(|due| due.on.to_string());
    Error::precondition(reason).with("due", due.unwrap_or_default())
}

impl Handler {
    /// The supervisor's office, or a department.
    pub fn of(department: Option<DepartmentId>) -> Self {
        department.map_or(Self::Office, Self::Department)
    }
}
