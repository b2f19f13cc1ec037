//! Handing in an application (收件).

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::types::Json;
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
use crate::store::applications::{self as table, Row};
use crate::store::catalog as items;
use crate::store::materials;

/// How often a new number is drawn when one was given before.
const DRAWS: usize = 4;

/// Who applies, checked.
pub struct Applicant {
    pub organization: bool,
    pub name: String,
    pub id_number: String,
    pub contact_name: String,
    pub mobile: Mobile,
    pub address: String,
}

/// An application, checked as far as that goes without the catalog.
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

/// Turns uploads into files of `number`; faults are named by their place in the request.
pub async fn claim(tx: &mut Tx, number: &str, sources: Sources) -> Result<Vec<(String, Option<File>)>> {
    let mut fields = Fields::new();
    let mut claimed = Vec::with_capacity(sources.len());
    let oldest = tx.now() - UPLOAD_LIFE;
    for (index, (code, source)) in (0..).zip(sources) {
        match source {
            None => claimed.push((code, None)),
            Some(Source::Kept(file)) => claimed.push((code, Some(file))),
            Some(Source::Upload(id)) => match materials::use_upload(tx.sql(), id, number, oldest).await? {
                Some(file) => claimed.push((code, Some(file))),
                None => fields.add(&format!("materials[{index}].upload_id"), Reason::UploadUnknown),
            },
        }
    }
    fields.finish()?;
    Ok(claimed)
}

/// Takes the application in and gives its number, its lookup code, its receipt, and what the visit is rated by: the
/// token is kept nowhere, and complaints is told its digest.
pub async fn submit(
    tx: &mut Tx,
    caller: &Caller,
    prepared: Prepared,
) -> Result<pb::SubmitApplicationResponse> {
    let Prepared { submission, version, form, files } = prepared;
    let Version { item, guide } = &*version;
    let Submission { center, applicant, subject, .. } = submission;
    let now = tx.now();
    let code = LookupCode::from_random(rand::random());
    let rating = RatingToken::from_random(rand::random());
    let (window, clerk) = seat(&caller.actor);
    let mut row = Row {
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
    let (number, document_serial) = number(tx, &center, &mut row, &code).await?;

    let claimed = claim(tx, number.as_str(), files).await?;
    materials::add(tx.sql(), number.as_str(), 1, &claimed, now).await?;
    let promised: Vec<&str> =
        claimed.iter().filter(|(_, file)| file.is_none()).map(|(code, _)| code.as_str()).collect();
    let owed: Vec<Owed> = promised
        .iter()
        .map(|code| Owed {
            code: (*code).to_owned(),
            ground: Ground::Promised,
            reason: String::new(),
            due_on: None,
        })
        .collect();
    materials::ask(tx.sql(), number.as_str(), &owed, now).await?;
    let received =
        claimed.iter().filter(|(_, file)| file.is_some()).map(|(code, _)| names(guide, code)).collect();
    let promised = promised.iter().map(|code| names(guide, code)).collect();
    let content = Content::Receipt { received, promised };
    let receipt = draw_up_with(tx, (&number, &row, &content), document_serial)?;
    table::begin_history(tx.sql(), number.as_str(), &receipt).await?;

    tx.emit(
        &row.center,
        number.as_str(),
        1,
        &pb::ContactGiven {
            number: number.to_string(),
            center: row.center.clone(),
            item_name_zh: row.item_name_zh.clone(),
            mobile: row.mobile.clone(),
            time: Some(timestamp(now)),
        },
    );
    tx.emit(
        &row.center,
        number.as_str(),
        1,
        &pb::ApplicationSubmitted {
            number: number.to_string(),
            center: row.center.clone(),
            item: row.item.clone(),
            item_version: item.version,
            online: row.online,
            time: Some(timestamp(now)),
            window,
            clerk,
            rating_digest: rating.digest().to_vec(),
        },
    );
    Ok(pb::SubmitApplicationResponse {
        number: number.to_string(),
        lookup_code: code.as_str().to_owned(),
        center: row.center,
        item: row.item,
        item_version: item.version,
        state: pb::application_state::Value::Submitted as i32,
        submit_time: Some(timestamp(now)),
        receipt: receipt.document,
        rating_token: rating.as_str().to_owned(),
    })
}

/// Draws a number that was never given and inserts the row under it.
async fn number(
    tx: &mut Tx,
    center: &DivisionCode,
    row: &mut Row,
    code: &LookupCode,
) -> Result<(CaseNumber, u32)> {
    for _ in 0..DRAWS {
        let (serial, document_serial) = table::next_serials(tx.sql()).await?;
        let number = CaseNumber::issue(center, local_date(tx.now()), serial)
            .map_err(|fault| Error::invalid(vec![fault.at("number")]))?;
        row.number = number.to_string();
        row.lookup_digest = access::digest(&number, code).to_vec();
        if table::insert(tx.sql(), row).await? {
            return Ok((number, document_serial));
        }
    }
    Err(Error::unavailable("no free case number was drawn"))
}

/// Whether a clerk of the center hands it in.
fn at_window(caller: &Caller, center: &DivisionCode) -> Result<bool> {
    if !caller.actor.has(Role::Clerk) {
        return Ok(false);
    }
    caller.actor.require_center(center)?;
    Ok(true)
}
