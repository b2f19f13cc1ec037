//! Questions to departments, and the SQL that finds what is to be asked.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::int;
use crate::domain::Flag;
use crate::domain::flag::{self, Kind, Share};

/// Cases that are named as evidence.
const NAMED: usize = 50;

/// A question, and its answer.
pub struct Row {
    pub flag: Uuid,
    pub kind: String,
    pub center: String,
    pub department: String,
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
    pub observed: i32,
    pub threshold: i32,
    pub numbers: Vec<String>,
    pub at: DateTime<Utc>,
    pub answer: String,
    pub answered_at: Option<DateTime<Utc>>,
}

/// Asks, once for each subject.
pub async fn ask(connection: &mut PgConnection, flags: &[Flag], now: DateTime<Utc>) -> Result<()> {
    for flag in flags {
        let numbers: Vec<String> = flag.numbers.iter().take(NAMED).cloned().collect();
        sqlx::query!(
            "insert into supervision.flag
               (flag, kind, center, department, subject, from_on, until_on, observed, threshold, numbers, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict on constraint flag_once do nothing",
            Uuid::now_v7(),
            flag.kind.as_str(),
            flag.center,
            flag.department,
            flag.subject,
            flag.from_on,
            flag.until_on,
            int(flag.observed)?,
            int(flag.threshold)?,
            &numbers,
            now
        )
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    }
    Ok(())
}

/// Which questions are wanted.
#[derive(Default)]
pub struct Filter {
    pub one: Option<Uuid>,
    pub center: Option<String>,
    pub department: Option<String>,
    /// Only those without an answer.
    pub open: bool,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// Questions, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select flag, kind, center, department, from_on, until_on, observed, threshold, numbers, at, answer,
                answered_at
         from supervision.flag
         where ($1::uuid is null or flag = $1)
           and ($2::text is null or center = $2)
           and ($3::text is null or department = $3)
           and (not $4 or answered_at is null)
           and ($5::uuid is null or flag < $5)
         order by flag desc limit $6",
        filter.one,
        filter.center,
        filter.department,
        filter.open,
        filter.after,
        filter.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Keeps the answer, once.
pub async fn answer(
    connection: &mut PgConnection,
    flag: Uuid,
    (answerer, answer): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update supervision.flag set answer = $2, answerer = $3, answered_at = $4
         where flag = $1 and answered_at is null",
        flag,
        answer,
        answerer,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// What many cases of a department show together.
struct Shown {
    center: String,
    department: String,
    subject: String,
    day: NaiveDate,
    observed: i32,
    numbers: Vec<String>,
}

fn asked(kind: Kind, threshold: i32, rows: Vec<Shown>) -> Vec<Flag> {
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    let flag = |row: Shown| Flag {
        kind,
        center: row.center,
        department: row.department,
        subject: row.subject,
        from_on: row.day,
        until_on: row.day,
        observed: number(row.observed),
        threshold: number(threshold),
        numbers: row.numbers,
    };
    rows.into_iter().map(flag).collect()
}

/// Opinions since a moment that came many within one minute.
pub async fn in_bulk(connection: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<Flag>> {
    let rows = sqlx::query_as!(
        Shown,
        r#"select left(number, 6) as "center!", department, date_trunc('minute', ended_at at time zone 'UTC')::text as "subject!",
                  min(ended_on) as "day!", count(*)::integer as "observed!",
                  (array_agg(number order by ended_at))[1:50] as "numbers!"
           from supervision.clock
           where kind = 'TASK' and ended_at >= $1 and outcome not in ('WITHDRAWN', 'CASE_ENDED')
           group by 1, 2, 3 having count(*) >= $2"#,
        since,
        i64::from(flag::BULK)
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(asked(Kind::BulkOpinions, flag::BULK, rows))
}

/// Opinions since a moment that came many on one day outside working hours, or on one of the days off.
pub async fn out_of_hours(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
    days_off: &[NaiveDate],
) -> Result<Vec<Flag>> {
    let (opens, closes) = flag::HOURS;
    let rows = sqlx::query_as!(
        Shown,
        r#"select left(number, 6) as "center!", department, ended_on::text as "subject!", ended_on as "day!",
                  count(*)::integer as "observed!", (array_agg(number order by ended_at))[1:50] as "numbers!"
           from supervision.clock
           where kind = 'TASK' and ended_at >= $1 and outcome not in ('WITHDRAWN', 'CASE_ENDED')
             and (ended_on = any($2)
                  or extract(hour from ended_at at time zone 'UTC' + interval '8 hours') < $3
                  or extract(hour from ended_at at time zone 'UTC' + interval '8 hours') >= $4)
           group by 1, 2, 3, 4 having count(*) >= $5"#,
        since,
        days_off,
        opens as _,
        closes as _,
        i64::from(flag::OUT_OF_HOURS)
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(asked(Kind::OutOfHoursOpinions, flag::OUT_OF_HOURS, rows))
}

/// Procedures of a month that ended again and again on the last announced day.
pub async fn on_last_days(
    connection: &mut PgConnection,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<Flag>> {
    let rows = sqlx::query_as!(
        Shown,
        r#"select left(s.number, 6) as "center!", s.department, $1::date::text as "subject!",
                  max(s.ended_on) as "day!", count(*)::integer as "observed!",
                  (array_agg(s.number order by s.ended_on))[1:50] as "numbers!"
           from supervision.suspension s
           join supervision.clock c on c.number = s.number and c.kind = 'PROCEDURE'
             and c.department = s.department and c.run = s.run
           where s.ended_on between $1 and $2 and s.ended_on >= s.from_on + c.promised_days
           group by 1, 2 having count(*) >= $3"#,
        from,
        until,
        i64::from(flag::LAST_DAYS)
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let rows = asked(Kind::LastDayResumption, flag::LAST_DAYS, rows);
    Ok(rows.into_iter().map(|one| Flag { from_on: from, ..one }).collect())
}

/// How much time the departments left out in a month, center by center.
pub async fn shares(connection: &mut PgConnection, month: NaiveDate) -> Result<Vec<(String, Vec<Share>)>> {
    let rows = sqlx::query!(
        r#"select center as "center!", department as "department!",
                  coalesce(sum(days) filter (where measure = 'SUSPENDED_DAYS'), 0)::bigint as "suspended!",
                  coalesce(sum(days) filter (where measure = 'OPINION_DAYS'), 0)::bigint as "used!"
           from supervision.figure, lateral (
             select sum(case measure when 'OPINION_DAYS' then (place - 1) * count else count end) as days
             from unnest(counts) with ordinality bucket(count, place)) added
           where scope = 'DEPARTMENT' and grain = 'MONTH' and first_on = $1 and department <> ''
             and measure in ('SUSPENDED_DAYS', 'OPINION_DAYS')
           group by 1, 2 order by 1, 2"#,
        month
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut centers: Vec<(String, Vec<Share>)> = Vec::new();
    for row in rows {
        let days = |days: i64| u64::try_from(days).unwrap_or_default();
        let share =
            Share { department: row.department, suspended: days(row.suspended), used: days(row.used) };
        match centers.last_mut() {
            Some((center, shares)) if *center == row.center => shares.push(share),
            _ => centers.push((row.center, vec![share])),
        }
    }
    Ok(centers)
}
