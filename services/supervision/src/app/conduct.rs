//! Looks at what many cases show together, and asks the departments about it.

use chrono::{Days, NaiveDate};
use yimen_kernel::Calendar;
use yimen_kernel::date::{day_start, local_date};
use yimen_kernel::error::Result;
use yimen_platform::Context;

use crate::domain::Flag;
use crate::domain::board::Grain;
use crate::domain::flag::{Kind, outliers};
use crate::store::flags;

/// Days back from today that are looked at, so that nothing is missed after a while of standing still.
const BACK: u64 = 35;

/// Asks about everything that was not asked about yet.
pub async fn look(ctx: Context) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    let (now, edition) = (tx.now(), tx.calendar().await?);
    let today = local_date(now);
    let first = today.checked_sub_days(Days::new(BACK)).unwrap_or(today);
    let since = day_start(first);
    let mut asked = flags::in_bulk(tx.sql(), since).await?;
    let days_off = days_off(&edition.calendar, first, today);
    asked.extend(flags::out_of_hours(tx.sql(), since, &days_off).await?);
    let this = Grain::Month.first(today);
    let last = Grain::Month.first(this.pred_opt().unwrap_or(this));
    for month in [last, this] {
        asked.extend(flags::on_last_days(tx.sql(), (month, Grain::Month.last(month))).await?);
    }
    // A share says something when the month is over.
    for (center, shares) in flags::shares(tx.sql(), last).await? {
        let flag = |(department, observed, threshold)| Flag {
            kind: Kind::SuspendedShare,
            center: center.clone(),
            department,
            subject: last.to_string(),
            from_on: last,
            until_on: Grain::Month.last(last),
            observed,
            threshold,
            numbers: Vec::new(),
        };
        asked.extend(outliers(&shares).into_iter().map(flag));
    }
    flags::ask(tx.sql(), &asked, now).await?;
    tx.commit().await
}

fn days_off(calendar: &Calendar, from: NaiveDate, until: NaiveDate) -> Vec<NaiveDate> {
    from.iter_days().take_while(|day| *day <= until).filter(|day| !calendar.is_working(*day)).collect()
}
