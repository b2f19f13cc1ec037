//! The ladder: each rung of each clock leaves its warning once, with the day on which it was reached.

use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::timestamp;
use crate::domain::{Kind, Reached, Rung, Timer};
use crate::store::timers::{self, Due};
use crate::store::{clocks, warnings};

/// Clocks that one transaction takes on: it holds their rows.
const BATCH: i64 = 200;

/// Lets every clock that is due climb. Copies of the service take different ones.
pub async fn climb(ctx: &Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let today = local_date(tx.now());
        let due = timers::lease_due(tx.sql(), today, BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        let edition = tx.calendar().await?;
        let mut next = Vec::with_capacity(due.len());
        for Due { number, center, mut timer } in due {
            for reached in timer.news(&edition.calendar, today) {
                warn(&mut tx, &number, &center, &timer, reached).await?;
                timer.fired.push(reached.rung);
            }
            next.push((timer.id, timer.next_on(&edition.calendar)));
        }
        clocks::set_next(tx.sql(), &next, edition.version).await?;
        tx.commit().await?;
    }
}

async fn warn(tx: &mut Tx, number: &str, center: &str, timer: &Timer, reached: Reached) -> Result<()> {
    let now = tx.now();
    if !warnings::insert(tx.sql(), Uuid::now_v7(), timer.id, center, reached, now).await? {
        return Ok(());
    }
    let time = Some(timestamp(now));
    let version = i64::from(timer.run);
    tx.emit(
        center,
        number,
        version,
        &pb::WarningRaised {
            number: number.to_owned(),
            center: center.to_owned(),
            department: timer.department.clone(),
            kind: kind(timer.kind).into(),
            rung: rung(reached.rung).into(),
            reached_on: reached.on.to_string(),
            time,
        },
    );
    if timer.kind == Kind::Acceptance && reached.rung == Rung::DarkRed {
        let lapsed = pb::AcceptanceLapsed {
            number: number.to_owned(),
            received_on: timer.started_on.to_string(),
            notices: timer.run - 1,
            time,
        };
        tx.emit(center, number, version, &lapsed);
    }
    Ok(())
}

/// A kind on the wire.
pub fn kind(kind: Kind) -> pb::clock::Kind {
    pb::clock::Kind::from_str_name(kind.as_str()).unwrap_or_default()
}

/// A rung on the wire.
pub fn rung(rung: Rung) -> pb::warning::Rung {
    pb::warning::Rung::from_str_name(rung.as_str()).unwrap_or_default()
}
