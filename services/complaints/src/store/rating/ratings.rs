//! Ratings; who rated stands in a table of its own.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::Actor;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::invitations::Invited;
use crate::domain::Identity;
use crate::domain::rating::{Level, SetAside};

/// What is said.
pub struct Said<'s> {
    pub rating: Uuid,
    pub level: Level,
    pub aspects: &'s [String],
    pub text: &'s str,
    pub identity: Identity,
    pub at: DateTime<Utc>,
    /// The first day of the month.
    pub month: NaiveDate,
}

/// Keeps a rating. Gives whether the event had none.
pub async fn insert(connection: &mut PgConnection, of: &Invited, said: &Said<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into complaints.rating (rating, number, event, center, window_id, clerk, department, item, level,
             aspects, text, identity, rated_at, month)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict on constraint rated_once do nothing",
        said.rating,
        of.number,
        of.event.as_str(),
        of.center,
        of.window,
        of.clerk,
        of.department,
        of.item,
        said.level.points(),
        said.aspects,
        said.text,
        said.identity.as_str(),
        said.at,
        said.month
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// Who rated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rater {
    pub name: String,
    pub mobile: String,
}

/// Keeps who rated.
pub async fn insert_rater(connection: &mut PgConnection, rating: Uuid, who: &Rater) -> Result<()> {
    sqlx::query!(
        "insert into complaints.rater (rating, name, mobile) values ($1, $2, $3)",
        rating,
        who.name,
        who.mobile
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Who rated, if that is known. Read by nobody but whoever asks for it by name, and by the check of what is
/// published.
pub async fn rater(connection: &mut PgConnection, rating: Uuid) -> Result<Option<Rater>> {
    sqlx::query_as!(Rater, "select name, mobile from complaints.rater where rating = $1", rating)
        .fetch_optional(connection)
        .await
        .map_err(db)
}

/// A rating as it is shown.
#[derive(Clone, Debug)]
pub struct Row {
    pub rating: Uuid,
    pub number: String,
    pub event: String,
    pub center: String,
    pub window_id: String,
    pub clerk: String,
    pub department: String,
    pub item: String,
    pub level: i32,
    pub aspects: Vec<String>,
    pub text: String,
    pub identity: String,
    pub rated_at: DateTime<Utc>,
    pub month: NaiveDate,
    pub set_aside: Option<String>,
    pub set_aside_reason: String,
    pub rectification: String,
}

/// Reads a rating, and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, rating: Uuid) -> Result<Option<Row>> {
    let found =
        sqlx::query_scalar!("select rating from complaints.rating where rating = $1 for update", rating)
            .fetch_optional(&mut *connection)
            .await
            .map_err(db)?;
    match found {
        Some(rating) => one(connection, rating).await,
        None => Ok(None),
    }
}

/// Reads a rating.
pub async fn one(connection: &mut PgConnection, rating: Uuid) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select r.rating, r.number, r.event, r.center, r.window_id, r.clerk, r.department, r.item, r.level,
                  r.aspects, r.text, r.identity, r.rated_at, r.month, r.set_aside, r.set_aside_reason,
                  coalesce(c.rectification, '') as "rectification!"
           from complaints.rating r left join complaints.rectification c using (rating) where r.rating = $1"#,
        rating
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// A center's ratings, newest first: none that is about the caller.
pub async fn page(
    connection: &mut PgConnection,
    actor: &Actor,
    (center, negative): (&str, bool),
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select r.rating, r.number, r.event, r.center, r.window_id, r.clerk, r.department, r.item, r.level,
                  r.aspects, r.text, r.identity, r.rated_at, r.month, r.set_aside, r.set_aside_reason,
                  coalesce(c.rectification, '') as "rectification!"
           from complaints.rating r left join complaints.rectification c using (rating)
           where r.center = $1 and (not $2 or r.level <= 2) and ($3::uuid is null or r.rating < $3)
             and (r.window_id = '' or r.window_id <> $4) and (r.clerk = '' or r.clerk <> $5)
           order by r.rating desc limit $6"#,
        center,
        negative,
        after,
        actor.window.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.subject,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Sets a rating aside.
pub async fn set_aside(
    connection: &mut PgConnection,
    rating: Uuid,
    (ground, reason): (SetAside, &str),
    (by, at): (&str, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "update complaints.rating set set_aside = $2, set_aside_reason = $3, set_aside_by = $4, set_aside_at = $5
         where rating = $1 and set_aside is null",
        rating,
        ground.as_str(),
        reason,
        by,
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What everyone sees of a rating that was set aside.
pub struct Aside {
    pub rating: Uuid,
    pub center: String,
    pub month: NaiveDate,
    pub window_id: String,
    pub department: String,
    pub item: String,
    pub level: i32,
    pub ground: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Ratings that were set aside, newest first.
pub async fn asides(
    connection: &mut PgConnection,
    center: Option<&str>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Aside>> {
    let (at, rating) = after.unzip();
    sqlx::query_as!(
        Aside,
        r#"select rating, center, month, window_id, department, item, level, set_aside as "ground!",
                  set_aside_reason as reason, set_aside_at as "at!"
           from complaints.rating
           where set_aside is not null and ($1::text is null or center = $1)
             and ($2::timestamptz is null or (set_aside_at, rating) < ($2, $3))
           order by set_aside_at desc, rating desc limit $4"#,
        center,
        at,
        rating,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}
