//! 差评整改: contacted, put right, asked again, closed. Whoever was rated takes no part.

use chrono::NaiveDate;
use yimen_kernel::deadline::Limit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, Clock, DocumentNumber, Reason, Role, codes};

use crate::domain::complaint::{Handler, View};
use crate::domain::recusal::{self, Accused};
use crate::domain::{Identity, handling};

/// Working days to contact the rater (示例; 安阳市政务服务条例 art. 52 has the same for its city).
pub const CONTACT: u32 = 1;
/// Working days to put it right (示例).
pub const RECTIFY: u32 = 5;
/// Working days of a complex matter, in all (示例).
pub const COMPLEX: u32 = 15;
/// Working days of the return visit (示例).
pub const RETURN_VISIT: u32 = 5;

codes! {
    /// What the rater says at the return visit.
    Visit {
        /// It is well now.
        Pleased = "PLEASED",
        /// It is not.
        Displeased = "DISPLEASED",
        /// Nobody could be asked.
        Absent = "ABSENT",
    }
}

codes! {
    /// How it ended.
    Outcome {
        /// The rater is satisfied with what was done.
        RaterSatisfied = "RATER_SATISFIED",
        /// Put right twice, and the rater is not satisfied.
        RaterDissatisfied = "RATER_DISSATISFIED",
        /// The rater could not be reached.
        RaterUnreached = "RATER_UNREACHED",
        /// Put right, and nobody to ask.
        PutRight = "PUT_RIGHT",
        /// The rating was set aside.
        SetAside = "SET_ASIDE",
    }
}

codes! {
    /// What is to be done, with a clock of its own.
    Step {
        /// The rater is contacted.
        Contact = "CONTACT",
        /// The matter is put right.
        Rectify = "RECTIFY",
        /// The rater is asked again.
        ReturnVisit = "RETURN_VISIT",
    }
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be put right, and if nobody has yet, the rater to be contacted; from this day on, with so many days more.
    Open {
        /// Whether the rater was contacted.
        contacted: bool,
        /// The day from which the days count.
        from: NaiveDate,
        /// Working days that were added.
        extension: u32,
    },
    /// It was put right on this day.
    Rectified {
        /// When.
        on: NaiveDate,
    },
    /// The rater was asked.
    Visited {
        /// What was said.
        visit: Visit,
    },
    /// Nothing is to be done any more.
    Closed(Outcome),
}

impl State {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open { contacted: false, .. } => "OPEN",
            Self::Open { contacted: true, .. } => "CONTACTED",
            Self::Rectified { .. } => "RECTIFIED",
            Self::Visited { .. } => "VISITED",
            Self::Closed(_) => "CLOSED",
        }
    }
}

/// Something to be done, and the clock that runs for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub step: Step,
    /// Whose.
    pub handler: Handler,
    /// 1 for the first time.
    pub run: u32,
    /// From when.
    pub from: NaiveDate,
    /// Working days.
    pub days: u32,
}

impl Due {
    /// Its clock.
    pub fn clock(&self) -> Clock {
        Clock::new(self.from, Limit::working(self.days))
    }

    /// Whether it is the same clock, perhaps with more days.
    pub fn is(&self, other: &Self) -> bool {
        (self.step, &self.handler, self.run) == (other.step, &other.handler, other.run)
    }
}

/// The case of a negative rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rectification {
    /// Its number.
    pub number: DocumentNumber,
    /// Counts its changes.
    pub version: i64,
    /// Who may know who rated.
    pub identity: Identity,
    /// Whom the rating is about.
    pub rated: Vec<Accused>,
    /// When it was opened.
    pub opened_on: NaiveDate,
    /// Who handles it.
    pub handler: Handler,
    /// Counts handlers and times that it is put right.
    pub run: u32,
    /// Whether it was extended.
    pub extended: bool,
    /// Whether the rater has said once that it is not put right.
    pub sent_back: bool,
    /// Where it stands.
    pub state: State,
}

