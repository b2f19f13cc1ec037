//! Handing in an application (收件).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use tracing::Span;
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{
    CaseNumber, DivisionCode, Fields, ItemCode, LookupCode, MaterialCode, Mobile, RatingToken, Role,
};
use yimen_platform::files::{File, Given, Source, UPLOAD_LIFE};
use yimen_platform::objects::Objects;
use yimen_platform::store::Tx;
use yimen_platform::{Caller, Context};
use yimen_proto::intake::v1 as pb;

use super::catalog::{self, Version};
use super::{draw_up_with, names, seat, timestamp};
use crate::app::access;
use crate::domain::application::{Ground, Owed};
use crate::domain::catalog::HandedIn;
use crate::domain::documents::Content;
use crate::store::applications::{DocumentRow, Row};
use crate::store::submit::{self as table, New};
use crate::store::{catalog as items, materials, serials};

/// How often a new number is drawn when one was given before.
const DRAWS: usize = 4;

/// Who applies, checked.
#[derive(Clone)]
pub struct Applicant {
    pub organization: bool,
    pub name: String,
    pub id_number: String,
    pub contact_name: String,
    pub mobile: Mobile,
    pub address: String,
}

/// An application, checked as far as that goes without the catalog.
#[derive(Clone)]
pub struct Submission {
    pub center: DivisionCode,
    pub item: ItemCode,
    pub applicant: Applicant,
    pub subject: String,
    pub form: BTreeMap<String, String>,
    pub materials: Vec<(MaterialCode, Option<Given>)>,
}

/// Materials by their codes, and where their files are; none of one that is promised (容缺后补).
pub type Sources = Vec<(String, Option<Source>)>;

/// A submission that fits its item, its files kept.
#[derive(Clone)]
pub struct Prepared {
    submission: Submission,
    version: Arc<Version>,
    form: BTreeMap<String, String>,
    files: Sources,
}

/// Checks a submission against the catalog, and keeps its files only if all is well.
pub async fn prepare(ctx: &Context, caller: &Caller, submission: Submission) -> Result<Prepared> {
    let at_window = at_window(caller, &submission.center)?;
    let version = in_force(ctx, &submission.item).await?;
    let version = version.ok_or_else(|| Error::field("item", Reason::UnknownItem))?;
    let item = &version.item;
    let mut fields = Fields::new();
    if !item.offered_at(&submission.center) {
        fields.add("center", Reason::ItemNotOffered);
    }
    let served = if submission.applicant.organization { item.organizations } else { item.persons };
    if !served {
        fields.add("applicant.kind", Reason::ApplicantKindNotServed);
    }
    let given: Vec<_> = submission
        .materials
        .iter()
        .map(|(code, given)| {
            (code.clone(), if given.is_some() { HandedIn::File } else { HandedIn::Promised })
        })
        .collect();
    item.check_materials(&given, !at_window, &mut fields);
    let form = item.check_form(&submission.form, &mut fields);
    fields.finish()?;
    let files = keep(&ctx.objects, &submission.materials).await?;
    Ok(Prepared { submission, version, form, files })
}

/// The version of an item that is in force today.
async fn in_force(ctx: &Context, item: &ItemCode) -> Result<Option<Arc<Version>>> {
    let mut connection = ctx.store.read().await?;
    let today = local_date(ctx.store.now());
    match items::version_in_force(&mut connection, item.as_str(), today).await? {
        Some(version) => catalog::version(ctx.store.memory(), &mut connection, item.as_str(), version).await,
        None => Ok(None),
    }
}

/// Keeps the files of a request.
pub async fn keep(objects: &Objects, given: &[(MaterialCode, Option<Given>)]) -> Result<Sources> {
    let mut kept = Vec::with_capacity(given.len());
    for (code, given) in given {
        let source = match given {
            Some(given) => Some(given.keep(objects).await?),
            None => None,
        };
        kept.push((code.to_string(), source));
    }
    Ok(kept)
}

/// The files that a request brought, by the codes of the materials, and the uploads among them.
#[derive(Default)]
pub struct Brought {
    pub materials: Vec<(String, Option<File>)>,
    pub uploads: Vec<Uuid>,
}

/// Finds the files of requests; faults are named by their place in their request. Each upload is given once, and
/// whoever goes on notes for what it is used.
pub async fn find_files(tx: &mut Tx, requests: Vec<Sources>) -> Result<Vec<Result<Brought>>> {
    let uploads = requests.iter().flatten().filter_map(|(_, source)| match source {
        Some(Source::Upload(upload)) => Some(*upload),
        _ => None,
    });
    let uploads: Vec<Uuid> = uploads.collect();
    let oldest = tx.now() - UPLOAD_LIFE;
    let mut free = match uploads.is_empty() {
        true => HashMap::new(),
        false => materials::hold_uploads(tx.sql(), &uploads, oldest).await?,
    };
    Ok(requests.into_iter().map(|sources| bring(sources, &mut free)).collect())
}

