//! A complaint, and who may see it.

use chrono::NaiveDate;
use yimen_kernel::deadline::Limit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, Clock, DepartmentId, DivisionCode, DocumentNumber, Reason, Role};

use super::codes::{Closing, Identity, Kind, SubjectKind, Way};
use super::recusal::{self, Accused};

/// Working days to accept or decline (湖南省行政效能投诉处理办法).
pub const ACCEPT: u32 = 3;
/// Calendar days to answer, from acceptance or, assigned or transferred, from receipt (the same).
pub const ANSWER: u32 = 30;
/// Working days in which a department may say that it is not its matter (信访工作条例 art. 23).
pub const OBJECT: u32 = 5;
/// The longest extension, calendar days (信访工作条例 art. 34; the province's own length is not known).
pub const EXTEND_MAX: u32 = 30;
/// Calendar days in which a review may be asked for, and in which it is answered (art. 35, 36).
pub const REVIEW: u32 = 30;
/// The last level of review: 复核.
pub const LAST_LEVEL: u32 = 2;

/// Who handles it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handler {
    /// 自办: the supervisor's office.
    Office,
    /// 交办 or 转办.
    Department(DepartmentId),
}

impl Handler {
    /// The department's id; empty for the supervisor's office.
    pub fn department(&self) -> &str {
        match self {
            Self::Office => "",
            Self::Department(id) => id.as_str(),
        }
    }
}

/// A complaint in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// How.
    pub way: Way,
    /// Whose.
    pub handler: Handler,
    /// 1 for the first.
    pub run: u32,
    /// The day from which its days count.
    pub received_on: NaiveDate,
    /// Days that were added in this run.
    pub extension: u32,
    /// What the department says against it, while that is open.
    pub objection: Option<String>,
    /// Whether it has objected in this run.
    pub objected: bool,
}

impl Handling {
    /// The clock of the answer.
    pub fn clock(&self) -> Clock {
        Clock::new(self.received_on, Limit::calendar(ANSWER + self.extension))
    }
}

/// How far an accepted complaint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 办理中.
    Open,
    /// Answered, and not told.
    Answered,
    /// Told: of the answer at level 0, of the 复查's at level 1.
    Told {
        /// The level.
        level: u32,
        /// When.
        on: NaiveDate,
    },
    /// 复查 (1) or 复核 (2).
    Reviewing {
        /// The level.
        level: u32,
        /// When it was asked for.
        on: NaiveDate,
    },
    /// The review is answered, and not told.
    Reviewed {
        /// The level.
        level: u32,
    },
}

/// Where a complaint stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// 登记.
    Registered,
    /// 受理.
    Accepted(Handling, Stage),
    /// Nothing is to be done any more.
    Closed(Closing),
}

impl State {
    /// Its code.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Registered => "REGISTERED",
            Self::Accepted(_, Stage::Open) => "HANDLING",
            Self::Accepted(_, Stage::Answered) => "ANSWERED",
            Self::Accepted(_, Stage::Told { .. }) => "TOLD",
            Self::Accepted(_, Stage::Reviewing { .. }) => "REVIEWING",
            Self::Accepted(_, Stage::Reviewed { .. }) => "REVIEWED",
            Self::Closed(_) => "CLOSED",
        }
    }
}

/// A complaint, as far as its rules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Its number.
    pub number: DocumentNumber,
    /// Counts its changes.
    pub version: i64,
    /// What it is.
    pub kind: Kind,
    /// Who may know who complains.
    pub identity: Identity,
    /// What kind of thing it is about.
    pub about: SubjectKind,
    /// When it was filed.
    pub filed_on: NaiveDate,
    /// Whom it names.
    pub accused: Vec<Accused>,
    /// The departments of the application that it is about: recused like those whom it names.
    pub parties: Vec<DepartmentId>,
    /// Who wrote its answers.
    pub authors: Vec<String>,
    /// Whether it was extended.
    pub extended: bool,
    /// Whether it was reopened.
    pub reopened: bool,
    /// Where it stands.
    pub state: State,
}

/// How much of a complaint somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// All but who complains, which is asked for by itself.
    Office,
    /// What a department needs to handle it.
    Handler,
    /// What its complainant is told.
    Complainant,
}

impl Complaint {
    /// The center whose hall it is about.
    pub fn center(&self) -> DivisionCode {
        self.number.center()
    }