impl Rectification {
    /// The case that a negative rating opens by itself, in the hands of the supervisor's office.
    pub fn open(number: DocumentNumber, identity: Identity, rated: Vec<Accused>, today: NaiveDate) -> Self {
        Self {
            number,
            version: 1,
            identity,
            rated,
            opened_on: today,
            handler: Handler::Office,
            run: 1,
            extended: false,
            sent_back: false,
            state: State::Open { contacted: false, from: today, extension: 0 },
        }
    }

    /// Whether somebody is there to be contacted.
    pub fn is_named(&self) -> bool {
        self.identity != Identity::Anonymous
    }

    /// What is to be done now.
    pub fn due(&self) -> Vec<Due> {
        let due = |step, handler: &Handler, from, days| Due {
            step,
            handler: handler.clone(),
            run: self.run,
            from,
            days,
        };
        match self.state {
            State::Open { contacted, from, extension } => {
                let contact =
                    (self.is_named() && !contacted).then(|| due(Step::Contact, &self.handler, from, CONTACT));
                let rectify = due(Step::Rectify, &self.handler, from, RECTIFY + extension);
                contact.into_iter().chain([rectify]).collect()
            }
            State::Rectified { on } if self.is_named() => {
                vec![due(Step::ReturnVisit, &Handler::Office, on, RETURN_VISIT)]
            }
            State::Rectified { .. } | State::Visited { .. } | State::Closed(_) => Vec::new(),
        }
    }