/// The files of one request; those of its uploads are free no longer, unless it is at fault.
fn bring(sources: Sources, free: &mut HashMap<Uuid, File>) -> Result<Brought> {
    let (mut fields, mut brought) = (Fields::new(), Brought::default());
    for (index, (code, source)) in (0..).zip(sources) {
        let file = match source {
            None => None,
            Some(Source::Kept(file)) => Some(file),
            Some(Source::Upload(upload)) => {
                let file = free.get(&upload).filter(|_| !brought.uploads.contains(&upload)).cloned();
                match file {
                    Some(_) => brought.uploads.push(upload),
                    None => fields.add(&format!("materials[{index}].upload_id"), Reason::UploadUnknown),
                }
                file
            }
        };
        brought.materials.push((code, file));
    }
    fields.finish()?;
    for upload in &brought.uploads {
        free.remove(upload);
    }
    Ok(brought)
}

/// A submission in its turn.
pub struct Turn {
    pub caller: Caller,
    pub prepared: Prepared,
    /// Where it is traced.
    pub span: Span,
}

/// An application on its way into the tables.
struct Entry {
    /// Its submission's place.
    place: usize,
    row: Row,
    brought: Brought,
    version: Arc<Version>,
    code: LookupCode,
    rating: RatingToken,
    seat: (String, String),
    span: Span,
}

