//! What the events of negative ratings say about clocks. Their days are promises of the house, in working days: no
//! law that we have read counts them.

use yimen_kernel::deadline::Unit;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::rectification_step_due::Step;

use crate::app::clocks::{Change, Heard, Seldom, Which};
use crate::domain::Kind;
use crate::events::{date, heard, seldom, which};
use crate::store::clocks::Limits;

/// A case of rectification is about no item here: which one it is stays in complaints.
const NO_ITEM: String = String::new();

/// Something is to be done.
pub fn step_due(event: Received<pb::RectificationStepDue>) -> Result<Heard> {
    let message = event.message;
    let kind = kind(message.step())?;
    let limits = Limits { unit: Unit::WorkingDays, promised: Some(message.days), statutory: None };
    let start = Change::Start {
        which: which(kind, message.department, message.run),
        on: date(&message.from_on)?,
        limits,
    };
    let begin = Change::Begin { center: message.center, item: NO_ITEM };
    heard(message.rectification, [begin, start])
}

/// It was done, or given to somebody else.
pub fn step_done(event: Received<pb::RectificationStepDone>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let (kind, outcome) = (kind(message.step())?, message.how().as_str_name().to_owned());
    let which = which(kind, message.department, message.run);
    heard(message.rectification, [Change::End { which, at, outcome }])
}

/// 延长.
pub fn extended(event: Received<pb::RectificationExtended>) -> Result<Heard> {
    let message = event.message;
    let which: Which = which(Kind::RatingRectification, message.department, message.run);
    seldom(message.rectification, Seldom::Prolong { which, days: message.days })
}

/// Nothing is to be done any more.
pub fn closed(event: Received<pb::RectificationClosed>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "CLOSED".to_owned());
    seldom(event.message.rectification, Seldom::Finish { at, outcome })
}

fn kind(step: Step) -> Result<Kind> {
    match step {
        Step::Contact => Ok(Kind::RatingContact),
        Step::Rectify => Ok(Kind::RatingRectification),
        Step::ReturnVisit => Ok(Kind::RatingReturnVisit),
        Step::Unspecified => Err(Error::internal("an event names no step of a rectification")),
    }
}