    /// The last day of what is to be done first.
    pub fn due_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        self.due().iter().filter_map(|due| due.clock().due(calendar)).map(|due| due.on).min()
    }

    /// What a member of staff sees of it. For whomever the rating is about it does not exist.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`.
    pub fn view(&self, actor: &Actor) -> Result<View> {
        if recusal::recused(&self.rated, actor) {
            return Err(unknown());
        }
        if recusal::oversees(actor, &self.number.center()) {
            return Ok(View::Office);
        }
        let Handler::Department(department) = &self.handler else { return Err(unknown()) };
        let acts = actor.has(Role::Approver) || actor.has(Role::DepartmentSystem);
        let is_handler = acts && actor.department.as_ref() == Some(department);
        // What was put right has left the department's hands.
        if is_handler && matches!(self.state, State::Open { .. }) {
            Ok(View::Handler)
        } else {
            Err(unknown())
        }
    }

    /// Lets the supervisor's office pass.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`; `NOT_A_PARTY` for the department that handles it.
    pub fn office(&self, actor: &Actor) -> Result<()> {
        match self.view(actor)? {
            View::Office => Ok(()),
            View::Handler | View::Complainant => Err(Error::denied(Reason::NotAParty)),
        }
    }

    /// Whether a caller who sees it as `view` may see who rated, and therefore of which application.
    ///
    /// # Errors
    /// `RATER_UNKNOWN` if nobody knows; `NOT_A_PARTY` where it is kept from that caller.
    pub fn show_rater(&self, view: View) -> Result<()> {
        match (view, self.identity) {
            (_, Identity::Anonymous) => Err(Error::precondition(Reason::RaterUnknown)),
            (View::Office, _) | (View::Handler, Identity::Named) => Ok(()),
            (View::Handler | View::Complainant, _) => Err(Error::denied(Reason::NotAParty)),
        }
    }

    /// Gives it to a department, or back to the supervisor's office. Its days run on: a change of hands costs the
    /// rater nothing.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`; `STATE_FORBIDS` once it is put right.
    pub fn give(self, actor: &Actor, handler: Handler) -> Result<Self> {
        self.office(actor)?;
        let (_, from, extension) = self.in_hand()?;
        let contacted = matches!(self.state, State::Open { contacted: true, .. });
        let run = if handler == self.handler { self.run } else { self.run + 1 };
        Ok(Self { handler, run, ..self }.next(State::Open { contacted, from, extension }))
    }

    /// Notes that the rater was contacted, or that it was tried, by the handler; by the supervisor's office where
    /// the department may not know who rated.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`, `RATER_UNKNOWN`; `STATE_FORBIDS` when it was done before.
    pub fn contact(self, actor: &Actor) -> Result<Self> {
        let view = self.view(actor)?;
        self.show_rater(view)?;
        let (contacted, from, extension) = self.in_hand()?;
        if contacted {
            return Err(self.forbidden());
        }
        let by_handler = matches!(
            (&self.handler, view),
            (Handler::Office, View::Office) | (Handler::Department(_), View::Handler)
        );
        if !by_handler && self.identity == Identity::Named {
            return Err(Error::denied(Reason::NotAParty));
        }
        Ok(self.next(State::Open { contacted: true, from, extension }))
    }

    /// 延长, once: a complex matter has fifteen working days.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`, `ALREADY_EXTENDED`; `LIMIT_EXPIRED` after the last
    /// day.
    pub fn extend(self, actor: &Actor, calendar: &Calendar, today: NaiveDate) -> Result<Self> {
        self.office(actor)?;
        let (contacted, from, _) = self.in_hand()?;
        if self.extended {
            return Err(Error::precondition(Reason::AlreadyExtended));
        }
        let clock = Clock::new(from, Limit::working(RECTIFY));
        if clock.is_late(calendar, today) {
            return Err(handling::late(Reason::LimitExpired, &clock, calendar));
        }
        let state = State::Open { contacted, from, extension: COMPLEX - RECTIFY };
        Ok(Self { extended: true, ..self }.next(state))
    }

    /// 整改, by the handler.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`; `CONTACT_FIRST`.
    pub fn rectify(self, actor: &Actor, today: NaiveDate) -> Result<Self> {
        let view = self.view(actor)?;
        let (contacted, ..) = self.in_hand()?;
        match (&self.handler, view) {
            (Handler::Office, View::Office) | (Handler::Department(_), View::Handler) => {}
            _ => return Err(Error::denied(Reason::NotAParty)),
        }
        if self.is_named() && !contacted {
            return Err(Error::precondition(Reason::ContactFirst));
        }
        Ok(self.next(State::Rectified { on: today }))
    }

    /// 回访, by the supervisor's office. A rater who is not satisfied has it put right once more, from today.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`, `RATER_UNKNOWN`; `STATE_FORBIDS` before it is put right.
    pub fn visit(self, actor: &Actor, visit: Visit, today: NaiveDate) -> Result<Self> {
        self.office(actor)?;
        self.show_rater(View::Office)?;
        let State::Rectified { .. } = self.state else { return Err(self.forbidden()) };
        if visit == Visit::Displeased && !self.sent_back {
            let state = State::Open { contacted: true, from: today, extension: 0 };
            return Ok(Self { sent_back: true, run: self.run + 1, ..self }.next(state));
        }
        Ok(self.next(State::Visited { visit }))
    }

    /// Its outcome follows from the return visit; without a rater to ask, from its being put right.
    ///
    /// # Errors
    /// `RECTIFICATION_UNKNOWN`, `NOT_A_PARTY`, `STATE_FORBIDS`.
    pub fn close(self, actor: &Actor) -> Result<Self> {
        self.office(actor)?;
        let outcome = match self.state {
            State::Visited { visit: Visit::Pleased } => Outcome::RaterSatisfied,
            State::Visited { visit: Visit::Displeased } => Outcome::RaterDissatisfied,
            State::Visited { visit: Visit::Absent } => Outcome::RaterUnreached,
            State::Rectified { .. } if !self.is_named() => Outcome::PutRight,
            State::Open { .. } | State::Rectified { .. } | State::Closed(_) => return Err(self.forbidden()),
        };
        Ok(self.next(State::Closed(outcome)))
    }

    /// The rating was set aside: nothing is left to be put right. None if it was closed before.
    pub fn set_aside(self) -> Option<Self> {
        match self.state {
            State::Closed(_) => None,
            State::Open { .. } | State::Rectified { .. } | State::Visited { .. } => {
                Some(self.next(State::Closed(Outcome::SetAside)))
            }
        }
    }

    fn in_hand(&self) -> Result<(bool, NaiveDate, u32)> {
        match self.state {
            State::Open { contacted, from, extension } => Ok((contacted, from, extension)),
            State::Rectified { .. } | State::Visited { .. } | State::Closed(_) => Err(self.forbidden()),
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

/// The refusal of what somebody may not know of: the same as of what is not there.
pub fn unknown() -> Error {
    Error::not_found(Reason::RectificationUnknown)
}
