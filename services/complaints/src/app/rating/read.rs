//! What somebody sees of ratings and of the cases that they opened.

use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DivisionCode, DocumentNumber, Reason, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use crate::domain::rating::rectification::unknown;
use crate::domain::{View, recusal};
use crate::grpc::ratings::message;
use crate::store::rating::rectifications::{self as table, Filter};
use crate::store::rating::{call_ins, ratings};

/// A case for a member of staff.
///
/// # Errors
/// `RECTIFICATION_UNKNOWN`.
pub async fn one(ctx: &Context, actor: &Actor, number: &DocumentNumber) -> Result<pb::Rectification> {
    let mut tx = ctx.store.begin().await?;
    let row = table::one(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let view = row.domain()?.view(actor)?;
    shown(&mut tx, number.as_str(), view).await
}

/// As much of a case as a view has.
pub async fn shown(tx: &mut Tx, number: &str, view: View) -> Result<pb::Rectification> {
    let calendar = tx.calendar().await?.calendar;
    let row = table::one(tx.sql(), number).await?.ok_or_else(unknown)?;
    let case = row.domain()?;
    let mut shown = message::rectification(row, &case, &calendar, view);
    shown.history = message::history(table::steps(tx.sql(), number).await?, view);
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
    state: Option<&str>,
    page: Page,
) -> Result<pb::ListRectificationsResponse> {
    let own = actor.center.clone().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let center = center.unwrap_or(own);
    let department = if actor.has(Role::Supervisor) {
        oversees(actor, &center)?;
        None
    } else {
        actor.require_center(&center)?;
        Some(actor.require_department()?.as_str())
    };
    let filter = Filter {
        center: center.as_str(),
        department,
        state,
        after: page.after.as_deref(),
        limit: page.limit(),
    };
    let mut tx = ctx.store.begin().await?;
    let calendar = tx.calendar().await?.calendar;
    let mut rows = table::page(tx.sql(), actor, &filter).await?;
    let next_page_token = page.cut(&mut rows, |row| row.rectification.clone());
    let mut rectifications = Vec::with_capacity(rows.len());
    for row in rows {
        let case = row.domain()?;
        // The list has left out what the caller may not see; the rule has the last word.
        if let Ok(view) = case.view(actor) {
            rectifications.push(message::rectification(row, &case, &calendar, view));
        }
    }
    Ok(pb::ListRectificationsResponse { rectifications, next_page_token })
}

/// A center's ratings, newest first.
///
/// # Errors
/// `OTHER_CENTER`, `UNKNOWN_PAGE_TOKEN`.
pub async fn ratings(
    ctx: &Context,
    actor: &Actor,
    center: Option<DivisionCode>,
    negative: bool,
    page: Page,
) -> Result<pb::ListRatingsResponse> {
    let center = overseen(actor, center)?;
    let unknown_page = || Error::field("page_token", Reason::UnknownPageToken);
    let after = page.after.as_deref().map(|token| Uuid::parse_str(token).map_err(|_| unknown_page()));
    let after = after.transpose()?;
    let mut connection = ctx.store.read().await?;
    let which = (center.as_str(), negative);
    let mut rows = ratings::page(&mut connection, actor, which, (after, page.limit())).await?;
    let next_page_token = page.cut(&mut rows, |row| row.rating.to_string());
    Ok(pb::ListRatingsResponse { ratings: rows.into_iter().map(message::rating).collect(), next_page_token })
}

/// A center's call-ins, newest first.
///
/// # Errors
/// `OTHER_CENTER`.
pub async fn call_ins(
    ctx: &Context,
    actor: &Actor,
    center: Option<DivisionCode>,
    page: Page,
) -> Result<pb::ListCallInsResponse> {
    let center = overseen(actor, center)?;
    let mut connection = ctx.store.read().await?;
    let part = (page.after.as_deref(), page.limit());
    let mut rows = call_ins::page(&mut connection, actor, center.as_str(), part).await?;
    let next_page_token = page.cut(&mut rows, |row| row.call_in.clone());
    let call_ins = rows.into_iter().map(message::call_in).collect();
    Ok(pb::ListCallInsResponse { call_ins, next_page_token })
}

/// 约谈 was held.
///
/// # Errors
/// `CALL_IN_UNKNOWN` also for whoever sits at the window; `STATE_FORBIDS`.
pub async fn hold_call_in(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    conclusion: &str,
) -> Result<pb::CallIn> {
    let unknown = || Error::not_found(Reason::CallInUnknown);
    let row = call_ins::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    let own = actor.window.as_ref().is_some_and(|window| window.as_str() == row.window_id);
    if own || !recusal::oversees(actor, &number.center()) {
        return Err(unknown());
    }
    if row.state != "OPEN" {
        return Err(Error::precondition(Reason::StateForbids).with("state", &row.state));
    }
    let now = tx.now();
    call_ins::hold(tx.sql(), number.as_str(), conclusion, (&actor.subject, now)).await?;
    let row = call_ins::lock(tx.sql(), number.as_str()).await?.ok_or_else(unknown)?;
    Ok(message::call_in(row))
}

fn overseen(actor: &Actor, center: Option<DivisionCode>) -> Result<DivisionCode> {
    let own = actor.center.clone().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let center = center.unwrap_or(own);
    oversees(actor, &center)?;
    Ok(center)
}

fn oversees(actor: &Actor, center: &DivisionCode) -> Result<()> {
    if recusal::oversees(actor, center) {
        Ok(())
    } else {
        Err(Error::denied(Reason::OtherCenter).with("center", center))
    }
}
