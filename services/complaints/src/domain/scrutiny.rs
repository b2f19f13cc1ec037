//! 面对面评议 and 巡视: what a unit has to do until a day, and what became of it.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DivisionCode, DocumentNumber, FieldError, Reason, Role, codes};

use super::recusal;

codes! {
    /// What somebody was asked or seen at.
    Kind {
        /// 面对面评议.
        Session = "SESSION",
        /// 巡视.
        Tour = "TOUR",
    }
}

/// Whom a session or a tour is about, as far as its rules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrutiny {
    /// Its number.
    pub number: DocumentNumber,
    /// What it is.
    pub kind: Kind,
    /// When it is held.
    pub held_on: NaiveDate,
    /// How many ask or visit.
    pub seats: u32,
    /// The units.
    pub units: Vec<DepartmentId>,
}

impl Scrutiny {
    /// Whose it is.
    pub fn center(&self) -> DivisionCode {
        self.number.center()
    }

    /// Lets a supervisor pass who belongs to none of the units.
    ///
    /// # Errors
    /// `OTHER_CENTER`; `RECUSED` for whoever belongs to a unit.
    pub fn manage(&self, actor: &Actor) -> Result<()> {
        if !recusal::oversees(actor, &self.center()) {
            return Err(Error::denied(Reason::OtherCenter).with("center", self.center()));
        }
        let is_own = self.units.iter().any(|unit| actor.department.as_ref() == Some(unit));
        if is_own { Err(Error::denied(Reason::Recused)) } else { Ok(()) }
    }

    /// Lets a unit pass that it is about.
    ///
    /// # Errors
    /// `UNKNOWN_DEPARTMENT` at `department`.
    pub fn unit(&self, department: &DepartmentId) -> Result<()> {
        let is_one = self.units.contains(department);
        if is_one { Ok(()) } else { Err(Error::field("department", Reason::UnknownDepartment)) }
    }
}

/// Lets the unit itself pass: it speaks for itself, and for no other.
///
/// # Errors
/// `NOT_A_PARTY`.
pub fn own(actor: &Actor, department: &DepartmentId) -> Result<()> {
    let speaks = actor.has(Role::Approver) || actor.has(Role::DepartmentSystem);
    let is_own = speaks && actor.department.as_ref() == Some(department);
    if is_own { Ok(()) } else { Err(Error::denied(Reason::NotAParty)) }
}

codes! {
    /// Where what a unit has to do stands.
    State {
        /// To be done.
        Open = "OPEN",
        /// The unit says that it is done.
        Reported = "REPORTED",
        /// It was seen to be done.
        Kept = "KEPT",
        /// It was seen not to be done.
        Broken = "BROKEN",
    }
}

/// What a unit has to do until a day: a promise, or the remedy of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undertaking {
    /// Counts its changes.
    pub version: i64,
    /// Whose.
    pub department: DepartmentId,
    /// When it was given.
    pub given_on: NaiveDate,
    /// The last day.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub state: State,
    /// Whether it was noted that its day had passed.
    pub passed: bool,
}

impl Undertaking {
    /// The unit says that it is done.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS` once it is settled.
    pub fn report(self, actor: &Actor) -> Result<Self> {
        own(actor, &self.department)?;
        match self.state {
            State::Open | State::Reported => Ok(self.next(State::Reported)),
            State::Kept | State::Broken => Err(self.forbidden()),
        }
    }

    /// It was seen whether it is done (复查).
    ///
    /// # Errors
    /// `STATE_FORBIDS` once it is settled; `NOT_DUE` for what is called broken before its day has passed and of
    /// which the unit has said nothing.
    pub fn settle(self, kept: bool, today: NaiveDate) -> Result<Self> {
        match self.state {
            State::Kept | State::Broken => Err(self.forbidden()),
            State::Open if !kept && today <= self.due_on => {
                Err(Error::precondition(Reason::NotDue).with("due", self.due_on))
            }
            State::Open | State::Reported => Ok(self.next(if kept { State::Kept } else { State::Broken })),
        }
    }

    /// Notes that its day has passed and it is not settled; none if there is nothing to note.
    pub fn pass(mut self, today: NaiveDate) -> Option<Self> {
        let is_open = matches!(self.state, State::Open | State::Reported);
        if !is_open || self.passed || today <= self.due_on {
            return None;
        }
        self.passed = true;
        let state = self.state;
        Some(self.next(state))
    }

    fn forbidden(&self) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.state.as_str())
    }

    fn next(mut self, state: State) -> Self {
        self.state = state;
        self.version += 1;
        self
    }
}

/// A last day that is not before today.
///
/// # Errors
/// `BACK_DATED` at `due_on`.
pub fn due(due_on: NaiveDate, today: NaiveDate) -> Result<()> {
    if due_on >= today {
        return Ok(());
    }
    Err(Error::invalid(vec![FieldError::new("due_on", Reason::BackDated).limit(today)]))
}

/// The refusal of a session or tour that is not there.
pub fn unknown() -> Error {
    Error::not_found(Reason::ScrutinyUnknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn promise() -> Undertaking {
        Undertaking {
            version: 1,
            department: DepartmentId::parse("430122-gaj").unwrap(),
            given_on: day("2026-03-02"),
            due_on: day("2026-03-31"),
            state: State::Open,
            passed: false,
        }
    }

    fn staff(department: &str) -> Actor {
        Actor {
            subject: "430122-approver".into(),
            roles: vec![Role::Approver],
            department: DepartmentId::parse(department).ok(),
            ..Actor::anonymous()
        }
    }

    #[test]
    fn a_promise_is_followed_past_its_day() {
        assert_eq!(promise().pass(day("2026-03-31")), None, "the last day is part of it");
        let passed = promise().pass(day("2026-04-01")).unwrap();
        assert!(passed.passed && passed.version == 2);
        assert_eq!(passed.clone().pass(day("2026-04-02")), None, "noted once");
        let broken = passed.settle(false, day("2026-04-02")).unwrap();
        assert_eq!(broken.state, State::Broken);
        assert_eq!(broken.pass(day("2026-05-01")), None);
    }

    #[test]
    fn nothing_is_broken_before_its_day() {
        let early = promise().settle(false, day("2026-03-31")).unwrap_err();
        assert_eq!(early.reason(), Reason::NotDue);
        assert_eq!(promise().settle(true, day("2026-03-03")).unwrap().state, State::Kept);
        // What the unit calls done may be seen not to be.
        let reported = promise().report(&staff("430122-gaj")).unwrap();
        assert_eq!(reported.clone().settle(false, day("2026-03-10")).unwrap().state, State::Broken);
        let kept = reported.settle(true, day("2026-03-10")).unwrap();
        assert_eq!(kept.clone().settle(true, day("2026-03-10")).unwrap_err().reason(), Reason::StateForbids);
        assert_eq!(kept.report(&staff("430122-gaj")).unwrap_err().reason(), Reason::StateForbids);
    }

    #[test]
    fn a_unit_speaks_for_itself() {
        assert_eq!(promise().report(&staff("430122-hbj")).unwrap_err().reason(), Reason::NotAParty);
        let mut clerk = staff("430122-gaj");
        clerk.roles = vec![Role::Clerk];
        assert_eq!(promise().report(&clerk).unwrap_err().reason(), Reason::NotAParty);
    }
}
