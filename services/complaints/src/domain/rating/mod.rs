//! 好差评: what may be rated, by whom, how long (国办发〔2019〕51号; 一次一评 and 一事一评, GB/T 39734-2020).

pub mod month;
pub mod rectification;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use yimen_kernel::deadline::Limit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, Calendar, Clock, Login, Reason, WindowId, codes};

use super::recusal::{self, Accused};

/// Calendar days in which an event may be rated (示例).
pub const RATE: u32 = 30;
/// Calendar days after which whoever has not rated is reminded, once (示例).
pub const REMIND: u32 = 3;

codes! {
    /// What is rated, once each.
    Event {
        /// 一次一评: an application was handed in.
        Visit = "VISIT",
        /// 一事一评: it was completed.
        Completion = "COMPLETION",
    }
}

codes! {
    /// The five levels, the lowest first.
    Level {
        /// 非常不满意.
        VeryDissatisfied = "VERY_DISSATISFIED",
        /// 不满意.
        Dissatisfied = "DISSATISFIED",
        /// 基本满意.
        FairlySatisfied = "FAIRLY_SATISFIED",
        /// 满意.
        Satisfied = "SATISFIED",
        /// 非常满意.
        VerySatisfied = "VERY_SATISFIED",
    }
}

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Self; 5] = [
        Self::VeryDissatisfied,
        Self::Dissatisfied,
        Self::FairlySatisfied,
        Self::Satisfied,
        Self::VerySatisfied,
    ];

    /// What it counts for: 1 to 5.
    pub fn points(self) -> i32 {
        match self {
            Self::VeryDissatisfied => 1,
            Self::Dissatisfied => 2,
            Self::FairlySatisfied => 3,
            Self::Satisfied => 4,
            Self::VerySatisfied => 5,
        }
    }

    /// The level that counts for so many points.
    pub fn of_points(points: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.points() == points)
    }

    /// 差评: it is followed.
    pub fn is_negative(self) -> bool {
        self <= Self::Dissatisfied
    }
}

codes! {
    /// Why a rating does not count.
    SetAside {
        /// 误评.
        Mistaken = "MISTAKEN",
        /// 恶意评价.
        Malicious = "MALICIOUS",
    }
}

/// An event that may be rated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The day of the service.
    pub served_on: NaiveDate,
    /// Whether it was rated.
    pub rated: bool,
}

impl Invitation {
    fn clock(&self) -> Clock {
        Clock::new(self.served_on, Limit::calendar(RATE))
    }

    /// The last day to rate it.
    pub fn until(&self, calendar: &Calendar) -> Option<NaiveDate> {
        self.clock().due(calendar).map(|due| due.on)
    }

    /// Whether the time to rate it has passed.
    pub fn is_late(&self, calendar: &Calendar, today: NaiveDate) -> bool {
        self.clock().is_late(calendar, today)
    }

    /// Lets whoever was served rate.
    ///
    /// # Errors
    /// `ALREADY_RATED`; `RATING_LATE` after thirty days.
    pub fn rate(&self, calendar: &Calendar, today: NaiveDate) -> Result<()> {
        if self.rated {
            return Err(Error::new(yimen_kernel::Kind::AlreadyExists, Reason::AlreadyRated));
        }
        if self.is_late(calendar, today) {
            let due = self.until(calendar).map(|day| day.to_string()).unwrap_or_default();
            return Err(Error::precondition(Reason::RatingLate).with("due", due));
        }
        Ok(())
    }

    /// The day of the reminder. One that falls on a day off comes on the next working day.
    pub fn reminder_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        Clock::new(self.served_on, Limit::calendar(REMIND)).due(calendar).map(|due| due.on)
    }
}

/// Refuses whoever is signed in: the clerk, or a colleague, does not rate for the citizen.
///
/// # Errors
/// `RATING_BY_STAFF`.
pub fn require_citizen(actor: &Actor) -> Result<()> {
    if actor.is_anonymous() { Ok(()) } else { Err(Error::denied(Reason::RatingByStaff)) }
}

/// Whom a rating is about, and who is therefore recused from it: everyone at the window, and its clerk wherever
/// that clerk works by now.
pub fn rated(window: &str, clerk: &str) -> Vec<Accused> {
    let window = WindowId::parse(window).ok().map(Accused::Window);
    let clerk = Login::parse(clerk).ok().map(Accused::Person);
    window.into_iter().chain(clerk).collect()
}

/// Lets the supervisor's office set a rating aside, once.
///
/// # Errors
/// `RATING_UNKNOWN` for whomever it is about and for everyone else; `ALREADY_SET_ASIDE`.
pub fn set_aside(
    actor: &Actor,
    center: &yimen_kernel::DivisionCode,
    rated: &[Accused],
    before: Option<SetAside>,
) -> Result<()> {
    if recusal::recused(rated, actor) || !recusal::oversees(actor, center) {
        return Err(unknown());
    }
    if before.is_some() {
        return Err(Error::precondition(Reason::AlreadySetAside));
    }
    Ok(())
}

/// The refusal of a rating that somebody may not know of: the same as of one that is not there.
pub fn unknown() -> Error {
    Error::not_found(Reason::RatingUnknown)
}
