//! Rounds and whom they are about.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DocumentNumber, Reason};
use yimen_platform::store::db;

use crate::domain::appraisal::{Group, Level, Round, Rules, State, Unit};
use crate::store::{count, int, odd, stored};

/// What a round has beside its rules, as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    pub draw: Option<Draw>,
    pub refused: u64,
    pub cancel_reason: String,
    pub counted_at: Option<DateTime<Utc>>,
    pub published_at: Option<DateTime<Utc>>,
}

/// How service users were drawn.
#[derive(Clone, Debug)]
pub struct Draw {
    pub seed: String,
    pub population: i64,
    pub population_digest: Vec<u8>,
}

/// A round with what was noted of it.
pub struct Kept {
    pub round: Round,
    pub noted: Noted,
}

/// The serial of a round.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.appraisal_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Keeps a new round with its units.
pub async fn insert(connection: &mut PgConnection, round: &Round) -> Result<()> {
    let mut row = Columns::default();
    match &round.rules {
        Rules::Rated {
            levels,
            satisfied,
            reward_percent,
            reward_places,
            accountability_percent,
            accountability_inclusive,
        } => {
            row.levels = levels.iter().map(|level| level.as_str().to_owned()).collect();
            row.satisfied = int(*satisfied)?;
            row.reward = (int(*reward_percent)?, int(*reward_places)?);
            row.accountability = (int(*accountability_percent)?, *accountability_inclusive);
        }
        Rules::Lists { nominations, best_places, worst_places } => {
            row.lists = (int(*nominations)?, int(*best_places)?, int(*worst_places)?);
        }
    }
    let weights = round.weights.as_ref().map(|weights| {
        let of = |group| weights.iter().find(|(known, _)| *known == group).map_or(0, |(_, percent)| *percent);
        Group::ALL.into_iter().map(|group| int(of(group))).collect::<Result<Vec<i32>>>()
    });
    let (center, weights) = (round.center(), weights.transpose()?);
    sqlx::query!(
        "insert into complaints.appraisal_round
           (round, number, center, version, kind, title, award, levels, satisfied, reward_percent, reward_places,
            accountability_percent, accountability_inclusive, nominations, best_places, worst_places, minimum,
            weights, opens_at, closes_at, state)
         values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'SET')",
        round.serial,
        round.number.as_str(),
        center.as_str(),
        round.rules.kind(),
        round.title,
        round.award,
        &row.levels,
        row.satisfied,
        row.reward.0,
        row.reward.1,
        row.accountability.0,
        row.accountability.1,
        row.lists.0,
        row.lists.1,
        row.lists.2,
        i64::try_from(round.minimum).map_err(Error::internal)?,
        weights.as_deref(),
        round.opens_at,
        round.closes_at
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    let departments: Vec<String> = round.units.iter().map(|unit| unit.department.to_string()).collect();
    let names_zh: Vec<String> = round.units.iter().map(|unit| unit.name_zh.clone()).collect();
    let names_en: Vec<String> = round.units.iter().map(|unit| unit.name_en.clone()).collect();
    sqlx::query!(
        "insert into complaints.appraisal_unit (round, unit, department, name_zh, name_en)
         select $1, given.place::smallint, given.department, given.name_zh, given.name_en
         from unnest($2::text[], $3::text[], $4::text[]) with ordinality given(department, name_zh, name_en, place)",
        round.serial,
        &departments,
        &names_zh,
        &names_en
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Columns that only one kind of rules has.
#[derive(Default)]
struct Columns {
    levels: Vec<String>,
    satisfied: i32,
    reward: (i32, i32),
    accountability: (i32, bool),
    lists: (i32, i32, i32),
}

struct Row {
    round: i32,
    number: String,
    version: i64,
    kind: String,
    title: String,
    award: String,
    levels: Vec<String>,
    satisfied: i32,
    reward_percent: i32,
    reward_places: i32,
    accountability_percent: i32,
    accountability_inclusive: bool,
    nominations: i32,
    best_places: i32,
    worst_places: i32,
    minimum: i64,
    weights: Option<Vec<i32>>,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    state: String,
    seed: Option<String>,
    population: Option<i64>,
    population_digest: Option<Vec<u8>>,
    refused: Option<i64>,
    cancel_reason: String,
    counted_at: Option<DateTime<Utc>>,
    published_at: Option<DateTime<Utc>>,
    departments: Vec<String>,
    names_zh: Vec<String>,
    names_en: Vec<String>,
}

/// Reads rounds by their serials, in no order.
pub async fn read_all(connection: &mut PgConnection, serials: &[i32]) -> Result<Vec<Kept>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.round, r.number, r.version, r.kind, r.title, r.award, r.levels, r.satisfied, r.reward_percent,
                  r.reward_places, r.accountability_percent, r.accountability_inclusive, r.nominations,
                  r.best_places, r.worst_places, r.minimum, r.weights, r.opens_at, r.closes_at, r.state, r.seed,
                  r.population, r.population_digest, r.refused, r.cancel_reason, r.counted_at, r.published_at,
                  u.departments as "departments!", u.names_zh as "names_zh!", u.names_en as "names_en!"
           from unnest($1::integer[]) wanted(round)
           join complaints.appraisal_round r using (round)
           cross join lateral (
             select array_agg(department order by unit) as departments, array_agg(name_zh order by unit) as names_zh,
                    array_agg(name_en order by unit) as names_en
             from complaints.appraisal_unit of where of.round = r.round) u"#,
        serials
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(kept).collect()
}

/// Reads a round.
pub async fn read(connection: &mut PgConnection, number: &DocumentNumber) -> Result<Option<Kept>> {
    let serial = sqlx::query_scalar!(
        "select round from complaints.appraisal_round where number = $1",
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    match serial {
        Some(serial) => Ok(read_all(connection, &[serial]).await?.pop()),
        None => Ok(None),
    }
}

/// Reads a round for a change, and holds it until the transaction ends. No ballot waits for that.
pub async fn lock(connection: &mut PgConnection, number: &DocumentNumber) -> Result<Option<Kept>> {
    let serial = sqlx::query_scalar!(
        "select round from complaints.appraisal_round where number = $1 for no key update",
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    match serial {
        Some(serial) => Ok(read_all(connection, &[serial]).await?.pop()),
        None => Ok(None),
    }
}

/// Serials of the rounds of a center, or of all, newest first, after a number.
pub async fn page(
    connection: &mut PgConnection,
    center: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<i32>> {
    sqlx::query_scalar!(
        "select round from complaints.appraisal_round
         where ($1::text is null or center = $1) and ($2::text is null or number < $2)
         order by number desc limit $3",
        center,
        after,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Numbers of rounds whose time is over and that are not counted.
pub async fn to_count(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select number from complaints.appraisal_round where state = 'SET' and closes_at <= $1
         order by closes_at, number limit $2",
        now,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Notes how service users were drawn.
pub async fn note_draw(connection: &mut PgConnection, round: &Round, draw: &Draw) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.appraisal_round
         set version = version + 1, seed = $3, population = $4, population_digest = $5
         where round = $1 and version = $2 and seed is null",
        round.serial,
        round.version,
        draw.seed,
        draw.population,
        draw.population_digest
    )
    .execute(connection)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

/// Calls a round off.
pub async fn cancel(connection: &mut PgConnection, round: &Round, reason: &str) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.appraisal_round set version = version + 1, state = 'CANCELLED', cancel_reason = $3
         where round = $1 and version = $2 and state = 'SET'",
        round.serial,
        round.version,
        reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

/// Notes that a round is counted, and how many ballots came with spent tokens.
pub async fn note_count(
    connection: &mut PgConnection,
    round: &Round,
    refused: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.appraisal_round
         set version = version + 1, state = 'COUNTED', refused = $3, counted_at = $4
         where round = $1 and version = $2 and state = 'SET'",
        round.serial,
        round.version,
        refused,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

/// 公布.
pub async fn publish(connection: &mut PgConnection, round: &Round, now: DateTime<Utc>) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.appraisal_round set version = version + 1, state = 'PUBLISHED', published_at = $3
         where round = $1 and version = $2 and state = 'COUNTED'",
        round.serial,
        round.version,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    changed(done.rows_affected())
}

fn changed(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

fn kept(row: Row) -> Result<Kept> {
    let natural = |number: i64| u64::try_from(number).map_err(|_| odd("count"));
    let rules = match row.kind.as_str() {
        "RATED" => Rules::Rated {
            levels: row
                .levels
                .iter()
                .map(|level| Level::parse(level).ok_or_else(|| odd("level")))
                .collect::<Result<_>>()?,
            satisfied: count("count of levels", row.satisfied)?,
            reward_percent: count("percent", row.reward_percent)?,
            reward_places: count("places", row.reward_places)?,
            accountability_percent: count("percent", row.accountability_percent)?,
            accountability_inclusive: row.accountability_inclusive,
        },
        "LISTS" => Rules::Lists {
            nominations: count("nominations", row.nominations)?,
            best_places: count("places", row.best_places)?,
            worst_places: count("places", row.worst_places)?,
        },
        _ => return Err(odd("kind")),
    };
    let state = match row.state.as_str() {
        "SET" => State::Set,
        "CANCELLED" => State::Cancelled,
        "COUNTED" => State::Counted,
        "PUBLISHED" => State::Published,
        _ => return Err(odd("state")),
    };
    let names = row.names_zh.into_iter().zip(row.names_en);
    let unit = |(department, (name_zh, name_en)): (String, (String, String))| {
        Ok(Unit { department: stored("department", DepartmentId::parse(&department))?, name_zh, name_en })
    };
    let weights = row.weights.map(|weights| {
        let weight = |(group, percent): (Group, i32)| Ok((group, count("weight", percent)?));
        Group::ALL.into_iter().zip(weights).map(weight).collect::<Result<Vec<_>>>()
    });
    let round = Round {
        serial: row.round,
        number: stored("number", DocumentNumber::parse(&row.number))?,
        version: row.version,
        title: row.title,
        award: row.award,
        rules,
        minimum: natural(row.minimum)?,
        weights: weights.transpose()?,
        units: row.departments.into_iter().zip(names).map(unit).collect::<Result<_>>()?,
        opens_at: row.opens_at,
        closes_at: row.closes_at,
        state,
    };
    let draw = row.seed.zip(row.population).zip(row.population_digest);
    let noted = Noted {
        draw: draw.map(|((seed, population), population_digest)| Draw {
            seed,
            population,
            population_digest,
        }),
        refused: natural(row.refused.unwrap_or_default())?,
        cancel_reason: row.cancel_reason,
        counted_at: row.counted_at,
        published_at: row.published_at,
    };
    Ok(Kept { round, noted })
}
