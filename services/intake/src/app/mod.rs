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

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::Datelike as _;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, CaseNumber, DocumentNumber};
use yimen_platform::store::Tx;
pub(crate) use yimen_platform::timestamp;
use yimen_proto::intake::v1 as pb;

use self::catalog::Version;
use crate::domain::application::Application;
use crate::domain::documents::{self, Case, Content};
use crate::store::applications::{self as table, Change, DocumentRow, Row};
use crate::store::{materials as files, serials};

/// An application with what its next step depends on.
pub(crate) struct Loaded {
    pub(crate) row: Row,
    pub(crate) application: Application,
    /// The version of the item that it follows.
    pub(crate) version: Arc<Version>,
}

/// Loads an application for a change.
pub(crate) async fn load(tx: &mut Tx, number: &CaseNumber) -> Result<Loaded> {
    let mut loaded = load_all(tx, std::slice::from_ref(number)).await?;
    loaded.remove(number).ok_or_else(unknown)
}

pub(crate) fn unknown() -> Error {
    Error::not_found(Reason::ApplicationUnknown)
}

/// Loads applications for changes; those that there are.
pub(crate) async fn load_all(tx: &mut Tx, numbers: &[CaseNumber]) -> Result<BTreeMap<CaseNumber, Loaded>> {
    let numbers: BTreeSet<&CaseNumber> = numbers.iter().collect();
    let texts: Vec<String> = numbers.into_iter().map(ToString::to_string).collect();
    let rows = table::find(tx.sql(), &texts).await?;
    let mut owed = match rows.iter().any(|row| row.owes) {
        true => files::owed(tx.sql(), &texts).await?,
        false => HashMap::new(),
    };
    let memory = tx.memory();
    let mut loaded = BTreeMap::new();
    for row in rows {
        let version = catalog::version(&memory, tx.sql(), &row.item, row.item_version)
            .await?
            .ok_or_else(|| Error::internal("an application's item version is not there"))?;
        let given: Vec<&str> = row.materials.iter().map(String::as_str).collect();
        let application = Application {
            state: table::state(&row)?,
            fee: table::fee(&row)?,
            version: row.version,
            notices: u32::try_from(row.notices).map_err(Error::internal)?,
            materials_revision: u32::try_from(row.materials_revision).map_err(Error::internal)?,
            missing: version.item.missing(&given),
            owed: owed.remove(&row.number).unwrap_or_default(),
        };
        let number = CaseNumber::parse(&row.number)
            .map_err(|fault| Error::internal(format!("a stored number is none: {fault:?}")))?;
        loaded.insert(number, Loaded { row, application, version });
    }
    Ok(loaded)
}

/// A step of an application, as it is saved.
pub(crate) struct Step<'s> {
    pub(crate) row: &'s Row,
    pub(crate) after: &'s Application,
    pub(crate) happened: &'static str,
    pub(crate) document: Option<&'s DocumentRow>,
}

/// Saves a step with its entry in the history and its document.
pub(crate) async fn save(
    tx: &mut Tx,
    row: &Row,
    after: &Application,
    happened: &'static str,
    document: Option<&DocumentRow>,
) -> Result<()> {
    save_all(tx, &[Step { row, after, happened, document }]).await
}

/// Saves steps of different applications.
pub(crate) async fn save_all(tx: &mut Tx, steps: &[Step<'_>]) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let changes = steps.iter().map(|step| {
        Ok(Change {
            number: &step.row.number,
            from: step.row.version,
            version: step.after.version,
            state: step.after.state,
            fee: (table::fee(step.row)? != step.after.fee).then_some(step.after.fee),
            materials_revision: step.after.materials_revision,
            notices: step.after.notices,
            happened: step.happened,
            document: step.document,
        })
    });
    table::save(tx.sql(), &changes.collect::<Result<Vec<_>>>()?, now).await
}

/// Draws up a numbered document, for the step that it belongs to.
pub(crate) async fn draw_up(
    tx: &mut Tx,
    number: &CaseNumber,
    row: &Row,
    content: &Content<'_>,
) -> Result<DocumentRow> {
    let mut drawn = draw_up_all(tx, &[(number, row, content)]).await?;
    drawn.pop().ok_or_else(|| Error::internal("a document has no number"))
}

/// What a document is about: its application, by its number and its row, and what it says.
pub(crate) type Paper<'p> = (&'p CaseNumber, &'p Row, &'p Content<'p>);

/// Draws up numbered documents.
pub(crate) async fn draw_up_all(tx: &mut Tx, papers: &[Paper<'_>]) -> Result<Vec<DocumentRow>> {
    let serials = serials::of_documents(tx, papers.len()).await?;
    papers.iter().zip(serials).map(|(paper, serial)| draw_up_with(tx, *paper, serial)).collect()
}

/// Draws up a document under a serial that was drawn already.
pub(crate) fn draw_up_with(tx: &Tx, (number, row, content): Paper<'_>, serial: u32) -> Result<DocumentRow> {
    let year = local_date(tx.now()).year();
    let document = DocumentNumber::issue(&number.center(), content.kind().letters(), year, serial)
        .map_err(|fault| Error::invalid(vec![fault.at("document")]))?;
    Ok(draw_up_as(tx, row, content, &document))
}

/// Draws up a document under a number that was given already.
pub(crate) fn draw_up_as(
    tx: &Tx,
    row: &Row,
    content: &Content<'_>,
    document: &DocumentNumber,
) -> DocumentRow {
    let issued_at = tx.now();
    let case = Case {
        number: &row.number,
        item_zh: &row.item_name_zh,
        item_en: &row.item_name_en,
        applicant: &row.applicant_name,
        subject: &row.subject,
    };
    let (text_zh, text_en) = documents::render(document, &case, content, issued_at);
    let kind = content.kind().as_str().to_owned();
    DocumentRow { document: document.to_string(), kind, issued_at, text_zh, text_en }
}

/// A material's names in the guide.
pub(crate) fn names<'g>(guide: &'g pb::ServiceItem, code: &str) -> (&'g str, &'g str) {
    guide
        .materials
        .iter()
        .find(|material| material.code == code)
        .map_or(("", ""), |material| (material.name_zh.as_str(), material.name_en.as_str()))
}

/// The window at which somebody sits, and the login: whoever is rated by the citizen is recused from that. Both are
/// empty for who is no clerk.
pub fn seat(actor: &Actor) -> (String, String) {
    if !actor.has(yimen_kernel::Role::Clerk) {
        return (String::new(), String::new());
    }
    (actor.window.as_ref().map(ToString::to_string).unwrap_or_default(), actor.subject.clone())
}
