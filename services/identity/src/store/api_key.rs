//! Keys of departments' systems.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::{DepartmentId, DivisionCode, Result};
use yimen_platform::store::db;

use super::stored;
use crate::domain::credential::CredentialHash;

/// An API key without its secret.
#[derive(Clone)]
pub struct ApiKey {
    /// Its id, which the key shows.
    pub id: Uuid,
    /// The department whose system holds it.
    pub department: DepartmentId,
    /// What system holds it, in the operator's words.
    pub label: String,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct ApiKeyRow {
    id: Uuid,
    department_id: String,
    label: String,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = yimen_kernel::Error;

    fn try_from(row: ApiKeyRow) -> Result<ApiKey> {
        Ok(ApiKey {
            id: row.id,
            department: stored(DepartmentId::parse(&row.department_id))?,
            label: row.label,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}

/// Keeps a new key.
pub async fn create(sql: &mut PgConnection, key: &ApiKey, hash: CredentialHash) -> Result<()> {
    let center = key.department.center();
    sqlx::query!(
        "insert into identity.api_key (id, key_hash, department_id, center, label, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        key.id,
        hash.as_bytes(),
        key.department.as_str(),
        center.as_str(),
        key.label,
        key.created_at,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// The keys that have these hashes.
pub async fn find(
    sql: &mut PgConnection,
    hashes: &[CredentialHash],
) -> Result<HashMap<CredentialHash, ApiKey>> {
    let hashes: Vec<&[u8]> = hashes.iter().map(CredentialHash::as_bytes).collect();
    let rows = sqlx::query!(
        "select k.key_hash, k.id, k.department_id, k.label, k.created_at, k.revoked_at
         from unnest($1::bytea[]) given(key_hash) join identity.api_key k using (key_hash)",
        &hashes as &[&[u8]],
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let key = ApiKey {
                id: row.id,
                department: stored(DepartmentId::parse(&row.department_id))?,
                label: row.label,
                created_at: row.created_at,
                revoked_at: row.revoked_at,
            };
            Ok((CredentialHash::stored(&row.key_hash)?, key))
        })
        .collect()
}

/// Revokes the key, or leaves it as revoked as it was; `None` if there is none.
pub async fn revoke(sql: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<ApiKey>> {
    let row = sqlx::query_as!(
        ApiKeyRow,
        "update identity.api_key set revoked_at = coalesce(revoked_at, $2) where id = $1
         returning id, department_id, label, created_at, revoked_at",
        id,
        now,
    )
    .fetch_optional(sql)
    .await
    .map_err(db)?;
    row.map(ApiKey::try_from).transpose()
}

/// A page of a center's keys, in the order of their making.
pub async fn list(
    sql: &mut PgConnection,
    center: &DivisionCode,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ApiKey>> {
    let rows = sqlx::query_as!(
        ApiKeyRow,
        "select id, department_id, label, created_at, revoked_at from identity.api_key
         where center = $1 and (id > $2 or $2 is null) order by id limit $3",
        center.as_str(),
        after,
        limit,
    )
    .fetch_all(sql)
    .await
    .map_err(db)?;
    rows.into_iter().map(ApiKey::try_from).collect()
}
