//! What may be rated, and the links that lead there.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use crate::domain::rating::{Event, Invitation};
use crate::store::odd;

/// What was heard of a case; empty where an event does not say.
#[derive(Clone, Debug, Default)]
pub struct Served {
    pub number: String,
    pub item: String,
    pub window: String,
    pub clerk: String,
    pub department: String,
}

/// An event that may be rated from now on.
#[derive(Clone, Debug)]
pub struct New {
    pub number: String,
    pub event: Event,
    pub center: String,
    pub served_on: NaiveDate,
    pub window: String,
    pub clerk: String,
}

/// What leads to an event.
#[derive(Clone, Debug)]
pub struct Link {
    pub digest: Vec<u8>,
    pub number: String,
    pub event: Event,
}

/// Notes what was heard of cases, whatever came first.
pub async fn serve(connection: &mut PgConnection, served: &[Served]) -> Result<()> {
    let column =
        |get: fn(&Served) -> &String| -> Vec<String> { served.iter().map(|one| get(one).clone()).collect() };
    sqlx::query!(
        r#"insert into complaints.served as s (number, item, window_id, clerk, department)
           select number, max(item), max(window_id), max(clerk), max(department)
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             heard(number, item, window_id, clerk, department)
           group by number order by number
           on conflict (number) do update
           set item = coalesce(nullif(excluded.item, ''), s.item),
               window_id = coalesce(nullif(excluded.window_id, ''), s.window_id),
               clerk = coalesce(nullif(excluded.clerk, ''), s.clerk),
               department = coalesce(nullif(excluded.department, ''), s.department)"#,
        &column(|one| &one.number),
        &column(|one| &one.item),
        &column(|one| &one.window),
        &column(|one| &one.clerk),
        &column(|one| &one.department)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Completions that were rated before their acceptance was heard of get what it says.
pub async fn complete_ratings(connection: &mut PgConnection, numbers: &[String]) -> Result<()> {
    sqlx::query!(
        "update complaints.rating r set window_id = s.window_id, clerk = s.clerk, department = s.department, item = s.item
         from unnest($1::text[]) given(number) join complaints.served s using (number)
         where r.number = given.number and r.event = 'COMPLETION' and r.department = '' and s.department <> ''",
        numbers
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps events that may be rated; what is known already stays as it is.
pub async fn invite(connection: &mut PgConnection, new: &[New]) -> Result<()> {
    let column =
        |get: fn(&New) -> &str| -> Vec<String> { new.iter().map(|one| get(one).to_owned()).collect() };
    let days: Vec<NaiveDate> = new.iter().map(|one| one.served_on).collect();
    sqlx::query!(
        "insert into complaints.invitation (number, event, center, served_on, window_id, clerk)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[])
         on conflict do nothing",
        &column(|one| &one.number),
        &column(|one| one.event.as_str()),
        &column(|one| &one.center),
        &days,
        &column(|one| &one.window),
        &column(|one| &one.clerk)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps what leads to events.
pub async fn link(connection: &mut PgConnection, links: &[Link]) -> Result<()> {
    let digests: Vec<Vec<u8>> = links.iter().map(|link| link.digest.clone()).collect();
    let numbers: Vec<String> = links.iter().map(|link| link.number.clone()).collect();
    let events: Vec<String> = links.iter().map(|link| link.event.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into complaints.rating_link (digest, number, event)
         select * from unnest($1::bytea[], $2::text[], $3::text[]) on conflict do nothing",
        &digests,
        &numbers,
        &events
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// An event, as a link leads to it.
#[derive(Clone, Debug)]
pub struct Invited {
    pub number: String,
    pub event: Event,
    pub center: String,
    /// Who was at the window then: of a visit whoever took it in, of a completion whoever accepted.
    pub window: String,
    pub clerk: String,
    /// The lead department, of a completion.
    pub department: String,
    pub item: String,
    pub invitation: Invitation,
}

/// The event that a digest leads to, if it is known.
pub async fn find(connection: &mut PgConnection, digest: &[u8]) -> Result<Option<Invited>> {
    let row = sqlx::query!(
        r#"select i.number, i.event, i.center, i.served_on, i.window_id, i.clerk,
                  s.window_id as accepted_window, s.clerk as accepted_clerk, s.department, s.item,
                  exists (select from complaints.rating r where r.number = i.number and r.event = i.event) as "rated!"
           from complaints.rating_link l
           join complaints.invitation i on i.number = l.number and i.event = l.event
           join complaints.served s on s.number = i.number
           where l.digest = $1"#,
        digest
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let event = Event::parse(&row.event).ok_or_else(|| odd("event"))?;
    let (window, clerk, department) = match event {
        Event::Visit => (row.window_id, row.clerk, String::new()),
        Event::Completion => (row.accepted_window, row.accepted_clerk, row.department),
    };
    Ok(Some(Invited {
        number: row.number,
        event,
        center: row.center,
        window,
        clerk,
        department,
        item: row.item,
        invitation: Invitation { served_on: row.served_on, rated: row.rated },
    }))
}

/// Takes the case's row, so that of two ratings of an event one comes second.
pub async fn hold(connection: &mut PgConnection, number: &str) -> Result<()> {
    sqlx::query!("select number from complaints.served where number = $1 for update", number)
        .fetch_optional(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// A completion that was not rated.
pub struct Unrated {
    pub number: String,
    pub center: String,
    pub served_on: NaiveDate,
}

/// Some completions up to a day that nobody was reminded of and that were not rated, the oldest first; another
/// copy that looks meanwhile gets others.
pub async fn to_remind(connection: &mut PgConnection, until: NaiveDate, limit: i64) -> Result<Vec<Unrated>> {
    sqlx::query_as!(
        Unrated,
        "select i.number, i.center, i.served_on from complaints.invitation i
         where i.event = 'COMPLETION' and i.reminded_at is null and i.served_on <= $1
         order by i.served_on, i.number limit $2 for update skip locked",
        until,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Notes that reminders are done with: those of completions that were rated, or can no longer be, are not sent.
/// Gives those that are rated.
pub async fn done_reminding(
    connection: &mut PgConnection,
    numbers: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"with done as (
             update complaints.invitation i set reminded_at = $2
             from unnest($1::text[]) given(number)
             where i.number = given.number and i.event = 'COMPLETION' and i.reminded_at is null
             returning i.number)
           select number as "number!" from done
           where exists (select from complaints.rating r where r.number = done.number and r.event = 'COMPLETION')"#,
        numbers,
        now
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}
