//! Finished cases, copied to as many as years would bring: the same rows under other numbers, ids and days.
//!
//! Ten years back, every day alike. What only the last thirty days have (events, what was heard, answers) is copied
//! for those.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use yimen::definitions;
use yimen_kernel::date::local_date;
use yimen_kernel::{CaseNumber, DivisionCode};
use yimen_platform::clock::{Clock as _, SystemClock};
use yimen_platform::messages::KEPT;

use crate::catalog;

const YEARS: u32 = 10;
const DAYS: u32 = 364;
/// Serials of a center's day that one round through all days uses.
const SERIALS: u32 = 1_000;
/// Copies of every seed that are made by one round of statements.
const BATCH: u32 = 500;
/// Tables that tell of no single case, and links that lead to none.
const NOT_OF_CASES: [&str; 21] = [
    "migration",
    "subscription",
    "calendar_notice",
    "item_version",
    "lookup_attempt",
    "fee",
    "receipt_series",
    "opt_out",
    "pace",
    "signature",
    "simulator",
    "template",
    "task_feed",
    "rollup",
    "rollup_again",
    "difference",
    "figure",
    "red_list",
    "red_list_change",
    "flag",
    "rating_link",
];
/// Tables that are purged.
const OF_LATE: [&str; 3] = ["outbox", "processed", "request"];

/// A column of a table that is copied.
#[derive(sqlx::FromRow)]
struct Column {
    table: String,
    column: String,
    kind: String,
}

/// The hall's cases, growing.
pub struct History {
    connection: PgConnection,
    seeds: Vec<String>,
    today: NaiveDate,
    statements: Vec<String>,
    /// Copies of each seed there are.
    copies: u32,
}

impl History {
    /// Keeps the cases that there are as seeds; they are finished.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(url: &str, seeds: Vec<String>) -> Result<Self, String> {
        let mut connection = PgConnection::connect(url).await.map_err(said)?;
        // Whoever comes from now on draws serials that no copy has.
        let run = "select setval('intake.document_serial', 9000000), setval('fees.notice_serial', 9000000),
               setval('fees.payment_code_serial', 90000000000);
             update fees.receipt_series set last = 9000000;
             create schema bench;
             create table bench.again (nth integer primary key, days integer not null, year integer not null);
             create table bench.number (old text, nth integer, new text not null, primary key (nth, old));
             create table bench.serials as
               select max(right(document, 7)::integer) + 1 as count
               from (select document from intake.document union all select notice from fees.notice
                     union all select receipt from fees.receipt) documents";
        execute(&mut connection, run).await?;
        let columns = columns(&mut connection).await?;
        let order = order(&mut connection, columns.keys()).await?;
        let mut statements = Vec::with_capacity(order.len());
        for table in order {
            let kept = format!("bench.{}", table.replace('.', "_"));
            execute(&mut connection, &format!("create table {kept} as table {table}")).await?;
            if let Some(columns) = columns.get(&table) {
                statements.push(statement(&table, &kept, columns));
            }
        }
        let today = local_date(SystemClock.now());
        Ok(Self { connection, seeds, today, statements, copies: 0 })
    }

    /// Copies until there are so many cases, the seeds among them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn grow_to(&mut self, cases: u32) -> Result<(), String> {
        let seeds = u32::try_from(self.seeds.len()).map_err(|error| error.to_string())?;
        let wanted = (cases / seeds).saturating_sub(1);
        while self.copies < wanted {
            let until = wanted.min(self.copies + BATCH);
            self.number(self.copies + 1, until).await?;
            // Whole at once: what the services do with half a case is not what was copied.
            let mut tx = self.connection.begin().await.map_err(said)?;
            for statement in &self.statements {
                sqlx::query(AssertSqlSafe(statement.as_str()))
                    .bind(i32::try_from(self.copies + 1).map_err(|error| error.to_string())?)
                    .bind(i32::try_from(until).map_err(|error| error.to_string())?)
                    .execute(&mut *tx)
                    .await
                    .map_err(|error| format!("{error}: {statement}"))?;
            }
            tx.commit().await.map_err(said)?;
            self.copies = until;
        }
        Ok(())
    }

    /// Gives the copies from one to another their days and their cases' numbers.
    async fn number(&mut self, from: u32, until: u32) -> Result<(), String> {
        let (mut nths, mut days, mut years) = (Vec::new(), Vec::new(), Vec::new());
        let (mut olds, mut of, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for nth in from..=until {
            // As long as any year: 365 days may lead from one end of a leap year to the other.
            let back = (nth % YEARS) * 366 + 1 + (nth / YEARS) % DAYS;
            let day = self.today - Days::new(back.into());
            let nth = i32::try_from(nth).map_err(|error| error.to_string())?;
            nths.push(nth);
            days.push(i32::try_from(back).map_err(|error| error.to_string())?);
            years.push(day.year());
            for (place, old) in (0_u32..).zip(&self.seeds) {
                let center = DivisionCode::parse(old.get(..6).unwrap_or_default());
                let serial = nth.unsigned_abs() / (YEARS * DAYS) * SERIALS + place;
                let new = center.and_then(|center| CaseNumber::issue(&center, day, serial));
                olds.push(old.clone());
                of.push(nth);
                news.push(new.map_err(|fault| format!("{fault:?}"))?.to_string());
            }
        }
        let run = sqlx::query(
            "insert into bench.again select * from unnest($1::integer[], $2::integer[], $3::integer[])",
        );
        run.bind(nths).bind(days).bind(years).execute(&mut self.connection).await.map_err(said)?;
        let run = sqlx::query(
            "insert into bench.number select * from unnest($1::text[], $2::integer[], $3::text[])",
        );
        run.bind(olds).bind(of).bind(news).execute(&mut self.connection).await.map_err(said)?;
        execute(&mut self.connection, "analyze bench.again, bench.number").await
    }
}

