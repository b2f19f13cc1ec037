//! One function per operation: load, let the domain decide, save, tell.

pub mod access;
pub mod accountability;
pub mod appraisal;
pub mod chores;
pub mod complainant;
pub mod figures;
pub mod file;
pub mod office;
pub mod questions;
pub mod rating;
pub mod read;
pub mod scrutiny;

use yimen_kernel::date::local_date;
use yimen_kernel::error::Result;
use yimen_kernel::{Actor, DocumentNumber};
use yimen_platform::store::Tx;
pub(crate) use yimen_platform::timestamp;
use yimen_proto::complaints::v1 as pb;

use crate::domain::complaint::unknown;
use crate::domain::{Closing, Complaint, State};
use crate::store::{complaints, steps};

/// Reads a complaint for a change.
///
/// # Errors
/// `COMPLAINT_UNKNOWN`.
async fn lock(tx: &mut Tx, number: &DocumentNumber) -> Result<Complaint> {
    complaints::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)
}

/// What happened, by whom, and what was said.
struct Step<'s> {
    what: pb::complaint_step::What,
    by: &'s str,
    note: &'s str,
}

impl<'s> Step<'s> {
    /// A member of staff did it.
    fn by(what: pb::complaint_step::What, actor: &'s Actor, note: &'s str) -> Self {
        Self { what, by: &actor.subject, note }
    }

    /// The complainant did it, or time.
    fn silent(what: pb::complaint_step::What, note: &'s str) -> Self {
        Self { what, by: "", note }
    }
}

/// Saves what a step made of a complaint, and tells supervision what its clocks have to do.
async fn save(tx: &mut Tx, before: &Complaint, after: &Complaint, step: Step<'_>) -> Result<()> {
    complaints::save(tx.sql(), before.version, after).await?;
    let now = tx.now();
    steps::add(tx.sql(), after.number.as_str(), step.what.as_str_name(), (step.by, step.note), now).await?;
    tell(tx, before, after);
    Ok(())
}

/// Tells what left one pair of hands and came into another, and that it is closed.
fn tell(tx: &mut Tx, before: &Complaint, after: &Complaint) {
    let (center, number, time) = (after.center(), after.number.to_string(), Some(timestamp(tx.now())));
    let (held, holds) = (before.in_hand(), after.in_hand());
    if let Some(handling) = held.filter(|held| holds.map(|holds| holds.run) != Some(held.run)) {
        let how = match after.state {
            State::Accepted(..) if holds.is_none() => pb::complaint_left::How::Answered,
            State::Accepted(..) => pb::complaint_left::How::Objected,
            State::Registered | State::Closed(_) => pb::complaint_left::How::Unspecified,
        };
        if how != pb::complaint_left::How::Unspecified {
            let left = pb::ComplaintLeft {
                number: number.clone(),
                department: handling.handler.department().to_owned(),
                run: handling.run,
                how: how.into(),
                time,
            };
            tx.emit(center.as_str(), &number, after.version, &left);
        }
    }
    if let Some(handling) = holds.filter(|holds| held.map(|held| held.run) != Some(holds.run)) {
        let given = pb::ComplaintGiven {
            number: number.clone(),
            department: handling.handler.department().to_owned(),
            run: handling.run,
            received_on: handling.received_on.to_string(),
            time,
        };
        tx.emit(center.as_str(), &number, after.version, &given);
    }
    if let State::Closed(closing) = after.state {
        let closed =
            pb::ComplaintClosed { number: number.clone(), closing: closing_code(closing).into(), time };
        tx.emit(center.as_str(), &number, after.version, &closed);
    }
}

fn closing_code(closing: Closing) -> pb::complaint::Closing {
    pb::complaint::Closing::from_str_name(closing.as_str()).unwrap_or_default()
}

/// Today, where the hall is.
fn today(tx: &Tx) -> chrono::NaiveDate {
    local_date(tx.now())
}
