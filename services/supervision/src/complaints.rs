//! What the events of complaints say about clocks. Their days are working days to accept, and calendar days to
//! answer and to review, as the rules count them; those of questions are working days.

use yimen_kernel::date::local_date;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::Result;
use yimen_platform::messages::subscribe::Received;
use yimen_proto::complaints::v1 as pb;

use crate::app::clocks::{Change, Heard, Seldom, Which};
use crate::domain::Kind;
use crate::events::{date, heard, promised, seldom, which};
use crate::store::clocks::Limits;

/// Working days to accept or decline (湖南省行政效能投诉处理办法).
const ACCEPT_DAYS: u32 = 3;
/// Calendar days to answer (the same).
const ANSWER_DAYS: u32 = 30;
/// Calendar days of 复查 and of 复核, as for petitions (信访工作条例 art. 35, 36).
const REVIEW_DAYS: u32 = 30;
/// A complaint is about no item.
const NO_ITEM: String = String::new();
/// The supervisor's office.
const OFFICE: String = String::new();

/// 登记.
pub fn registered(event: Received<pb::ComplaintRegistered>) -> Result<Heard> {
    let (on, message) = (local_date(event.envelope.time), event.message);
    let limits = Limits { unit: Unit::WorkingDays, promised: None, statutory: Some(ACCEPT_DAYS) };
    let begin = Change::Begin { center: message.center, item: NO_ITEM };
    let start = Change::Start { which: which(Kind::ComplaintAcceptance, OFFICE, 1), on, limits };
    heard(message.number, [begin, start])
}

/// 受理, 交办, 转办.
pub fn given(event: Received<pb::ComplaintGiven>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let accepted = which(Kind::ComplaintAcceptance, OFFICE, 1);
    let end = Change::End { which: accepted, at, outcome: "ACCEPTED".to_owned() };
    let limits = Limits { unit: Unit::CalendarDays, promised: None, statutory: Some(ANSWER_DAYS) };
    let (which, on) = (answer(message.department, message.run), date(&message.received_on)?);
    heard(message.number, [end, Change::Start { which, on, limits }])
}

/// Answered, or taken out of its handler's hands.
pub fn left(event: Received<pb::ComplaintLeft>) -> Result<Heard> {
    let at = event.envelope.time;
    let outcome = event.message.how().as_str_name().to_owned();
    let message = event.message;
    let which = answer(message.department, message.run);
    heard(message.number, [Change::End { which, at, outcome }])
}

/// 延期.
pub fn extended(event: Received<pb::ComplaintExtended>) -> Result<Heard> {
    let message = event.message;
    let which = answer(message.department, message.run);
    seldom(message.number, Seldom::Prolong { which, days: message.days })
}

/// 复查, 复核.
pub fn review_requested(event: Received<pb::ComplaintReviewRequested>) -> Result<Heard> {
    let (on, message) = (local_date(event.envelope.time), event.message);
    let limits = Limits { unit: Unit::CalendarDays, promised: None, statutory: Some(REVIEW_DAYS) };
    let which = which(Kind::ComplaintReview, OFFICE, message.level);
    heard(message.number, [Change::Start { which, on, limits }])
}

/// A review was answered.
pub fn review_answered(event: Received<pb::ComplaintReviewAnswered>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let which = which(Kind::ComplaintReview, OFFICE, message.level);
    heard(message.number, [Change::End { which, at, outcome: "ANSWERED".to_owned() }])
}

/// Nothing is to be done any more.
pub fn closed(event: Received<pb::ComplaintClosed>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "CLOSED".to_owned());
    seldom(event.message.number, Seldom::Finish { at, outcome })
}

/// 咨询.
pub fn question_asked(event: Received<pb::QuestionAsked>) -> Result<Heard> {
    let message = event.message;
    let begin = Change::Begin { center: message.center, item: NO_ITEM };
    let which = which(Kind::Consultation, message.department, 1);
    let (on, limits) = (date(&message.asked_on)?, promised(message.limit_days));
    heard(message.number, [begin, Change::Start { which, on, limits }])
}

/// 转交: the days go on counting.
pub fn question_directed(event: Received<pb::QuestionDirected>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let before = which(Kind::Consultation, message.from_department, message.run.saturating_sub(1));
    let end = Change::End { which: before, at, outcome: "DIRECTED".to_owned() };
    let which = which(Kind::Consultation, message.to_department, message.run);
    let (on, limits) = (date(&message.asked_on)?, promised(message.limit_days));
    heard(message.number, [end, Change::Start { which, on, limits }])
}

/// Answered: nothing is to be done in a time any more.
pub fn question_answered(event: Received<pb::QuestionAnswered>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "CLOSED".to_owned());
    seldom(event.message.number, Seldom::Finish { at, outcome })
}

fn answer(department: String, run: u32) -> Which {
    which(Kind::ComplaintAnswer, department, run)
}
