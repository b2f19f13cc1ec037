//! What follows from what was heard: the days of next rungs, the boards' figures, what one case gives to ask.
//!
//! Events only note what happened. This chore takes the cases that something was noted of, many at a time,
//! so that what a case counts for is computed once for a burst of events.

use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_platform::Context;
use yimen_platform::store::Tx;

use super::ladder;
use crate::domain::fact::difference;
use crate::domain::{CaseFile, Flag, Kind, Rung};
use crate::store::clocks::{self, Derived, End, Key};
use crate::store::facts::{self, Change};
use crate::store::{appeals, applications, cases, flags, red_list};

/// Why a warning is corrected without an appeal; everyone reads it.
const HEARD_LATE: &str =
    "经核，该事项已在期限届满前办结，办结消息迟到。 It had been done in time; the news of it came late.";
/// Cases that one transaction takes on: it holds their rows.
const BATCH: usize = 200;

/// Settles every case that something was noted of. Copies of the service take different ones. What is noted meanwhile
/// waits for the next round, so that a burst is computed once.
///
/// What turns out to be due by now, as after a while of standing still, climbs at once.
pub async fn all(ctx: Context) -> Result<()> {
    let today = local_date(ctx.store.now());
    let mut is_due = false;
    loop {
        let mut tx = ctx.store.begin().await?;
        let files = applications::lease_unsettled(tx.sql(), BATCH).await?;
        if files.is_empty() {
            break;
        }
        let edition = tx.calendar().await?;
        let calendar = &edition.calendar;
        let timers = files.iter().flat_map(|file| &file.timers);
        let derived: Vec<Derived> = timers.map(|timer| Derived::of(timer, calendar)).collect();
        is_due |= derived.iter().any(|one| one.is_due(today));
        clocks::derive(tx.sql(), &derived, edition.version).await?;

        let numbers: Vec<String> = files.iter().map(|file| file.number.clone()).collect();
        let mut counted = facts::of_cases(tx.sql(), &numbers).await?;
        let changes: Vec<Change<'_>> = files
            .iter()
            .map(|file| {
                let before = counted.remove(&file.number).unwrap_or_default();
                let after = file.facts(calendar);
                Change { file, difference: difference(&before, &after), after }
            })
            .collect();
        facts::keep(tx.sql(), &changes).await?;

        let mut is_corrected = false;
        for file in &files {
            is_corrected |= correct(&mut tx, file).await?;
        }
        let asked: Vec<Flag> = files.iter().flat_map(|file: &CaseFile| file.flags(calendar)).collect();
        let now = tx.now();
        flags::ask(tx.sql(), &asked, now).await?;
        let refuted = files.iter().flat_map(CaseFile::refuted).filter(|told| told.public);
        let public: Vec<Uuid> = refuted.map(|told| told.warning).collect();
        red_list::tell(tx.sql(), &public).await?;
        tx.commit().await?;
        if files.len() < BATCH && !is_corrected {
            break;
        }
    }
    if is_due { ladder::climb(ctx).await } else { Ok(()) }
}

/// Adds what settling changed to the boards' figures.
pub async fn add_up(ctx: Context) -> Result<()> {
    facts::add_up(&mut *ctx.store.read().await?).await
}

/// Corrects what was told of days before it was heard that it had been done: after a while of standing still
/// the ladder may be climbed before the last event has come. Its case is to be settled once more then; says
/// whether it is.
async fn correct(tx: &mut Tx, file: &CaseFile) -> Result<bool> {
    let now = tx.now();
    let mut is_corrected = false;
    for told in file.refuted() {
        appeals::correct(tx.sql(), told.warning, HEARD_LATE, now).await?;
        if told.rung == Rung::Case
            && let Some(run) = cases::void(tx.sql(), told.clock, HEARD_LATE, now).await?
        {
            let run = u32::try_from(run).map_err(Error::internal)?;
            let (number, department) = (file.number.clone(), told.department.clone());
            let key = Key { number, kind: Kind::SupervisionCase, department, run };
            let edition = tx.calendar().await?.version;
            clocks::put(tx.sql(), &[], &[End { key, at: now, outcome: "VOID".to_owned() }], edition).await?;
        }
        applications::unsettle(tx.sql(), std::slice::from_ref(&file.number)).await?;
        is_corrected = true;
    }
    Ok(is_corrected)
}
