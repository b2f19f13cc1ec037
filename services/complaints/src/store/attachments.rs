//! Files that came with complaints, and those that came ahead of one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::files::File;
use yimen_platform::store::db;

/// A file, described.
pub struct Attached {
    pub position: i32,
    pub file_name: String,
    pub media_type: String,
    pub size: i64,
}

/// A file, and where it is.
pub struct Found {
    pub file_name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: Option<Vec<u8>>,
    /// Of one that came before files were kept by their digest.
    pub content: Option<Vec<u8>>,
}

/// Notes a file that came ahead of a complaint.
pub async fn add_upload(
    connection: &mut PgConnection,
    id: Uuid,
    file: &File,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.upload (id, file_name, media_type, size, sha256, at) values ($1, $2, $3, $4, $5, $6)",
        id,
        file.file_name,
        file.media_type,
        file.size,
        file.sha256,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes an upload for a complaint; none if it is unknown, used or older than `oldest`.
pub async fn use_upload(
    connection: &mut PgConnection,
    id: Uuid,
    number: &str,
    oldest: DateTime<Utc>,
) -> Result<Option<File>> {
    sqlx::query_as!(
        File,
        "update complaints.upload set used_by = $2 where id = $1 and used_by is null and at > $3
         returning file_name, media_type, size, sha256",
        id,
        number,
        oldest
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Adds the files of a complaint, in their order.
pub async fn add(connection: &mut PgConnection, number: &str, files: &[File]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = files.iter().map(|file| file.file_name.clone()).collect();
    let types: Vec<String> = files.iter().map(|file| file.media_type.clone()).collect();
    let sizes: Vec<i64> = files.iter().map(|file| file.size).collect();
    let digests: Vec<Vec<u8>> = files.iter().map(|file| file.sha256.clone()).collect();
    sqlx::query!(
        "insert into complaints.attachment (number, position, file_name, media_type, size, sha256)
         select $1, f.place::integer, f.file_name, f.media_type, f.size, f.sha256
         from unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[])
              with ordinality f(file_name, media_type, size, sha256, place)",
        number,
        &names,
        &types,
        &sizes,
        &digests
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The files of a complaint.
pub async fn list(connection: &mut PgConnection, number: &str) -> Result<Vec<Attached>> {
    sqlx::query_as!(
        Attached,
        "select position, file_name, media_type, size from complaints.attachment where number = $1 order by position",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// One file of a complaint.
pub async fn find(connection: &mut PgConnection, number: &str, position: i32) -> Result<Option<Found>> {
    sqlx::query_as!(
        Found,
        "select file_name, media_type, size, sha256, content from complaints.attachment
         where number = $1 and position = $2",
        number,
        position
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}
