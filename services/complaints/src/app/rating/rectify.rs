//! What the supervisor's office and the departments do with a negative rating. The domain lets nobody whom it is
//! about do, or see, any of it.

use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DocumentNumber, Reason};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::rectification_step::What;

use super::{Happened, note, read, save};
use crate::domain::rating::rectification::{COMPLEX, RECTIFY, Rectification, Visit, unknown};
use crate::domain::{Handler, View};
use crate::store::rating::ratings;
use crate::store::rating::rectifications::{self as table, Said};

/// Gives it to a department, or back to the supervisor's office.
///
/// # Errors
/// See [`Rectification::give`]; `OTHER_CENTER` at `department`.
pub async fn give(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    department: Option<DepartmentId>,
) -> Result<pb::Rectification> {
    if department.as_ref().is_some_and(|department| department.center() != number.center()) {
        return Err(Error::field("department", Reason::OtherCenter));
    }
    let to = department.as_ref().map(ToString::to_string).unwrap_or_default();
    let before = lock(tx, number).await?;
    let after = before.clone().give(actor, Handler::of(department))?;
    finish(tx, actor, &before, &after, (What::Given, &to)).await
}

/// Notes that the rater was contacted.
///
/// # Errors
/// See [`Rectification::contact`].
pub async fn contact(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    said: &str,
) -> Result<pb::Rectification> {
    let before = lock(tx, number).await?;
    let after = before.clone().contact(actor)?;
    finish(tx, actor, &before, &after, (What::Contacted, said)).await
}

/// 延长.
///
/// # Errors
/// See [`Rectification::extend`].
pub async fn extend(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    (approver, reason): (&str, &str),
) -> Result<pb::Rectification> {
    let before = lock(tx, number).await?;
    let (calendar, today) = (tx.calendar().await?.calendar, local_date(tx.now()));
    let after = before.clone().extend(actor, &calendar, today)?;
    let said = Said { extension: Some((COMPLEX - RECTIFY, approver, reason)), ..Said::default() };
    table::note(tx.sql(), number.as_str(), &said).await?;
    finish(tx, actor, &before, &after, (What::Extended, reason)).await
}

/// 整改.
///
/// # Errors
/// See [`Rectification::rectify`].
pub async fn rectify(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    measures: &str,
) -> Result<pb::Rectification> {
    let before = lock(tx, number).await?;
    let today = local_date(tx.now());
    let after = before.clone().rectify(actor, today)?;
    let said = Said { measures: Some(measures), ..Said::default() };
    table::note(tx.sql(), number.as_str(), &said).await?;
    finish(tx, actor, &before, &after, (What::Rectified, measures)).await
}

/// 回访.
///
/// # Errors
/// See [`Rectification::visit`].
pub async fn visit(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    visit: Visit,
    said: &str,
) -> Result<pb::Rectification> {
    let before = lock(tx, number).await?;
    let today = local_date(tx.now());
    let after = before.clone().visit(actor, visit, today)?;
    let what = if after.sent_back && !before.sent_back { What::SentBack } else { What::Visited };
    finish(tx, actor, &before, &after, (what, said)).await
}

/// Closes it.
///
/// # Errors
/// See [`Rectification::close`].
pub async fn close(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    conclusion: &str,
) -> Result<pb::Rectification> {
    let before = lock(tx, number).await?;
    let after = before.clone().close(actor)?;
    let said = Said { conclusion: Some(conclusion), ..Said::default() };
    table::note(tx.sql(), number.as_str(), &said).await?;
    finish(tx, actor, &before, &after, (What::Closed, conclusion)).await
}

/// Who rated, for a member of staff who may know; the look is recorded.
///
/// # Errors
/// `RECTIFICATION_UNKNOWN`, `RATER_UNKNOWN`; `NOT_A_PARTY` where it is kept from the caller.
pub async fn show_rater(ctx: &Context, actor: &Actor, number: &DocumentNumber) -> Result<pb::Rater> {
    let mut tx = ctx.store.begin().await?;
    let row = table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let case = row.domain()?;
    case.show_rater(case.view(actor)?)?;
    let who = ratings::rater(tx.sql(), row.rating).await?;
    let who = who.ok_or_else(|| Error::precondition(Reason::RaterUnknown))?;
    note(&mut tx, &case, Happened { what: What::IdentityShown, by: &actor.subject, note: "" }).await?;
    tx.commit().await?;
    Ok(pb::Rater { name: who.name, mobile: who.mobile })
}

async fn lock(tx: &mut Tx, number: &DocumentNumber) -> Result<Rectification> {
    table::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?.domain()
}

/// Saves, and shows what the caller sees of it: after its last step, what it saw before.
async fn finish(
    tx: &mut Tx,
    actor: &Actor,
    before: &Rectification,
    after: &Rectification,
    (what, said): (What, &str),
) -> Result<pb::Rectification> {
    save(tx, before, after, Happened { what, by: &actor.subject, note: said }).await?;
    let view: View = before.view(actor)?;
    read::shown(tx, after.number.as_str(), view).await
}
