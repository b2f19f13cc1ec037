//! Sessions of staff.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{Login, Result};
use yimen_platform::store::db;

use super::staff::StaffRow;
use crate::domain::credential::CredentialHash;
use crate::domain::organization::Staff;

/// A session and whose it is.
#[derive(Clone)]
pub struct Session {
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whose it is.
    pub staff: Staff,
}

/// Opens a session.
pub async fn open(
    sql: &mut PgConnection,
    token: CredentialHash,
    login: &Login,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into identity.session (token_hash, login, created_at, expires_at) values ($1, $2, $3, $4)",
        token.as_bytes(),
        login.as_str(),
        now,
        expires_at,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// The sessions with these tokens.
pub async fn find(
    sql: &mut PgConnection,
    tokens: &[CredentialHash],
) -> Result<HashMap<CredentialHash, Session>> {
    let tokens: Vec<&[u8]> = tokens.iter().map(CredentialHash::as_bytes).collect();
    let rows = sqlx::query!(
        "select session.token_hash, session.expires_at, session.ended_at, staff.login, staff.name, staff.center,
                staff.department_id, staff.window_id, staff.roles, staff.active
         from unnest($1::bytea[]) given(token_hash)
         join identity.session using (token_hash)
         join identity.staff on staff.login = session.login",
        &tokens as &[&[u8]],
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let staff = StaffRow {
                login: row.login,
                name: row.name,
                center: row.center,
                department_id: row.department_id,
                window_id: row.window_id,
                roles: row.roles,
                active: row.active,
            };
            let session =
                Session { expires_at: row.expires_at, ended_at: row.ended_at, staff: staff.try_into()? };
            Ok((CredentialHash::stored(&row.token_hash)?, session))
        })
        .collect()
}

/// Ends a session; one that is over or was never there stays so.
pub async fn end(sql: &mut PgConnection, token: CredentialHash, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update identity.session set ended_at = $2 where token_hash = $1 and ended_at is null",
        token.as_bytes(),
        now,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Ends all sessions of a member of staff.
pub async fn end_all(sql: &mut PgConnection, login: &Login, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update identity.session set ended_at = $2 where login = $1 and ended_at is null",
        login.as_str(),
        now,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Ends all sessions of those who may not sign in any more.
pub async fn end_of_inactive(sql: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update identity.session s set ended_at = $1 from identity.staff
         where staff.login = s.login and not staff.active and s.ended_at is null",
        now,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Forgets some sessions that expired before `before`, without waiting for anyone.
pub async fn purge(sql: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from identity.session where token_hash in
         (select token_hash from identity.session where expires_at < $1 limit 100 for update skip locked)",
        before,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}