/// Takes applications in and gives of each its number, its lookup code, its receipt, and what the visit is rated by:
/// the token is kept nowhere, and complaints is told its digest. A refusal leaves nothing.
pub async fn submit(tx: &mut Tx, turns: Vec<Turn>) -> Result<Vec<Result<pb::SubmitApplicationResponse>>> {
    let sources = turns.iter().map(|turn| turn.prepared.files.clone()).collect();
    let found = find_files(tx, sources).await?;
    let (mut entries, mut outcomes) = (Vec::new(), Vec::new());
    for (place, (turn, found)) in turns.into_iter().zip(found).enumerate() {
        match found {
            Ok(brought) => entries.push(entry(place, turn, brought, tx.now())?),
            Err(refusal) => outcomes.push((place, Err(refusal))),
        }
    }
    let written = insert(tx, entries).await?;
    let used = written.iter().flat_map(|(Entry { row, brought, .. }, _)| {
        brought.uploads.iter().map(|upload| (*upload, row.number.as_str()))
    });
    materials::use_uploads(tx.sql(), &used.collect::<Vec<_>>()).await?;
    for (entry, receipt) in written {
        let answer = finish(tx, &entry, receipt).await?;
        outcomes.push((entry.place, Ok(answer)));
    }
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// The application that a submission asks for; it has no number yet.
fn entry(place: usize, turn: Turn, brought: Brought, now: DateTime<Utc>) -> Result<Entry> {
    let Turn { caller, prepared: Prepared { submission, version, form, .. }, span } = turn;
    let Submission { center, applicant, subject, .. } = submission;
    let Version { item, guide } = &*version;
    let row = Row {
        number: String::new(),
        center: center.to_string(),
        item: item.code.to_string(),
        item_version: i32::try_from(item.version).map_err(Error::internal)?,
        item_name_zh: guide.name_zh.clone(),
        item_name_en: guide.name_en.clone(),
        state: "SUBMITTED".to_owned(),
        version: 1,
        outcome: None,
        fee: None,
        owes: false,
        materials: Vec::new(),
        promised: Vec::new(),
        decision: None,
        applicant_kind: if applicant.organization { "ORGANIZATION" } else { "PERSON" }.to_owned(),
        applicant_name: applicant.name,
        id_number: applicant.id_number,
        contact_name: applicant.contact_name,
        mobile: applicant.mobile.as_str().to_owned(),
        address: applicant.address,
        subject,
        form: Json(form),
        lookup_digest: Vec::new(),
        online: !caller.actor.has(Role::Clerk),
        materials_revision: 1,
        notices: 0,
        submitted_at: now,
        received_at: now,
        accepted_at: None,
        completed_at: None,
        delivered_at: None,
    };
    let code = LookupCode::from_random(rand::random());
    let rating = RatingToken::from_random(rand::random());
    Ok(Entry { place, row, brought, version, code, rating, seat: seat(&caller.actor), span })
}

/// Writes applications under numbers that were never given, with their receipts.
async fn insert(tx: &mut Tx, entries: Vec<Entry>) -> Result<Vec<(Entry, DocumentRow)>> {
    let (mut waiting, mut written, now) = (entries, Vec::new(), tx.now());
    for _ in 0..DRAWS {
        if waiting.is_empty() {
            return Ok(written);
        }
        let cases = serials::of_cases(tx, waiting.len()).await?;
        let documents = serials::of_documents(tx, waiting.len()).await?;
        let mut drawn = Vec::with_capacity(waiting.len());
        for (mut entry, serials) in waiting.into_iter().zip(cases.into_iter().zip(documents)) {
            let receipt = number(tx, &mut entry, serials)?;
            drawn.push((entry, receipt));
        }
        let new: Vec<New<'_>> = drawn
            .iter()
            .map(|(entry, receipt)| New { row: &entry.row, materials: &entry.brought.materials, receipt })
            .collect();
        let added = table::insert(tx.sql(), &new, now).await?;
        let is_added = |(entry, _): &(Entry, DocumentRow)| added.contains(&entry.row.number);
        let (done, taken): (Vec<_>, Vec<_>) = drawn.into_iter().partition(is_added);
        written.extend(done);
        waiting = taken.into_iter().map(|(entry, _)| entry).collect();
    }
    match waiting.is_empty() {
        true => Ok(written),
        false => Err(Error::unavailable("no free case number was drawn")),
    }
}

/// Numbers an application, and draws up its receipt.
fn number(tx: &Tx, entry: &mut Entry, (case, document): (u32, u32)) -> Result<DocumentRow> {
    let center =
        DivisionCode::parse(&entry.row.center).map_err(|fault| Error::invalid(vec![fault.at("center")]))?;
    let number = CaseNumber::issue(&center, local_date(tx.now()), case)
        .map_err(|fault| Error::invalid(vec![fault.at("number")]))?;
    entry.row.number = number.to_string();
    entry.row.lookup_digest = access::digest(&number, &entry.code).to_vec();
    let named = |in_hand: bool| {
        let materials = entry.brought.materials.iter().filter(move |(_, file)| file.is_some() == in_hand);
        materials.map(|(code, _)| names(&entry.version.guide, code)).collect()
    };
    let content = Content::Receipt { received: named(true), promised: named(false) };
    draw_up_with(tx, (&number, &entry.row, &content), document)
}

/// Notes what was promised, tells of an application, and answers.
async fn finish(tx: &mut Tx, entry: &Entry, receipt: DocumentRow) -> Result<pb::SubmitApplicationResponse> {
    let (row, now) = (&entry.row, tx.now());
    let number = row.number.as_str();
    let promised = entry.brought.materials.iter().filter(|(_, file)| file.is_none());
    let owed: Vec<Owed> = promised
        .map(|(code, _)| Owed {
            code: code.clone(),
            ground: Ground::Promised,
            reason: String::new(),
            due_on: None,
        })
        .collect();
    materials::ask(tx.sql(), number, &owed, now).await?;
    let (time, item_version) = (Some(timestamp(now)), entry.version.item.version);
    let contact = pb::ContactGiven {
        number: row.number.clone(),
        center: row.center.clone(),
        item_name_zh: row.item_name_zh.clone(),
        mobile: row.mobile.clone(),
        time,
    };
    let (window, clerk) = entry.seat.clone();
    let submitted = pb::ApplicationSubmitted {
        number: row.number.clone(),
        center: row.center.clone(),
        item: row.item.clone(),
        item_version,
        online: row.online,
        time,
        window,
        clerk,
        rating_digest: entry.rating.digest().to_vec(),
    };
    entry.span.in_scope(|| {
        tx.emit(&row.center, number, 1, &contact);
        tx.emit(&row.center, number, 1, &submitted);
    });
    Ok(pb::SubmitApplicationResponse {
        number: row.number.clone(),
        lookup_code: entry.code.as_str().to_owned(),
        center: row.center.clone(),
        item: row.item.clone(),
        item_version,
        state: pb::application_state::Value::Submitted as i32,
        submit_time: time,
        receipt: receipt.document,
        rating_token: entry.rating.as_str().to_owned(),
    })
}

/// Whether a clerk of the center hands it in.
fn at_window(caller: &Caller, center: &DivisionCode) -> Result<bool> {
    if !caller.actor.has(Role::Clerk) {
        return Ok(false);
    }
    caller.actor.require_center(center)?;
    Ok(true)
}
