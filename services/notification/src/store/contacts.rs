//! How applicants are reached, and who wants less.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// How the applicant of a case is reached.
#[derive(Clone, Debug)]
pub struct Contact {
    pub number: String,
    pub center: String,
    pub item_name: String,
    pub mobile: String,
}

/// Keeps it.
pub async fn keep(connection: &mut PgConnection, contact: &Contact, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into notification.contact (number, center, item_name, mobile, at) values ($1, $2, $3, $4, $5)
         on conflict (number) do nothing",
        contact.number,
        contact.center,
        contact.item_name,
        contact.mobile,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Reads it.
pub async fn find(connection: &mut PgConnection, number: &str) -> Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        "select number, center, item_name, mobile from notification.contact where number = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Whether a number wants no messages that no law asks for.
pub async fn is_opted_out(connection: &mut PgConnection, mobile: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from notification.opt_out where mobile = $1) as "there!""#,
        mobile
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// Notes that a number does or does not want them.
pub async fn opt_out(
    connection: &mut PgConnection,
    mobile: &str,
    opted_out: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if opted_out {
        sqlx::query!(
            "insert into notification.opt_out (mobile, at) values ($1, $2) on conflict do nothing",
            mobile,
            now
        )
        .execute(connection)
        .await
    } else {
        sqlx::query!("delete from notification.opt_out where mobile = $1", mobile).execute(connection).await
    }
    .map_err(db)?;
    Ok(())
}