/// The columns of the tables that tell of cases.
async fn columns(connection: &mut PgConnection) -> Result<BTreeMap<String, Vec<Column>>, String> {
    let schemas: Vec<&str> = definitions().map(|definition| definition.name).into();
    let all: Vec<Column> = sqlx::query_as(
        "select table_schema || '.' || table_name as table, column_name::text as column, udt_name::text as kind
         from information_schema.columns join information_schema.tables using (table_schema, table_name)
         where table_type = 'BASE TABLE' and table_schema = any($1) and table_schema <> 'identity' and table_name <> all($2)
           and is_generated = 'NEVER' and is_identity = 'NO'
         order by table_schema, table_name, ordinal_position",
    )
    .bind(schemas)
    .bind(NOT_OF_CASES.map(str::to_owned).to_vec())
    .fetch_all(connection)
    .await
    .map_err(said)?;
    let mut columns: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for column in all {
        columns.entry(column.table.clone()).or_default().push(column);
    }
    Ok(columns)
}

/// The tables, each behind those that it refers to.
async fn order<'t>(
    connection: &mut PgConnection,
    tables: impl Iterator<Item = &'t String>,
) -> Result<Vec<String>, String> {
    let refers: Vec<(String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
         where contype = 'f' and conrelid <> confrelid",
    )
    .fetch_all(connection)
    .await
    .map_err(said)?;
    let mut left: BTreeSet<String> = tables.cloned().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |table: &&String| refers.iter().any(|(from, to)| from == *table && left.contains(to));
        let free: Vec<String> = left.iter().filter(|table| !waits(table)).cloned().collect();
        if free.is_empty() {
            return Err(format!("tables refer to each other in a circle: {left:?}"));
        }
        left.retain(|table| !free.contains(table));
        order.extend(free);
    }
    Ok(order)
}

/// Copies the seeds of a table for a range of copies.
fn statement(table: &str, seeds: &str, columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.column)).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    let numbered = columns.iter().map(|column| column.column.as_str()).find(|name| is_number(table, name));
    let number = match numbered {
        Some(name) => format!("left join bench.number n on n.old = t.\"{name}\" and n.nth = a.nth"),
        None => String::new(),
    };
    let is_late = OF_LATE.iter().any(|late| table.ends_with(&format!(".{late}")));
    let late = if is_late { format!("and a.days < {}", KEPT.num_days()) } else { String::new() };
    format!(
        "insert into {table} ({names}) select {values} from {seeds} t cross join bench.again a {number}
         cross join bench.serials s where a.nth between $1 and $2 {late}",
        names = names.join(", "),
        values = values.join(", ")
    )
}

