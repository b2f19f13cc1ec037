//! Filing a complaint: on line, or taken down by staff.

use futures::future::try_join_all;
use tonic::Streaming;
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DocumentNumber, Fields, LookupCode, Reason};
use yimen_platform::files::{self, Given, Source, UPLOAD_LIFE};
use yimen_platform::store::Tx;
use yimen_platform::{Caller, Context};
use yimen_proto::complaints::v1 as pb;
use yimen_proto::file::v1::{UploadFileRequest, UploadFileResponse};

use super::access::{self, Sent};
use super::timestamp;
use crate::domain::codes::{Channel, SubjectKind};
use crate::domain::{Accused, Identity, Kind, recusal};
use crate::store::complaints::{self as table, About, New};
use crate::store::people::Complainant;
use crate::store::{attachments, people, steps};

/// The most files of a complaint.
pub const FILES_MAX: usize = 5;

/// What is filed.
pub struct Filing {
    pub center: yimen_kernel::DivisionCode,
    pub kind: Kind,
    pub identity: Identity,
    pub complainant: Option<Complainant>,
    pub about: About,
    pub accused: Vec<Accused>,
    pub grounds: Vec<String>,
    pub body: String,
    pub files: Vec<Given>,
}

/// How it came.
pub struct How<'h> {
    pub channel: Channel,
    pub group_size: u32,
    /// Who took it down.
    pub taken_by: Option<&'h Actor>,
}

/// Takes in one file ahead of its complaint.
///
/// # Errors
/// As [`files::receive`]; `TOO_MANY_COMPLAINTS` once a place has brought so many within an hour.
pub async fn upload(
    ctx: &Context,
    caller: &Caller,
    call: Streaming<UploadFileRequest>,
) -> Result<UploadFileResponse> {
    access::admit_filing(ctx, caller, Sent::File).await?;
    let file = files::receive(&ctx.objects, call).await?;
    let id = Uuid::new_v4();
    let mut connection = ctx.store.read().await?;
    attachments::add_upload(&mut connection, id, &file, ctx.store.now()).await?;
    Ok(file.uploaded_as(id))
}

/// Keeps the files that came within a filing.
///
/// # Errors
/// When the store fails.
pub async fn keep(ctx: &Context, filing: &Filing) -> Result<Vec<Source>> {
    try_join_all(filing.files.iter().map(|given| given.keep(&ctx.objects))).await
}

/// Registers a complaint with the files that were kept.
///
/// # Errors
/// `RECUSED` if whoever takes it down is one that it is about; `OTHER_CENTER`; `UPLOAD_UNKNOWN`.
pub async fn file(
    tx: &mut Tx,
    filing: Filing,
    files: Vec<Source>,
    how: How<'_>,
) -> Result<pb::FileComplaintResponse> {
    if let Some(actor) = how.taken_by {
        if recusal::recused(&filing.accused, actor) {
            return Err(Error::denied(Reason::Recused));
        }
        actor.require_center(&filing.center)?;
    }
    let (now, today) = (tx.now(), local_date(tx.now()));
    let serial = table::next_serial(tx.sql()).await?;
    let number = DocumentNumber::issue(&filing.center, "TS", year(today), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("number")]))?;
    let code = LookupCode::from_random(rand::random());
    let taken_by = how.taken_by.map(|actor| actor.subject.clone()).unwrap_or_default();
    let new = New {
        number: number.to_string(),
        center: filing.center.to_string(),
        kind: filing.kind,
        channel: how.channel.as_str(),
        identity: filing.identity,
        grounds: filing.grounds,
        about: filing.about,
        body: filing.body,
        group_size: how.group_size,
        lookup_digest: access::digest(&number, &code).to_vec(),
        taken_by: taken_by.clone(),
        filed_at: now,
        filed_on: today,
    };
    table::insert(tx.sql(), &new).await?;
    table::accuse(tx.sql(), number.as_str(), &filing.accused).await?;
    if let Some(complainant) = &filing.complainant {
        people::insert(tx.sql(), number.as_str(), complainant).await?;
    }
    attach(tx, number.as_str(), files).await?;
    let filed = pb::complaint_step::What::Filed.as_str_name();
    steps::add(tx.sql(), number.as_str(), filed, (&taken_by, ""), now).await?;
    let registered = pb::ComplaintRegistered {
        number: number.to_string(),
        center: new.center.clone(),
        time: Some(timestamp(now)),
    };
    tx.emit(&new.center, number.as_str(), 1, &registered);
    let complaint = super::lock(tx, &number).await?;
    let due_on = complaint.due_on(&tx.calendar().await?.calendar);
    Ok(pb::FileComplaintResponse {
        number: number.to_string(),
        lookup_code: code.as_str().to_owned(),
        due_on: due_on.map(|day| day.to_string()).unwrap_or_default(),
    })
}

/// Attaches files; faults are named by their place in the request.
async fn attach(tx: &mut Tx, number: &str, files: Vec<Source>) -> Result<()> {
    let oldest = tx.now() - UPLOAD_LIFE;
    let mut fields = Fields::new();
    let mut attached = Vec::with_capacity(files.len());
    for (place, source) in files.into_iter().enumerate() {
        let file = match source {
            Source::Kept(file) => Some(file),
            Source::Upload(id) => attachments::use_upload(tx.sql(), id, number, oldest).await?,
        };
        match file {
            Some(file) => attached.push(file),
            None => fields.add(&format!("filing.files[{place}].upload_id"), Reason::UploadUnknown),
        }
    }
    fields.finish()?;
    attachments::add(tx.sql(), number, &attached).await
}

/// Whom a complaint names by what it is about.
pub fn named(about: &About) -> Result<Vec<Accused>> {
    let given = [("DEPARTMENT", &about.department), ("WINDOW", &about.window), ("PERSON", &about.login)];
    given
        .into_iter()
        .filter(|(_, id)| !id.is_empty())
        .map(|(kind, id)| Accused::parse(kind, id).map_err(|fault| Error::invalid(vec![fault.at("subject")])))
        .collect()
}

/// Whether a subject has what its kind needs.
pub fn is_named(about: &About) -> bool {
    match about.kind {
        SubjectKind::Case => !about.number.is_empty(),
        SubjectKind::Window => !about.window.is_empty(),
        SubjectKind::Department => !about.department.is_empty(),
        SubjectKind::Person => !about.login.is_empty() || !about.description.is_empty(),
        SubjectKind::Unpublished => !about.department.is_empty() && !about.description.is_empty(),
    }
}

fn year(day: chrono::NaiveDate) -> i32 {
    chrono::Datelike::year(&day)
}
