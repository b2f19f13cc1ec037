//! Complaints in figures, for everyone.

use chrono::{Datelike as _, NaiveDate};
use yimen_kernel::DivisionCode;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_platform::Context;
use yimen_proto::complaints::v1 as pb;

use crate::store::figures as table;

/// The figures of a center's units, of a span of days; without one, of the year up to today.
///
/// # Errors
/// When the database fails.
pub async fn get(
    ctx: &Context,
    center: &DivisionCode,
    from_on: Option<NaiveDate>,
    until_on: Option<NaiveDate>,
) -> Result<pb::ComplaintFigures> {
    let until_on = until_on.unwrap_or_else(|| local_date(ctx.store.now()));
    let from_on = from_on.or_else(|| NaiveDate::from_ymd_opt(until_on.year(), 1, 1)).unwrap_or(until_on);
    let mut connection = ctx.store.read().await?;
    let rows = table::of_center(&mut connection, center.as_str(), (from_on, until_on)).await?;
    let lines = rows.into_iter().map(line).collect::<Result<_>>()?;
    Ok(pb::ComplaintFigures { lines, from_on: from_on.to_string(), until_on: until_on.to_string() })
}

fn line(row: table::Line) -> Result<pb::complaint_figures::Line> {
    let count = |number: i64| u64::try_from(number).map_err(Error::internal);
    let (department, window) =
        if row.kind == "DEPARTMENT" { (row.id, String::new()) } else { (String::new(), row.id) };
    Ok(pb::complaint_figures::Line {
        department,
        window,
        filed: count(row.filed)?,
        declined: count(row.declined)?,
        withdrawn: count(row.withdrawn)?,
        founded: count(row.founded)?,
        unfounded: count(row.unfounded)?,
        held_to_account: count(row.held_to_account)?,
    })
}
