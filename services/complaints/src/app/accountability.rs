//! 责任追究: decided, carried out and published by supervisors whom it is not about.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DivisionCode, DocumentNumber, Reason};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{timestamp, today};
use crate::domain::accountability::{Case, unknown};
use crate::domain::appraisal::Round;
use crate::domain::codes::Measure;
use crate::domain::{Accused, publication, recusal};
use crate::grpc::message;
use crate::store::accountability::{self as table, Kept, Origin, Said};
use crate::store::appraisal::rounds;
use crate::store::{complaints, people};

/// The number of a new case.
///
/// # Errors
/// When the database fails.
pub async fn next_number(tx: &mut Tx, center: &DivisionCode) -> Result<DocumentNumber> {
    let serial = table::next_serial(tx.sql()).await?;
    DocumentNumber::issue(center, "ZR", today(tx).year(), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("accountability_case")]))
}

/// Opens a case for a unit that a round holds to account, once.
///
/// # Errors
/// When the database fails.
pub async fn open_for_round(tx: &mut Tx, round: &Round, held: &Accused) -> Result<DocumentNumber> {
    let number = next_number(tx, &round.center()).await?;
    let today = today(tx);
    table::open(tx.sql(), &number, &Origin::Round(round.number.to_string()), held, today).await?;
    Ok(number)
}

/// Decides on a measure.
///
/// # Errors
/// `ACCOUNTABILITY_CASE_UNKNOWN`, `STATE_FORBIDS`.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    finding: &str,
    measure: Measure,
) -> Result<pb::AccountabilityCase> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.case.clone().decide(measure)?;
    let now = tx.now();
    let (department, window) = units(&after.held);
    let decided = pb::AccountabilityDecided {
        accountability_case: number.to_string(),
        center: kept.center.clone(),
        department,
        window,
        measure: message::measure(measure).into(),
        time: Some(timestamp(now)),
    };
    tx.emit(&kept.center, number.as_str(), after.version, &decided);
    let said = Said { finding: Some(finding), decided: Some((&actor.subject, now)), ..Said::default() };
    save(tx, actor, &kept, &after, &said).await
}

/// Holds nobody to account.
///
/// # Errors
/// `ACCOUNTABILITY_CASE_UNKNOWN`, `STATE_FORBIDS`.
pub async fn drop(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    reason: &str,
) -> Result<pb::AccountabilityCase> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.case.clone().drop()?;
    let decided = Some((actor.subject.as_str(), tx.now()));
    save(tx, actor, &kept, &after, &Said { drop_reason: Some(reason), decided, ..Said::default() }).await
}

/// Notes that it was carried out.
///
/// # Errors
/// `ACCOUNTABILITY_CASE_UNKNOWN`, `STATE_FORBIDS`, `OUT_OF_RANGE`.
pub async fn carry_out(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    evidence: &str,
    on: NaiveDate,
) -> Result<pb::AccountabilityCase> {
    let kept = lock(tx, actor, number).await?;
    let after = kept.case.clone().carry_out(on, today(tx))?;
    let said = Said { evidence: Some(evidence), carried_out_on: Some(on), ..Said::default() };
    save(tx, actor, &kept, &after, &said).await
}

/// 公开.
///
/// # Errors
/// `ACCOUNTABILITY_CASE_UNKNOWN`, `STATE_FORBIDS`; `PERSONAL_DATA` at `text` if it points at a person.
pub async fn publish(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    text: &str,
) -> Result<pb::AccountabilityCase> {
    let kept = lock(tx, actor, number).await?;
    if points_at_a_person(tx, &kept, text).await? {
        return Err(Error::field("text", Reason::PersonalData));
    }
    let after = kept.case.clone().publish()?;
    let said = Said { published: Some((text, tx.now())), ..Said::default() };
    save(tx, actor, &kept, &after, &said).await
}

