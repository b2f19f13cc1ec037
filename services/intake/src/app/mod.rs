//! One function per operation: load, let the domain decide, save, tell.

pub mod access;
pub mod catalog;
pub mod decide;
pub mod fees;
pub mod materials;
pub mod procedures;
pub mod read;
pub mod submit;
pub mod window;

use chrono::Datelike as _;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, DocumentNumber};
use yimen_platform::store::Tx;
pub(crate) use yimen_platform::timestamp;
use yimen_proto::intake::v1 as pb;

use crate::domain::application::{Application, Fee};
use crate::domain::catalog::{HandedIn, Item};
use crate::domain::documents::{self, Case, Content};
use crate::store::applications::{self as table, Change, DocumentRow, Row};
use crate::store::{catalog as items, fees as fee_rows, materials as files};

/// An application with what its next step depends on.
pub(crate) struct Loaded {
    pub(crate) row: Row,
    pub(crate) application: Application,
    pub(crate) item: Item,
    pub(crate) guide: pb::ServiceItem,
}

/// Loads an application for a change.
pub(crate) async fn load(tx: &mut Tx, number: &CaseNumber) -> Result<Loaded> {
    let row = table::find(tx.sql(), number.as_str())
        .await?
        .ok_or_else(|| Error::not_found(Reason::ApplicationUnknown))?;
    let published = items::version(tx.sql(), &row.item, row.item_version)
        .await?
        .ok_or_else(|| Error::internal("an application's item version is not there"))?;
    let (item, guide) = catalog::read(&published)?;
    let owed = files::owed(tx.sql(), &row.number).await?;
    let present = files::present(tx.sql(), &row.number).await?;
    let given: Vec<_> = present
        .iter()
        .filter_map(|material| {
            let code = yimen_kernel::MaterialCode::parse(&material.code).ok()?;
            Some((code, if material.revision == 0 { HandedIn::Promised } else { HandedIn::File }))
        })
        .collect();
    let fee = if item.fees.is_empty() { Fee::Free } else { fee_rows::state(tx.sql(), &row.number).await? };
    let application = Application {
        state: table::state(&row)?,
        fee,
        version: row.version,
        notices: u32::try_from(row.notices).map_err(Error::internal)?,
        materials_revision: u32::try_from(row.materials_revision).map_err(Error::internal)?,
        missing: item.missing(&given),
        owed,
    };
    Ok(Loaded { row, application, item, guide })
}

/// Saves a step with its entry in the history.
pub(crate) async fn save(
    tx: &mut Tx,
    row: &Row,
    after: &Application,
    happened: &'static str,
    document: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    fee_rows::set_state(tx.sql(), &row.number, after.fee).await?;
    table::save(
        tx.sql(),
        &Change {
            number: &row.number,
            from: row.version,
            version: after.version,
            state: after.state,
            materials_revision: after.materials_revision,
            notices: after.notices,
            now,
            happened,
            document,
        },
    )
    .await
}

/// Issues a numbered document and gives its number.
pub(crate) async fn issue(
    tx: &mut Tx,
    number: &CaseNumber,
    row: &Row,
    content: &Content<'_>,
) -> Result<String> {
    let serial = table::next_document_serial(tx.sql()).await?;
    issue_with(tx, number, row, content, serial).await
}

pub(crate) async fn issue_with(
    tx: &mut Tx,
    number: &CaseNumber,
    row: &Row,
    content: &Content<'_>,
    serial: u32,
) -> Result<String> {
    let year = local_date(tx.now()).year();
    let document = DocumentNumber::issue(&number.center(), content.kind().letters(), year, serial)
        .map_err(|fault| Error::invalid(vec![fault.at("document")]))?;
    issue_as(tx, row, content, &document).await
}

/// Issues a document under a number that was given already.
pub(crate) async fn issue_as(
    tx: &mut Tx,
    row: &Row,
    content: &Content<'_>,
    document: &DocumentNumber,
) -> Result<String> {
    let now = tx.now();
    let case = Case {
        number: &row.number,
        item_zh: &row.item_name_zh,
        item_en: &row.item_name_en,
        applicant: &row.applicant_name,
        subject: &row.subject,
    };
    let (text_zh, text_en) = documents::render(document, &case, content, now);
    let issued = DocumentRow {
        document: document.to_string(),
        kind: content.kind().as_str().to_owned(),
        issued_at: now,
        text_zh,
        text_en,
    };
    table::add_document(tx.sql(), &row.number, &issued).await?;
    Ok(issued.document)
}

/// A material's names in the guide.
pub(crate) fn names<'g>(guide: &'g pb::ServiceItem, code: &str) -> (&'g str, &'g str) {
    guide
        .materials
        .iter()
        .find(|material| material.code == code)
        .map_or(("", ""), |material| (material.name_zh.as_str(), material.name_en.as_str()))
}
