//! The ladder: each rung of each clock leaves its warning once, with the day on which it was reached.

use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::timestamp;
use crate::domain::{Kind, Reached, Rung, Timer};
use crate::store::cases::{self, Opened};
use crate::store::clocks::{self, Derived, Key, Limits, Start};
use crate::store::timers::{self, Kept};
use crate::store::{applications, red_list, warnings};

/// Clocks that one transaction takes on: it holds their rows.
const BATCH: i64 = 200;
/// Working days for the reply to a supervision case (示例).
const REPLY_DAYS: u32 = 5;

/// Lets every clock that is due climb. Copies of the service take different ones.
pub async fn climb(ctx: Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let today = local_date(tx.now());
        let due = timers::lease_due(tx.sql(), today, BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        let edition = tx.calendar().await?;
        let mut derived = Vec::with_capacity(due.len());
        let (mut numbers, mut public) = (Vec::new(), Vec::new());
        for Kept { number, center, mut timer } in timers::load(tx.sql(), &due).await? {
            for reached in timer.news(&edition.calendar, today) {
                if let Some(warning) = warn(&mut tx, &number, &center, &timer, reached).await? {
                    public.extend(reached.rung.is_public(timer.kind).then_some(warning));
                }
                timer.fired.push(reached.rung);
                numbers.push(number.clone());
            }
            derived.push(Derived::of(&timer, &edition.calendar));
        }
        clocks::derive(tx.sql(), &derived, edition.version).await?;
        applications::unsettle(tx.sql(), &numbers).await?;
        red_list::tell(tx.sql(), &public).await?;
        tx.commit().await?;
    }
}

async fn warn(
    tx: &mut Tx,
    number: &str,
    center: &str,
    timer: &Timer,
    reached: Reached,
) -> Result<Option<Uuid>> {
    let now = tx.now();
    let public = reached.rung.is_public(timer.kind);
    let warning = warnings::insert(tx.sql(), timer.id, center, reached, public, now).await?;
    if warning.is_none() {
        return Ok(None);
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
    if reached.rung == Rung::Case {
        open_case(tx, number, center, timer, reached).await?;
    }
    Ok(warning)
}

/// 督办: the department is asked, from today on.
async fn open_case(tx: &mut Tx, number: &str, center: &str, timer: &Timer, reached: Reached) -> Result<()> {
    let (opened_on, department) = (local_date(tx.now()), timer.department.as_str());
    let run = clocks::next_run(tx.sql(), number, Kind::SupervisionCase, department).await?;
    let limits = Limits { unit: Unit::WorkingDays, promised: Some(REPLY_DAYS), statutory: None };
    let (number, kind) = (number.to_owned(), Kind::SupervisionCase);
    let key = Key { number, kind, department: department.to_owned(), run };
    let edition = tx.calendar().await?.version;
    clocks::put(tx.sql(), &[Start { key, on: opened_on, limits }], &[], edition).await?;
    let opened = Opened { clock: timer.id, run, center, department, due_on: reached.due_on, opened_on };
    cases::open(tx.sql(), &opened).await
}

/// A kind on the wire.
pub fn kind(kind: Kind) -> pb::clock::Kind {
    pb::clock::Kind::from_str_name(kind.as_str()).unwrap_or_default()
}

/// A rung on the wire.
pub fn rung(rung: Rung) -> pb::warning::Rung {
    pb::warning::Rung::from_str_name(rung.as_str()).unwrap_or_default()
}