    /// Whether the caller takes no part.
    pub fn recuses(&self, actor: &Actor) -> bool {
        recusal::recused(&self.accused, actor)
            || self.parties.iter().any(|party| actor.department.as_ref() == Some(party))
    }

    /// Whether a department is one that it is about.
    pub fn concerns(&self, department: &DepartmentId) -> bool {
        self.parties.contains(department) || self.accused.contains(&Accused::Department(department.clone()))
    }

    /// What a member of staff sees of it. For whomever it is about it does not exist.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN`.
    pub fn view(&self, actor: &Actor) -> Result<View> {
        if self.recuses(actor) {
            return Err(unknown());
        }
        if recusal::oversees(actor, &self.center()) {
            return Ok(View::Office);
        }
        if self.is_handled_by(actor) { Ok(View::Handler) } else { Err(unknown()) }
    }

    /// Lets the supervisor's office pass.
    ///
    /// # Errors
    /// `COMPLAINT_UNKNOWN` for whomever it is about and for everyone who may not know of it; `NOT_A_PARTY`
    /// for the department that handles it.
    pub fn office(&self, actor: &Actor) -> Result<()> {
        match self.view(actor)? {
            View::Office => Ok(()),
            View::Handler | View::Complainant => Err(Error::denied(Reason::NotAParty)),
        }
    }

    /// Lets whoever handles it pass, and gives what is in hand.
    ///
    /// # Errors
    /// As [`Self::office`]; `NOT_A_PARTY` for an office that has given it away; `STATE_FORBIDS` before it is
    /// accepted and once it is closed.
    pub fn handler(&self, actor: &Actor) -> Result<(&Handling, &Stage)> {
        let view = self.view(actor)?;
        let State::Accepted(handling, stage) = &self.state else { return Err(self.forbidden()) };
        match (&handling.handler, view) {
            (Handler::Office, View::Office) | (Handler::Department(_), View::Handler) => {
                Ok((handling, stage))
            }
            _ => Err(Error::denied(Reason::NotAParty)),
        }
    }

    fn is_handled_by(&self, actor: &Actor) -> bool {
        let State::Accepted(Handling { handler: Handler::Department(department), .. }, _) = &self.state
        else {
            return false;
        };
        (actor.has(Role::Approver) || actor.has(Role::DepartmentSystem))
            && actor.department.as_ref() == Some(department)
    }

    /// Whether a caller who sees it as `view` may see who complains.
    ///
    /// # Errors
    /// `NOT_A_PARTY` where it is kept from that caller.
    pub fn show_complainant(&self, view: View) -> Result<()> {
        match (view, self.identity) {
            (View::Office, Identity::Named | Identity::Protected) | (View::Handler, Identity::Named) => {
                Ok(())
            }
            _ => Err(Error::denied(Reason::NotAParty)),
        }
    }

    /// What is in somebody's hands to be answered.
    pub fn in_hand(&self) -> Option<&Handling> {
        match &self.state {
            State::Accepted(handling, Stage::Open) => Some(handling),
            _ => None,
        }
    }

    /// The last day of what is to be done next.
    pub fn due_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        let clock = match &self.state {
            State::Registered => Clock::new(self.filed_on, Limit::working(ACCEPT)),
            State::Accepted(handling, Stage::Open) => handling.clock(),
            State::Accepted(_, Stage::Reviewing { on, .. }) => Clock::new(*on, Limit::calendar(REVIEW)),
            State::Accepted(_, Stage::Answered | Stage::Told { .. } | Stage::Reviewed { .. }) => return None,
            State::Closed(_) => return None,
        };
        clock.due(calendar).map(|due| due.on)
    }

    /// The last day on which a review may be asked for.
    pub fn review_until(&self, calendar: &Calendar) -> Option<NaiveDate> {
        let State::Accepted(_, Stage::Told { on, .. }) = &self.state else { return None };
        Clock::new(*on, Limit::calendar(REVIEW)).due(calendar).map(|due| due.on)
    }

    /// The refusal of what its state does not allow.
    pub fn forbidden(&self) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.state.as_str())
    }

    pub(super) fn next(mut self, state: State) -> Self {
        self.state = state;
        self.version += 1;
        self
    }
}

/// The refusal of what somebody may not know of: the same as of what is not there.
pub fn unknown() -> Error {
    Error::not_found(Reason::ComplaintUnknown)
}
