//! A round: its rules as data, its time, and who runs it.

use chrono::{DateTime, Utc};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DivisionCode, DocumentNumber, Reason};

use super::{Group, Level};
use crate::domain::recusal;

/// A unit under review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub department: DepartmentId,
    /// Its name on the ballot.
    pub name_zh: String,
    /// The same in English; may be empty.
    pub name_en: String,
}

/// How votes become consequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rules {
    /// 民主评议: each voter rates each unit.
    Rated {
        /// The levels, the best first.
        levels: Vec<Level>,
        /// How many of them count as satisfied.
        satisfied: u32,
        /// Rewarded from this rate on, …
        reward_percent: u32,
        /// … and up to this rank.
        reward_places: u32,
        /// Held to account up to this rate …
        accountability_percent: u32,
        /// … which is included: 50%以下 includes 50 (民法典 art. 1259).
        accountability_inclusive: bool,
    },
    /// 双评: each voter names the best and the worst units.
    Lists {
        /// How many at most, on each list.
        nominations: u32,
        /// Places of the list of the best that are rewarded.
        best_places: u32,
        /// Places of the list of the worst that are held to account.
        worst_places: u32,
    },
}

impl Rules {
    /// Its kind's code.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rated { .. } => "RATED",
            Self::Lists { .. } => "LISTS",
        }
    }

    /// The largest number that stands for a choice.
    pub fn choices(&self) -> u32 {
        match self {
            Self::Rated { levels, .. } => u32::try_from(levels.len()).unwrap_or(u32::MAX),
            Self::Lists { .. } => 2,
        }
    }
}

/// What is stored of where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be voted in, or voted in, by the clock.
    Set,
    /// It does not take place.
    Cancelled,
    /// Counted: persons decide on what it proposes.
    Counted,
    /// 公布.
    Published,
}

/// Where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Tokens are issued, nobody votes.
    Preparing,
    /// Who has a token votes.
    Voting,
    /// Nobody votes any more, and it is not counted yet.
    Closed,
    /// Counted: persons decide on what it proposes.
    Counted,
    /// 公布.
    Published,
    /// It does not take place.
    Cancelled,
}

impl Phase {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARING",
            Self::Voting => "VOTING",
            Self::Closed => "CLOSED",
            Self::Counted => "COUNTED",
            Self::Published => "PUBLISHED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The serial in its number.
    pub serial: i32,
    /// Its number.
    pub number: DocumentNumber,
    /// Counts its changes.
    pub version: i64,
    /// What it is called.
    pub title: String,
    /// What a confirmed reward is, in words; may be empty.
    pub award: String,
    /// How votes become consequences.
    pub rules: Rules,
    /// The least valid votes of a unit.
    pub minimum: u64,
    /// Percent of each group; none: votes are added.
    pub weights: Option<Vec<(Group, u32)>>,
    /// Whom it is about, in the order of the ballot.
    pub units: Vec<Unit>,
    /// The first moment of voting.
    pub opens_at: DateTime<Utc>,
    /// The first moment at which nobody votes any more.
    pub closes_at: DateTime<Utc>,
    /// What is stored of where it stands.
    pub state: State,
}

impl Round {
    /// Whose round it is.
    pub fn center(&self) -> DivisionCode {
        self.number.center()
    }

    /// Where it stands at a moment.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        match self.state {
            State::Cancelled => Phase::Cancelled,
            State::Counted => Phase::Counted,
            State::Published => Phase::Published,
            State::Set if now < self.opens_at => Phase::Preparing,
            State::Set if now < self.closes_at => Phase::Voting,
            State::Set => Phase::Closed,
        }
    }

    /// Lets a supervisor pass who belongs to none of the units.
    ///
    /// # Errors
    /// `OTHER_CENTER`; `RECUSED` for whoever belongs to a unit.
    pub fn manage(&self, actor: &Actor) -> Result<()> {
        if !recusal::oversees(actor, &self.center()) {
            return Err(Error::denied(Reason::OtherCenter).with("center", self.center()));
        }
        let is_own = |unit: &Unit| actor.department.as_ref() == Some(&unit.department);
        if self.units.iter().any(is_own) { Err(Error::denied(Reason::Recused)) } else { Ok(()) }
    }

    /// Lets pass what is done before the opening.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn preparing(&self, now: DateTime<Utc>) -> Result<()> {
        self.in_phase(now, Phase::Preparing)
    }

    /// Lets a ballot pass.
    ///
    /// # Errors
    /// `VOTE_EARLY` with `opens_at`, `VOTE_LATE` with `closes_at`, `STATE_FORBIDS` for a round that does not take
    /// place.
    pub fn voting(&self, now: DateTime<Utc>) -> Result<()> {
        let at =
            |moment: DateTime<Utc>| moment.with_timezone(&yimen_kernel::date::CHINA).format("%Y-%m-%d %H:%M");
        match self.phase(now) {
            Phase::Voting => Ok(()),
            Phase::Preparing => {
                Err(Error::precondition(Reason::VoteEarly).with("opens_at", at(self.opens_at)))
            }
            Phase::Closed | Phase::Counted | Phase::Published => Err(self.late()),
            Phase::Cancelled => Err(self.forbidden(now)),
        }
    }

    /// The refusal of a ballot that comes after the closing.
    pub fn late(&self) -> Error {
        let at = self.closes_at.with_timezone(&yimen_kernel::date::CHINA).format("%Y-%m-%d %H:%M");
        Error::precondition(Reason::VoteLate).with("closes_at", at)
    }

    /// Lets pass what is done with what was counted.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn counted(&self, now: DateTime<Utc>) -> Result<()> {
        self.in_phase(now, Phase::Counted)
    }

    fn in_phase(&self, now: DateTime<Utc>, wanted: Phase) -> Result<()> {
        if self.phase(now) == wanted { Ok(()) } else { Err(self.forbidden(now)) }
    }

    fn forbidden(&self, now: DateTime<Utc>) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.phase(now).as_str())
    }

    /// The place of a unit on the ballot, 1 for the first.
    pub fn place(&self, department: &DepartmentId) -> Option<i16> {
        let at = self.units.iter().position(|unit| unit.department == *department)?;
        i16::try_from(at + 1).ok()
    }
}

/// The refusal of a round that is not there.
pub fn unknown() -> Error {
    Error::not_found(Reason::AppraisalRoundUnknown)
}