/// A center's cases that the caller may see, newest first.
///
/// # Errors
/// `OTHER_CENTER`.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    center: Option<DivisionCode>,
    complaint: Option<DocumentNumber>,
    page: Page,
) -> Result<pb::ListAccountabilityCasesResponse> {
    let own = actor.center.clone().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let center = center.or_else(|| complaint.as_ref().map(DocumentNumber::center)).unwrap_or(own);
    if !recusal::oversees(actor, &center) {
        return Err(Error::denied(Reason::OtherCenter).with("center", &center));
    }
    let complaint = complaint.as_ref().map(DocumentNumber::as_str);
    let mut connection = ctx.store.read().await?;
    let part = (page.after.as_deref(), page.limit());
    let mut rows = table::list(&mut connection, actor, center.as_str(), (complaint, None), part).await?;
    let next_page_token = page.cut(&mut rows, |row| row.accountability_case.clone());
    let accountability_cases = rows.into_iter().map(message::accountability).collect();
    Ok(pb::ListAccountabilityCasesResponse { accountability_cases, next_page_token })
}

/// What everyone reads, newest first.
///
/// # Errors
/// `UNKNOWN_PAGE_TOKEN`.
pub async fn published(
    ctx: &Context,
    center: Option<DivisionCode>,
    page: Page,
) -> Result<pb::ListAccountabilityPublicationsResponse> {
    let unknown_page = || Error::field("page_token", Reason::UnknownPageToken);
    let after = page.after.as_deref().map(|token| place(token).ok_or_else(unknown_page)).transpose()?;
    let mut connection = ctx.store.read().await?;
    let center = center.as_ref().map(DivisionCode::as_str);
    let mut rows = table::published(&mut connection, center, after, page.limit()).await?;
    let next_page_token = page.cut(&mut rows, |row| {
        let at = row.published_at.map(|at| at.timestamp_micros()).unwrap_or_default();
        format!("{at} {}", row.accountability_case)
    });
    let publications = rows.into_iter().map(message::publication).collect();
    Ok(pb::ListAccountabilityPublicationsResponse { publications, next_page_token })
}

fn place(token: &str) -> Option<(DateTime<Utc>, &str)> {
    let (at, number) = token.split_once(' ')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, number))
}

/// The unit that is held to account: department and window, both empty for a person.
pub fn units(held: &Accused) -> (String, String) {
    match held {
        Accused::Department(id) => (id.to_string(), String::new()),
        Accused::Window(id) => (String::new(), id.to_string()),
        Accused::Person(_) => (String::new(), String::new()),
    }
}

async fn lock(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<Kept> {
    let kept = table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let is_free = match &kept.origin {
        Origin::Complaint(complaint) => {
            complaints::read(tx.sql(), complaint).await?.ok_or_else(unknown)?.office(actor).is_ok()
        }
        Origin::Round(round) => {
            let round = DocumentNumber::parse(round).map_err(|_| unknown())?;
            rounds::read(tx.sql(), &round).await?.ok_or_else(unknown)?.round.manage(actor).is_ok()
        }
    };
    kept.case.decider(actor, is_free)?;
    Ok(kept)
}

/// Whether a text points at whom its complaint is about or by. A round knows of nobody.
async fn points_at_a_person(tx: &mut Tx, kept: &Kept, text: &str) -> Result<bool> {
    let Origin::Complaint(number) = &kept.origin else {
        return Ok(publication::has_personal_data(text, []));
    };
    let who = people::read(tx.sql(), number).await?.unwrap_or_default();
    let complaint = complaints::read(tx.sql(), number).await?.ok_or_else(unknown)?;
    let known = [who.name.as_str(), &who.mobile, &who.address, number];
    let representatives = who.representatives.iter().map(String::as_str);
    let people = complaint.accused.iter().filter(|accused| !accused.is_unit()).map(Accused::id);
    Ok(publication::has_personal_data(text, known.into_iter().chain(representatives).chain(people)))
}

async fn save(
    tx: &mut Tx,
    actor: &Actor,
    before: &Kept,
    after: &Case,
    said: &Said<'_>,
) -> Result<pb::AccountabilityCase> {
    table::save(tx.sql(), before.case.version, after, said).await?;
    let one = (None, Some(after.number.as_str()));
    tx.plan_by_values().await?;
    let shown = table::list(tx.sql(), actor, &before.center, one, (None, 1)).await?.pop();
    shown.map(message::accountability).ok_or_else(unknown)
}
