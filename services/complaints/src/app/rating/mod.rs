//! Ratings: one function per operation.

pub mod aside;
pub mod chores;
pub mod figures;
pub mod hear;
pub mod link;
pub mod rate;
pub mod read;
pub mod rectify;

use yimen_kernel::error::Result;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::timestamp;
use crate::domain::rating::rectification::{Due, Rectification, State, Step};
use crate::store::rating::rectifications as table;

/// What happened, by whom, and what was said.
struct Happened<'h> {
    what: pb::rectification_step::What,
    by: &'h str,
    note: &'h str,
}

/// Saves what a step made of a case, and tells supervision what its clocks have to do.
async fn save(
    tx: &mut Tx,
    before: &Rectification,
    after: &Rectification,
    happened: Happened<'_>,
) -> Result<()> {
    table::save(tx.sql(), before.version, after).await?;
    note(tx, after, happened).await?;
    tell(tx, before.due(), after);
    Ok(())
}

async fn note(tx: &mut Tx, case: &Rectification, happened: Happened<'_>) -> Result<()> {
    let (now, what) = (tx.now(), happened.what.as_str_name());
    table::step(tx.sql(), case.number.as_str(), what, (happened.by, happened.note), now).await
}

/// Tells which clocks start, end and have more days, compared with those that ran.
fn tell(tx: &mut Tx, ran: Vec<Due>, after: &Rectification) {
    let (center, number) = (after.number.center(), after.number.to_string());
    let (center, version, time) = (center.as_str(), after.version, Some(timestamp(tx.now())));
    if let State::Closed(outcome) = after.state {
        let outcome = pb::rectification::Outcome::from_str_name(outcome.as_str()).unwrap_or_default();
        let closed = pb::RectificationClosed { rectification: number.clone(), outcome: outcome.into(), time };
        tx.emit(center, &number, version, &closed);
        return;
    }
    let runs = after.due();
    for ended in ran.iter().filter(|ran| !runs.iter().any(|runs| runs.is(ran))) {
        use pb::rectification_step_done::How;
        let is_given = runs.iter().any(|runs| runs.step == ended.step);
        let done = pb::RectificationStepDone {
            rectification: number.clone(),
            step: step(ended.step).into(),
            department: ended.handler.department().to_owned(),
            run: ended.run,
            how: if is_given { How::GivenOn } else { How::Done }.into(),
            time,
        };
        tx.emit(center, &number, version, &done);
    }
    for due in runs {
        let department = due.handler.department().to_owned();
        match ran.iter().find(|ran| ran.is(&due)) {
            None => {
                let due = pb::RectificationStepDue {
                    rectification: number.clone(),
                    center: center.to_owned(),
                    step: step(due.step).into(),
                    department,
                    run: due.run,
                    from_on: due.from.to_string(),
                    days: due.days,
                    time,
                };
                tx.emit(center, &number, version, &due);
            }
            Some(ran) if ran.days < due.days => {
                let extended = pb::RectificationExtended {
                    rectification: number.clone(),
                    department,
                    run: due.run,
                    days: due.days - ran.days,
                    time,
                };
                tx.emit(center, &number, version, &extended);
            }
            Some(_) => {}
        }
    }
}

fn step(step: Step) -> pb::rectification_step_due::Step {
    pb::rectification_step_due::Step::from_str_name(step.as_str()).unwrap_or_default()
}