/// Whether a column holds the number of a case.
fn is_number(table: &str, column: &str) -> bool {
    column == "number" || (column == "subject" && table.ends_with(".outbox"))
}

/// What a copy has in a column.
fn value(column: &Column) -> String {
    let Column { table, column: name, kind } = column;
    let old = format!("t.\"{name}\"");
    let id = |old: &str| format!("md5({old} || '-' || a.nth)::uuid");
    // Each year's serials of a copy follow those of the copy before it.
    let serial = |old: &str| format!("(a.nth / {YEARS} + 1) * s.count + {old}");
    let document = |old: &str| {
        let serial = serial(&format!("substr({old}, 16, 7)::integer"));
        format!("left({old}, 10) || a.year || '-' || lpad(({serial})::text, 7, '0')")
    };
    match (name.as_str(), kind.as_str()) {
        (name, _) if is_number(table, name) => format!("coalesce(n.new, {old})"),
        (_, "uuid") => id(&format!("{old}::text")),
        ("document" | "notice" | "receipt" | "replaced_by", _) => {
            format!("case when {old} like '______-__-____-_______' then {} else {old} end", document(&old))
        }
        ("payment_code", _) => {
            format!(
                "left({old}, 8) || lpad((a.nth::bigint * s.count + substr({old}, 9, 11)::bigint)::text, 11, '0') || '0'"
            )
        }
        // A notice and its version, or a payment.
        ("source", _) if table == "fees.entry" => format!(
            "case when {old} like '______-__-____-_______/%' then {} || substr({old}, 23) else {}::text end",
            document(&old),
            id(&old)
        ),
        ("reference" | "request_id", _) => format!("{old} || '-' || a.nth"),
        ("year", _) => "a.year".to_owned(),
        ("serial", _) => serial(&old),
        // Nobody who follows the feed from where it was hears of a copy.
        ("seq", _) => format!("{old} - a.nth * 1000000::bigint"),
        // Nobody is reminded of a copy.
        ("reminded_at", _) => "now() - make_interval(days => a.days)".to_owned(),
        (_, "date") => format!("{old} - a.days"),
        (_, "_date") => format!("array(select day - a.days from unnest({old}) day)"),
        (_, "timestamptz") => format!("{old} - make_interval(days => a.days)"),
        _ => old,
    }
}

/// Boards of ten years on which so many cases are counted, evenly on the centers; for those that have none.
pub fn boards(cases: u32) -> String {
    let (centers, today) = (catalog::CENTERS, local_date(SystemClock.now()));
    let (from, until) = (today.year() - 9, today.year());
    let each = cases / (centers * YEARS);
    let codes: Vec<String> = (0..centers).map(|nth| format!("'{}'", catalog::center(nth))).collect();
    format!(
        "insert into supervision.rollup (scope, grain, center, first_on, department, item, measure, counts)
         select 'CENTER', 'YEAR', center, make_date(year, 1, 1), '', '', measure,
                array_fill({each}::bigint / buckets, array[buckets])
         from unnest(array[{codes}]) centers(center), generate_series({from}, {until}) years(year),
              (select measure, 1 as buckets from unnest(array['RECEIVED', 'SUPPLEMENTED', 'ACCEPTED', 'DEEMED', 'REFUSED',
                 'WITHDRAWN', 'DECIDED', 'AS_PROMISED', 'BY_LAW', 'COMPLETED', 'DELIVERED', 'OPINIONS',
                 'OPINIONS_ON_TIME', 'YELLOW', 'RED', 'DARK_RED', 'CASES', 'CORRECTED', 'SUSPENDED_DAYS',
                 'PROMISED_DAYS', 'STATUTORY_DAYS']) measure
               union all
               select measure, 40 from unnest(array['USED', 'USED_BY_LAW', 'OPINION_DAYS', 'JOINT_DAYS',
                 'ONE_AFTER_ANOTHER']) measure) counted
         on conflict do nothing",
        codes = codes.join(", ")
    )
}

async fn execute(connection: &mut PgConnection, statements: &str) -> Result<(), String> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop).map_err(said)
}

fn said(error: sqlx::Error) -> String {
    error.to_string()
}
