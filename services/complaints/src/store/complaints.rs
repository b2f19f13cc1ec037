//! Complaints as their rules have them.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DocumentNumber, Reason};
use yimen_platform::store::db;

use super::{count, int, odd, stored};
use crate::domain::codes::SubjectKind;
use crate::domain::{Accused, Closing, Complaint, Handler, Handling, Identity, Kind, Stage, State, Way};

/// What is filed, besides who files it.
pub struct New {
    pub number: String,
    pub center: String,
    pub kind: Kind,
    pub channel: &'static str,
    pub identity: Identity,
    pub grounds: Vec<String>,
    pub about: About,
    pub body: String,
    pub group_size: u32,
    pub lookup_digest: Vec<u8>,
    pub taken_by: String,
    pub filed_at: DateTime<Utc>,
    pub filed_on: NaiveDate,
}

/// What it is about, as it was said.
#[derive(Clone, Debug)]
pub struct About {
    pub kind: SubjectKind,
    pub number: String,
    pub department: String,
    pub window: String,
    pub login: String,
    pub description: String,
}

/// The serial of a complaint.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.complaint_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Keeps a new complaint.
pub async fn insert(connection: &mut PgConnection, new: &New) -> Result<()> {
    sqlx::query!(
        "insert into complaints.complaint (number, center, version, kind, channel, identity, grounds, about,
             about_number, about_department, about_window, about_login, about_description, body, group_size,
             lookup_digest, taken_by, filed_at, filed_on, state)
         values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'REGISTERED')",
        new.number,
        new.center,
        new.kind.as_str(),
        new.channel,
        new.identity.as_str(),
        &new.grounds,
        new.about.kind.as_str(),
        new.about.number,
        new.about.department,
        new.about.window,
        new.about.login,
        new.about.description,
        new.body,
        int(new.group_size)?,
        new.lookup_digest,
        new.taken_by,
        new.filed_at,
        new.filed_on
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Says whom a complaint is about; who is known already stays.
pub async fn accuse(connection: &mut PgConnection, number: &str, accused: &[Accused]) -> Result<()> {
    let kinds: Vec<String> = accused.iter().map(|one| one.kind().to_owned()).collect();
    let ids: Vec<String> = accused.iter().map(|one| one.id().to_owned()).collect();
    sqlx::query!(
        "insert into complaints.accused (number, kind, id)
         select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing",
        number,
        &kinds,
        &ids
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

struct Row {
    number: String,
    version: i64,
    kind: String,
    identity: String,
    about: String,
    filed_on: NaiveDate,
    state: String,
    way: Option<String>,
    department: String,
    run: i32,
    received_on: Option<NaiveDate>,
    run_extension: i32,
    objection: Option<String>,
    objected: bool,
    extension_days: Option<i32>,
    reopened: bool,
    level: i32,
    stage_on: Option<NaiveDate>,
    closing: Option<String>,
    accused_kinds: Vec<String>,
    accused_ids: Vec<String>,
    parties: Vec<String>,
    authors: Vec<String>,
}

/// Reads a complaint for a change, and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Complaint>> {
    let found =
        sqlx::query_scalar!("select number from complaints.complaint where number = $1 for update", number)
            .fetch_optional(&mut *connection)
            .await
            .map_err(db)?;
    match found {
        Some(number) => read(connection, &number).await,
        None => Ok(None),
    }
}

/// Reads a complaint.
pub async fn read(connection: &mut PgConnection, number: &str) -> Result<Option<Complaint>> {
    Ok(read_all(connection, &[number.to_owned()]).await?.pop())
}

/// Reads complaints, in no order.
pub async fn read_all(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<Complaint>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.number, c.version, c.kind, c.identity, c.about, c.filed_on, c.state, c.way, c.department, c.run,
                  c.received_on, c.run_extension, c.objection, c.objected, c.extension_days, c.reopened, c.level,
                  c.stage_on, c.closing,
                  array(select a.kind from complaints.accused a where a.number = c.number order by a.kind, a.id)
                    as "accused_kinds!",
                  array(select a.id from complaints.accused a where a.number = c.number order by a.kind, a.id)
                    as "accused_ids!",
                  array(select p.department from complaints.party p
                        where p.number = c.about_number and c.about_number <> '' order by 1) as "parties!",
                  array(select distinct w.author from complaints.answer w where w.number = c.number) as "authors!"
           from complaints.complaint c where c.number = any($1)"#,
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(complaint).collect()
}

fn complaint(row: Row) -> Result<Complaint> {
    let accused = row.accused_kinds.iter().zip(&row.accused_ids);
    Ok(Complaint {
        number: stored("number", DocumentNumber::parse(&row.number))?,
        version: row.version,
        kind: Kind::parse(&row.kind).ok_or_else(|| odd("kind"))?,
        identity: Identity::parse(&row.identity).ok_or_else(|| odd("identity"))?,
        about: SubjectKind::parse(&row.about).ok_or_else(|| odd("subject"))?,
        filed_on: row.filed_on,
        accused: accused
            .map(|(kind, id)| stored("accused", Accused::parse(kind, id)))
            .collect::<Result<_>>()?,
        parties: row
            .parties
            .iter()
            .map(|id| stored("party", DepartmentId::parse(id)))
            .collect::<Result<_>>()?,
        authors: row.authors.clone(),
        extended: row.extension_days.is_some(),
        reopened: row.reopened,
        state: state(&row)?,
    })
}

fn state(row: &Row) -> Result<State> {
    let level = || count("level", row.level);
    let on = || row.stage_on.ok_or_else(|| odd("stage"));
    let stage = match row.state.as_str() {
        "REGISTERED" => return Ok(State::Registered),
        "CLOSED" => {
            let closing = row.closing.as_deref().and_then(Closing::parse);
            return closing.map(State::Closed).ok_or_else(|| odd("closing"));
        }
        "HANDLING" => Stage::Open,
        "ANSWERED" => Stage::Answered,
        "TOLD" => Stage::Told { level: level()?, on: on()? },
        "REVIEWING" => Stage::Reviewing { level: level()?, on: on()? },
        "REVIEWED" => Stage::Reviewed { level: level()? },
        _ => return Err(odd("state")),
    };
    let handler = match row.department.as_str() {
        "" => Handler::Office,
        id => Handler::Department(stored("department", DepartmentId::parse(id))?),
    };
    let handling = Handling {
        way: row.way.as_deref().and_then(Way::parse).ok_or_else(|| odd("way"))?,
        handler,
        run: count("run", row.run)?,
        received_on: row.received_on.ok_or_else(|| odd("receipt"))?,
        extension: count("extension", row.run_extension)?,
        objection: row.objection.clone(),
        objected: row.objected,
    };
    Ok(State::Accepted(handling, stage))
}

/// Saves a changed complaint, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(connection: &mut PgConnection, before: i64, after: &Complaint) -> Result<()> {
    let (handling, level, stage_on) = match &after.state {
        State::Accepted(handling, stage) => {
            let (level, on) = match stage {
                Stage::Open | Stage::Answered => (0, None),
                Stage::Told { level, on } | Stage::Reviewing { level, on } => (*level, Some(*on)),
                Stage::Reviewed { level } => (*level, None),
            };
            (Some(handling), level, on)
        }
        State::Registered | State::Closed(_) => (None, 0, None),
    };
    let closing = match &after.state {
        State::Closed(closing) => Some(closing.as_str()),
        State::Registered | State::Accepted(..) => None,
    };
    let done = sqlx::query!(
        "update complaints.complaint
         set version = $3, state = $4, closing = $5, reopened = $6, level = $7, stage_on = $8,
             way = coalesce($9, way), department = coalesce($10, department), run = coalesce($11, run),
             received_on = coalesce($12, received_on),
             accepted_on = case when $12::date is null then accepted_on else coalesce(accepted_on, $12) end,
             run_extension = coalesce($13, run_extension), objection = $14, objected = coalesce($15, objected)
         where number = $1 and version = $2",
        after.number.as_str(),
        before,
        after.version,
        after.state.as_str(),
        closing,
        after.reopened,
        int(level)?,
        stage_on,
        handling.map(|handling| handling.way.as_str()),
        handling.map(|handling| handling.handler.department()),
        handling.map(|handling| int(handling.run)).transpose()?,
        handling.map(|handling| handling.received_on),
        handling.map(|handling| int(handling.extension)).transpose()?,
        handling.and_then(|handling| handling.objection.as_deref()),
        handling.map(|handling| handling.objected)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// Why it ended, beside what its rules have; before it is saved as closed.
pub async fn note_closing(
    connection: &mut PgConnection,
    number: &str,
    (closing, reason): (Closing, &str),
    procedure: Option<&str>,
    merged_into: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update complaints.complaint
         set state = 'CLOSED', closing = $2, closing_reason = $3, procedure = $4, merged_into = $5 where number = $1",
        number,
        closing.as_str(),
        reason,
        procedure,
        merged_into
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes the one extension.
pub async fn note_extension(
    connection: &mut PgConnection,
    number: &str,
    days: u32,
    (approver, reason): (&str, &str),
) -> Result<()> {
    sqlx::query!(
        "update complaints.complaint set extension_days = $2, extension_approver = $3, extension_reason = $4
         where number = $1",
        number,
        int(days)?,
        approver,
        reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}
