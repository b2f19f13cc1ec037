//! 责任追究: a founded complaint has a consequence, and so has a round of democratic review.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DocumentNumber, Reason, Role};

use super::codes::Measure;
use super::recusal::Accused;

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// To be decided.
    Open,
    /// Decided, and not carried out.
    Decided(Measure),
    /// There is evidence that it was carried out.
    CarriedOut(Measure),
    /// 公开.
    Published(Measure),
    /// Nobody is held to account.
    Dropped,
}

impl State {
    /// Its code.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Decided(_) => "DECIDED",
            Self::CarriedOut(_) => "CARRIED_OUT",
            Self::Published(_) => "PUBLISHED",
            Self::Dropped => "DROPPED",
        }
    }

    /// The measure, once it is decided.
    pub fn measure(&self) -> Option<Measure> {
        match self {
            Self::Open | Self::Dropped => None,
            Self::Decided(measure) | Self::CarriedOut(measure) | Self::Published(measure) => Some(*measure),
        }
    }
}

/// A case against one unit or person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub number: DocumentNumber,
    /// Counts its changes.
    pub version: i64,
    /// Who is held to account.
    pub held: Accused,
    /// When it was opened.
    pub opened_on: NaiveDate,
    /// Where it stands.
    pub state: State,
}

impl Case {
    /// Lets a supervisor pass whom the case is not about, and who is free to deal with what led to it.
    ///
    /// # Errors
    /// `ACCOUNTABILITY_CASE_UNKNOWN` for everyone else: for whom it is about it does not exist before it is
    /// published.
    pub fn decider(&self, actor: &Actor, is_free: bool) -> Result<()> {
        let is_decider = is_free && !self.held.concerns(actor) && actor.has(Role::Supervisor);
        if is_decider { Ok(()) } else { Err(unknown()) }
    }

    /// Decides on a measure.
    ///
    /// # Errors
    /// `STATE_FORBIDS` unless it is open.
    pub fn decide(self, measure: Measure) -> Result<Self> {
        match self.state {
            State::Open => Ok(self.next(State::Decided(measure))),
            _ => Err(self.forbidden()),
        }
    }

    /// Holds nobody to account.
    ///
    /// # Errors
    /// `STATE_FORBIDS` unless it is open.
    pub fn drop(self) -> Result<Self> {
        match self.state {
            State::Open => Ok(self.next(State::Dropped)),
            _ => Err(self.forbidden()),
        }
    }

    /// Notes that the measure was carried out, on a day between its opening and today.
    ///
    /// # Errors
    /// `STATE_FORBIDS` unless it is decided; `OUT_OF_RANGE` for another day.
    pub fn carry_out(self, on: NaiveDate, today: NaiveDate) -> Result<Self> {
        let State::Decided(measure) = self.state else { return Err(self.forbidden()) };
        if on < self.opened_on || on > today {
            let range = format!("{} – {today}", self.opened_on);
            let fault = yimen_kernel::FieldError::new("carried_out_on", Reason::OutOfRange).limit(range);
            return Err(Error::invalid(vec![fault]));
        }
        Ok(self.next(State::CarriedOut(measure)))
    }

    /// 公开.
    ///
    /// # Errors
    /// `STATE_FORBIDS` unless it is carried out.
    pub fn publish(self) -> Result<Self> {
        match self.state {
            State::CarriedOut(measure) => Ok(self.next(State::Published(measure))),
            _ => Err(self.forbidden()),
        }
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

/// The refusal of what somebody may not know of.
pub fn unknown() -> Error {
    Error::not_found(Reason::AccountabilityCaseUnknown)
}
