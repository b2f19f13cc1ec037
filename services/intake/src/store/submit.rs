//! What is handed in.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use yimen_kernel::error::Result;
use yimen_platform::files::File;
use yimen_platform::store::{column, db};

use super::applications::{DocumentRow, Row};
use super::materials::Columns;

/// An application that is handed in, with what comes with it.
pub struct New<'n> {
    pub row: &'n Row,
    /// By the codes of the materials; a promise has no file.
    pub materials: &'n [(String, Option<File>)],
    pub receipt: &'n DocumentRow,
}

/// Adds applications with their materials and their receipts, and begins their histories. Gives the numbers of those
/// that were added: the others' were given before, and nothing is written of them.
pub async fn insert(
    connection: &mut PgConnection,
    all: &[New<'_>],
    now: DateTime<Utc>,
) -> Result<BTreeSet<String>> {
    let row = |part: fn(&Row) -> &str| column(all, |new| part(new.row));
    let receipt = |part: fn(&DocumentRow) -> &str| column(all, |new| part(new.receipt));
    let brought =
        all.iter().flat_map(|new| new.materials.iter().map(|material| (new.row.number.as_str(), material)));
    let brought = Columns::of(brought, 1);
    let added = sqlx::query_scalar!(
        "with added as (
           insert into intake.application (number, center, item, item_version, item_name_zh, item_name_en, state, version,
               applicant_kind, applicant_name, id_number, contact_name, mobile, address, subject, form, lookup_digest,
               online, materials_revision, notices, submitted_at, received_at)
           select *, $21, $21
           from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[],
               $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
               $16::jsonb[], $17::bytea[], $18::boolean[], $19::integer[], $20::integer[])
           on conflict (number) do nothing returning number, state, version),
         brought as (
           insert into intake.material (number, code, revision, file_name, media_type, size, sha256, at)
           select number, m.code, m.revision, m.file_name, m.media_type, m.size, m.sha256, $21
           from unnest($22::text[], $23::text[], $24::integer[], $25::text[], $26::text[], $27::bigint[], $28::bytea[])
                m(number, code, revision, file_name, media_type, size, sha256)
           join added using (number)),
         issued as (
           insert into intake.document (document, number, kind, issued_at, text_zh, text_en)
           select r.document, number, r.kind, $21, r.text_zh, r.text_en
           from unnest($1::text[], $29::text[], $30::text[], $31::text[], $32::text[])
                r(number, document, kind, text_zh, text_en)
           join added using (number)),
         begun as (
           insert into intake.history (number, sequence, happened, state, document, at)
           select number, added.version, added.state, added.state, r.document, $21
           from unnest($1::text[], $29::text[]) r(number, document) join added using (number))
         select number from added",
        &row(|row| &row.number) as &[&str],
        &row(|row| &row.center) as &[&str],
        &row(|row| &row.item) as &[&str],
        &column(all, |new| new.row.item_version),
        &row(|row| &row.item_name_zh) as &[&str],
        &row(|row| &row.item_name_en) as &[&str],
        &row(|row| &row.state) as &[&str],
        &column(all, |new| new.row.version),
        &row(|row| &row.applicant_kind) as &[&str],
        &row(|row| &row.applicant_name) as &[&str],
        &row(|row| &row.id_number) as &[&str],
        &row(|row| &row.contact_name) as &[&str],
        &row(|row| &row.mobile) as &[&str],
        &row(|row| &row.address) as &[&str],
        &row(|row| &row.subject) as &[&str],
        &column(all, |new| Json(&new.row.form.0)) as _,
        &column(all, |new| new.row.lookup_digest.clone()),
        &column(all, |new| new.row.online),
        &column(all, |new| new.row.materials_revision),
        &column(all, |new| new.row.notices),
        now,
        &brought.numbers as &[&str],
        &brought.codes as &[&str],
        &brought.revisions,
        &brought.names as &[&str],
        &brought.types as &[&str],
        &brought.sizes,
        &brought.digests as &[Option<Vec<u8>>],
        &receipt(|receipt| &receipt.document) as &[&str],
        &receipt(|receipt| &receipt.kind) as &[&str],
        &receipt(|receipt| &receipt.text_zh) as &[&str],
        &receipt(|receipt| &receipt.text_en) as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(added.into_iter().collect())
}
