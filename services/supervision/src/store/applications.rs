//! What the clocks of an application have in common.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::{column, db};

use super::{int, odd, suspensions, timers};
use crate::domain::fact::Told;
use crate::domain::{CaseFile, Kind, Rung};

/// A case, as whoever changes its clocks needs it.
pub struct Row {
    pub ended_on: Option<NaiveDate>,
    pub fee_settled_on: Option<NaiveDate>,
    /// Whether somebody follows up its fee.
    pub is_followed_up: bool,
}

/// A case that is to be settled.
struct Taken {
    number: String,
    center: String,
    item: String,
    outcome: String,
    ended_on: Option<NaiveDate>,
    completed_on: Option<NaiveDate>,
}

/// Where a case belongs.
#[derive(Clone)]
pub struct Begun {
    pub center: String,
    pub item: String,
}

/// Makes rows for cases that have none; those of which it is said where they belong are known from then on.
pub async fn insert(connection: &mut PgConnection, cases: &BTreeMap<String, Option<Begun>>) -> Result<()> {
    let numbers: Vec<&str> = cases.keys().map(String::as_str).collect();
    let begun: Vec<Option<&Begun>> = cases.values().map(Option::as_ref).collect();
    sqlx::query!(
        "insert into supervision.application (number, center, item, known)
         select number, coalesce(center, ''), coalesce(item, ''), center is not null
         from unnest($1::text[], $2::text[], $3::text[]) given(number, center, item)
         order by number
         on conflict (number) do update set center = excluded.center, item = excluded.item, known = true
         where excluded.known and not application.known",
        &numbers as &[&str],
        &column(&begun, |begun| begun.map(|begun| begun.center.as_str())) as &[Option<&str>],
        &column(&begun, |begun| begun.map(|begun| begun.item.as_str())) as &[Option<&str>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes the rows of cases, for a change after which they are to be settled. Whoever hears of them holds them already
/// ([`insert`]), so what is read is what its last holder left.
pub async fn lock(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Row>> {
    let rows = sqlx::query!(
        r#"with held as (
             select a.number, a.ended_on, a.fee_settled_on, a.unsettled
             from unnest($1::text[]) given(number) join supervision.application a using (number)
             order by a.number for update of a),
         marked as (
             update supervision.application a set unsettled = true from held
             where a.number = held.number and not held.unsettled)
         select number, ended_on, fee_settled_on,
                exists (select from supervision.clock c
                        where c.number = held.number and c.kind = $2 and c.ended_on is null) as "is_followed_up!"
         from held"#,
        numbers,
        Kind::FeeFollowUp.as_str()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let row = |ended_on, fee_settled_on, is_followed_up| Row { ended_on, fee_settled_on, is_followed_up };
    let kept = rows
        .into_iter()
        .map(|taken| (taken.number, row(taken.ended_on, taken.fee_settled_on, taken.is_followed_up)));
    Ok(kept.collect())
}

/// Has cases settled that somebody holds.
pub async fn unsettle(connection: &mut PgConnection, numbers: &[String]) -> Result<()> {
    sqlx::query!(
        "update supervision.application a set unsettled = true
         from (select distinct unnest($1::text[]) as number) given
         where a.number = given.number and not a.unsettled",
        numbers
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Has all settled again.
pub async fn unsettle_all(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("update supervision.application set unsettled = true where not unsettled")
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// Notes that nothing runs any more, and why.
pub async fn end(connection: &mut PgConnection, number: &str, day: NaiveDate, outcome: &str) -> Result<()> {
    sqlx::query!(
        "update supervision.application set ended_on = $2, outcome = $3 where number = $1",
        number,
        day,
        outcome
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// 办结.
pub async fn complete(connection: &mut PgConnection, numbers: &[String], days: &[NaiveDate]) -> Result<()> {
    sqlx::query!(
        "update supervision.application a set completed_on = given.day
         from unnest($1::text[], $2::date[]) given(number, day) where a.number = given.number",
        numbers,
        days
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes that nothing more is to be paid.
pub async fn settle_fee(connection: &mut PgConnection, numbers: &[String], days: &[NaiveDate]) -> Result<()> {
    sqlx::query!(
        "update supervision.application a set fee_settled_on = given.day
         from unnest($1::text[], $2::date[]) given(number, day) where a.number = given.number",
        numbers,
        days
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes the extension.
pub async fn extend(connection: &mut PgConnection, number: &str, days: u32, authority: &str) -> Result<()> {
    sqlx::query!(
        "update supervision.application set extension_days = $2, extension_authority = $3 where number = $1",
        number,
        int(days)?,
        authority
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes cases that are to be settled and that nobody else has, with all that is known of them; they count
/// as settled when the transaction commits.
pub async fn lease_unsettled(connection: &mut PgConnection, limit: usize) -> Result<Vec<CaseFile>> {
    let rows = sqlx::query_as!(
        Taken,
        "update supervision.application a set unsettled = false
         from (select number from supervision.application where unsettled and known limit $1
               for update skip locked) taken
         where a.number = taken.number
         returning a.number, a.center, a.item, a.outcome, a.ended_on, a.completed_on",
        i64::try_from(limit).map_err(Error::internal)?
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    let clocks = timers::of_cases(connection, &numbers).await?;
    let mut timers = HashMap::new();
    for kept in timers::load(connection, &clocks).await? {
        timers.entry(kept.number).or_insert_with(Vec::new).push(kept.timer);
    }
    let mut procedures = suspensions::of_cases(connection, &numbers).await?;
    let mut warnings = told(connection, &numbers).await?;
    let file = |row: Taken| CaseFile {
        timers: timers.remove(&row.number).unwrap_or_default(),
        procedures: procedures.remove(&row.number).unwrap_or_default(),
        warnings: warnings.remove(&row.number).unwrap_or_default(),
        number: row.number,
        center: row.center,
        item: row.item,
        outcome: row.outcome,
        ended_on: row.ended_on,
        completed_on: row.completed_on,
    };
    Ok(rows.into_iter().map(file).collect())
}

/// The warnings of cases.
async fn told(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Vec<Told>>> {
    let rows = sqlx::query!(
        r#"select c.number, c.department, c.clock, c.ended_on, w.warning, w.public, w.rung, w.reached_on,
                  case when p.state = 'UPHELD' then p.decided_at end as corrected_at
           from unnest($1::text[]) given(number)
           join supervision.clock c using (number)
           join supervision.warning w using (clock)
           left join supervision.appeal p using (warning)"#,
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<Told>> = HashMap::new();
    for row in rows {
        let told = Told {
            warning: row.warning,
            clock: row.clock,
            ended_on: row.ended_on,
            public: row.public,
            department: row.department,
            rung: Rung::parse(&row.rung).ok_or_else(|| odd("rung"))?,
            reached_on: row.reached_on,
            corrected_on: row.corrected_at.map(local_date),
        };
        of_case.entry(row.number).or_default().push(told);
    }
    Ok(of_case)
}
