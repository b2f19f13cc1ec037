//! Uploads, materials and what is owed.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::files::File;
use yimen_platform::store::{column, db};

use crate::domain::application::{Ground, Owed};

/// A material in its present version.
#[derive(Clone, Debug)]
pub struct Present {
    pub code: String,
    pub revision: i32,
    pub file_name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: Option<Vec<u8>>,
}

/// Notes a file that came ahead of an application.
pub async fn add_upload(
    connection: &mut PgConnection,
    id: Uuid,
    file: &File,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into intake.upload (id, file_name, media_type, size, sha256, at) values ($1, $2, $3, $4, $5, $6)",
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

/// The files of uploads that are free, held until the transaction ends: known, not used, and younger than `oldest`.
pub async fn hold_uploads(
    connection: &mut PgConnection,
    uploads: &[Uuid],
    oldest: DateTime<Utc>,
) -> Result<HashMap<Uuid, File>> {
    let rows = sqlx::query!(
        "select u.id, u.file_name, u.media_type, u.size, u.sha256
         from unnest($1::uuid[]) wanted(id) join intake.upload u using (id)
         where u.used_by is null and u.at > $2 order by u.id for update of u",
        uploads,
        oldest
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let file = |file_name, media_type, size, sha256| File { file_name, media_type, size, sha256 };
    Ok(rows
        .into_iter()
        .map(|row| (row.id, file(row.file_name, row.media_type, row.size, row.sha256)))
        .collect())
}

/// Notes by which applications uploads are used.
pub async fn use_uploads(connection: &mut PgConnection, used: &[(Uuid, &str)]) -> Result<()> {
    if used.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update intake.upload u set used_by = given.number
         from unnest($1::uuid[], $2::text[]) given(id, number) where u.id = given.id",
        &column(used, |(upload, _)| *upload),
        &column(used, |(_, number)| *number) as &[&str]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Materials of applications as columns.
pub(super) struct Columns<'m> {
    pub(super) numbers: Vec<&'m str>,
    pub(super) codes: Vec<&'m str>,
    pub(super) revisions: Vec<i32>,
    pub(super) names: Vec<&'m str>,
    pub(super) types: Vec<&'m str>,
    pub(super) sizes: Vec<i64>,
    pub(super) digests: Vec<Option<Vec<u8>>>,
}

impl<'m> Columns<'m> {
    /// Those of one revision, each with the number of its application; without a file they are promises.
    pub(super) fn of(
        materials: impl Iterator<Item = (&'m str, &'m (String, Option<File>))>,
        revision: u32,
    ) -> Self {
        let materials: Vec<(&str, &str, Option<&File>)> =
            materials.map(|(number, (code, file))| (number, code.as_str(), file.as_ref())).collect();
        let revision = i32::try_from(revision).unwrap_or(i32::MAX);
        Self {
            numbers: column(&materials, |(number, ..)| *number),
            codes: column(&materials, |(_, code, _)| *code),
            revisions: column(&materials, |(.., file)| file.map_or(0, |_| revision)),
            names: column(&materials, |(.., file)| file.map_or("", |file| &file.file_name)),
            types: column(&materials, |(.., file)| file.map_or("", |file| &file.media_type)),
            sizes: column(&materials, |(.., file)| file.map_or(0, |file| file.size)),
            digests: column(&materials, |(.., file)| file.map(|file| file.sha256.clone())),
        }
    }
}

/// Adds materials in one revision; without a file they are promises.
pub async fn add(
    connection: &mut PgConnection,
    number: &str,
    revision: u32,
    materials: &[(String, Option<File>)],
    now: DateTime<Utc>,
) -> Result<()> {
    if materials.is_empty() {
        return Ok(());
    }
    let given = Columns::of(materials.iter().map(|material| (number, material)), revision);
    sqlx::query!(
        "insert into intake.material (number, code, revision, file_name, media_type, size, sha256, at)
         select m.number, m.code, m.revision, m.file_name, m.media_type, m.size, m.sha256, $8
         from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])
              m(number, code, revision, file_name, media_type, size, sha256)",
        &given.numbers as &[&str],
        &given.codes as &[&str],
        &given.revisions,
        &given.names as &[&str],
        &given.types as &[&str],
        &given.sizes,
        &given.digests as &[Option<Vec<u8>>],
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Each material of applications in its newest version, promises included.
pub async fn present(
    connection: &mut PgConnection,
    numbers: &[String],
) -> Result<HashMap<String, Vec<Present>>> {
    let rows = sqlx::query!(
        "select distinct on (m.number, m.code) m.number, m.code, m.revision, m.file_name, m.media_type, m.size, m.sha256
         from unnest($1::text[]) given(number) join intake.material m using (number)
         order by m.number, m.code, m.revision desc",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<Present>> = HashMap::new();
    for row in rows {
        of_case.entry(row.number).or_default().push(Present {
            code: row.code,
            revision: row.revision,
            file_name: row.file_name,
            media_type: row.media_type,
            size: row.size,
            sha256: row.sha256,
        });
    }
    Ok(of_case)
}

/// The file of a material in a certain revision, or of its newest.
pub async fn find(
    connection: &mut PgConnection,
    number: &str,
    code: &str,
    revision: Option<i32>,
) -> Result<Option<File>> {
    sqlx::query_as!(
        File,
        r#"select file_name, media_type, size, sha256 as "sha256!" from intake.material
           where number = $1 and code = $2 and revision > 0 and ($3::int is null or revision = $3)
           order by revision desc limit 1"#,
        number,
        code,
        revision
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// What applicants owe, in the order of asking.
pub async fn owed(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Vec<Owed>>> {
    let rows = sqlx::query!(
        "select o.number, o.code, o.ground, o.reason, o.due_on
         from unnest($1::text[]) given(number) join intake.owed o using (number)
         where o.settled_at is null order by o.asked_at, o.code",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<Owed>> = HashMap::new();
    for row in rows {
        of_case.entry(row.number).or_default().push(Owed {
            code: row.code,
            ground: match row.ground.as_str() {
                "SUPPLEMENT" => Ground::Supplement,
                "PROMISED" => Ground::Promised,
                _ => Ground::Returned,
            },
            reason: row.reason,
            due_on: row.due_on,
        });
    }
    Ok(of_case)
}

/// Notes what the applicant owes.
pub async fn ask(
    connection: &mut PgConnection,
    number: &str,
    asked: &[Owed],
    now: DateTime<Utc>,
) -> Result<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = asked.iter().map(|owed| owed.code.as_str()).collect();
    let grounds: Vec<&str> = asked
        .iter()
        .map(|owed| match owed.ground {
            Ground::Supplement => "SUPPLEMENT",
            Ground::Promised => "PROMISED",
            Ground::Returned => "RETURNED",
        })
        .collect();
    let reasons: Vec<&str> = asked.iter().map(|owed| owed.reason.as_str()).collect();
    let dues: Vec<Option<NaiveDate>> = asked.iter().map(|owed| owed.due_on).collect();
    sqlx::query!(
        "insert into intake.owed (number, code, ground, asked_at, reason, due_on)
         select $1, o.code, o.ground, $6, o.reason, o.due_on
         from unnest($2::text[], $3::text[], $4::text[], $5::date[]) o(code, ground, reason, due_on)",
        number,
        &codes as &[&str],
        &grounds as &[&str],
        &reasons as &[&str],
        &dues as &[Option<NaiveDate>],
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Marks what was owed of the given codes as settled.
pub async fn settle(
    connection: &mut PgConnection,
    number: &str,
    codes: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update intake.owed o set settled_at = $3
         from unnest($2::text[]) given(code)
         where o.number = $1 and o.code = given.code and o.settled_at is null",
        number,
        codes,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}
