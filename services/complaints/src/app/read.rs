//! What somebody sees of a complaint: nobody sees one that is about them.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DivisionCode, DocumentNumber, Reason, Role};
use yimen_platform::Context;
use yimen_platform::files::{self, File, Sending};
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::complaint_step::What;

use crate::domain::complaint::unknown;
use crate::domain::{Complaint, View, recusal};
use crate::grpc::message;
use crate::store::complaints as table;
use crate::store::lists::{self, Filter};
use crate::store::{accountability, attachments, parties, people, steps};

/// A complaint for a member of staff.
///
/// # Errors
/// `COMPLAINT_UNKNOWN`.
pub async fn staff(ctx: &Context, actor: &Actor, number: &DocumentNumber) -> Result<pb::Complaint> {
    let mut tx = ctx.store.begin().await?;
    let (complaint, view) = seen(&mut tx, actor, number).await?;
    shown(&mut tx, &complaint, view).await
}

/// A complaint for its complainant, who was let in by number and code.
///
/// # Errors
/// `COMPLAINT_UNKNOWN`.
pub async fn complainant(ctx: &Context, number: &DocumentNumber) -> Result<pb::Complaint> {
    let mut tx = ctx.store.begin().await?;
    let complaint = table::read(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    shown(&mut tx, &complaint, View::Complainant).await
}

/// A complaint that a member of staff may see, and how much of it.
async fn seen(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<(Complaint, View)> {
    let complaint = table::read(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let view = complaint.view(actor)?;
    Ok((complaint, view))
}

/// As much of it as a view has.
pub async fn shown(tx: &mut Tx, complaint: &Complaint, view: View) -> Result<pb::Complaint> {
    let number = complaint.number.as_str();
    let calendar = tx.calendar().await?.calendar;
    let row = lists::one(tx.sql(), number).await?.ok_or_else(unknown)?;
    let about_number = row.about_number.clone();
    let mut shown = message::complaint(row, complaint, &calendar, view);
    shown.answers = message::answers(steps::answers(tx.sql(), number).await?, complaint, view);
    shown.history = message::history(steps::of(tx.sql(), number).await?, view);
    let attached = attachments::list(tx.sql(), number).await?;
    shown.attachments = attached.into_iter().map(message::attachment).collect();
    if view == View::Office {
        shown.joined = lists::joined(tx.sql(), number).await?;
        shown.accountability_cases = accountability::of_complaint(tx.sql(), number).await?;
        shown.accused = complaint.accused.iter().map(message::accused).collect();
        if !about_number.is_empty() {
            shown.similar = parties::open_about(tx.sql(), &[about_number]).await?;
            shown.similar.retain(|similar| similar != number);
        }
    }
    Ok(shown)
}

/// Those that the caller may see, newest first.
///
/// # Errors
/// `OTHER_CENTER`.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    center: Option<DivisionCode>,
    state: Option<String>,
    page: Page,
) -> Result<pb::ListComplaintsResponse> {
    let own = actor.center.clone().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let center = center.unwrap_or(own);
    let is_office = actor.has(Role::Supervisor);
    let department = if is_office {
        if !recusal::oversees(actor, &center) {
            return Err(Error::denied(Reason::OtherCenter).with("center", &center));
        }
        None
    } else {
        actor.require_center(&center)?;
        Some(actor.require_department()?.as_str())
    };
    let filter = Filter {
        center: center.as_str(),
        department,
        state: state.as_deref(),
        after: page.after.as_deref(),
        limit: page.limit(),
    };
    let mut tx = ctx.store.begin().await?;
    let calendar = tx.calendar().await?.calendar;
    let mut rows = lists::page(tx.sql(), actor, &filter).await?;
    let next_page_token = page.cut(&mut rows, |row| row.number.clone());
    let numbers: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    let complaints = table::read_all(tx.sql(), &numbers).await?;
    let shown = rows.into_iter().filter_map(|row| {
        let complaint = complaints.iter().find(|complaint| complaint.number.as_str() == row.number)?;
        // The list has left out what the caller may not see; the rule has the last word.
        let view = complaint.view(actor).ok()?;
        Some(message::complaint(row, complaint, &calendar, view))
    });
    Ok(pb::ListComplaintsResponse { complaints: shown.collect(), next_page_token })
}

/// Who complains, for a member of staff who may know; the look is recorded.
///
/// # Errors
/// `COMPLAINT_UNKNOWN`; `NOT_A_PARTY` where it is kept from the caller.
pub async fn show_complainant(
    ctx: &Context,
    actor: &Actor,
    number: &DocumentNumber,
) -> Result<pb::Complainant> {
    let mut tx = ctx.store.begin().await?;
    let (complaint, view) = seen(&mut tx, actor, number).await?;
    complaint.show_complainant(view)?;
    let who = people::read(tx.sql(), number.as_str()).await?;
    let who = who.ok_or_else(|| Error::denied(Reason::NotAParty))?;
    let now = tx.now();
    let what = What::IdentityShown.as_str_name();
    steps::add(tx.sql(), number.as_str(), what, (&actor.subject, ""), now).await?;
    tx.commit().await?;
    Ok(message::complainant(who))
}

/// A file of a complaint, for a member of staff who may see it.
///
/// # Errors
/// `COMPLAINT_UNKNOWN`, `ATTACHMENT_UNKNOWN`.
pub async fn attachment(
    ctx: &Context,
    actor: &Actor,
    number: &DocumentNumber,
    position: i32,
) -> Result<Sending> {
    let found = {
        let mut tx = ctx.store.begin().await?;
        seen(&mut tx, actor, number).await?;
        attachments::find(tx.sql(), number.as_str(), position).await?
    };
    let found = found.ok_or_else(|| Error::not_found(Reason::AttachmentUnknown))?;
    let sha256 = match (found.sha256, found.content) {
        (Some(sha256), _) => sha256,
        (None, content) => ctx.objects.put(content.unwrap_or_default().into()).await?.sha256.to_vec(),
    };
    let (file_name, media_type, size) = (found.file_name, found.media_type, found.size);
    files::send(&ctx.objects, File { file_name, media_type, size, sha256 }).await
}
