//! A mistaken or malicious rating does not count: by the supervisor's office alone, for everyone to read why.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DivisionCode, Reason};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::rectification_step::What;

use super::{Happened, save};
use crate::domain::publication;
use crate::domain::rating::month::Month;
use crate::domain::rating::{self, SetAside};
use crate::grpc::ratings::message;
use crate::store::odd;
use crate::store::rating::{months, ratings as table, rectifications};

/// Sets a rating aside. Its case is closed with it; figures that are published get their next edition.
///
/// # Errors
/// `RATING_UNKNOWN`, `ALREADY_SET_ASIDE`; `PERSONAL_DATA` at `reason` if it points at a person.
pub async fn set_aside(
    tx: &mut Tx,
    actor: &Actor,
    id: Uuid,
    ground: SetAside,
    reason: &str,
) -> Result<pb::Rating> {
    let row = table::lock(tx.sql(), id).await?.ok_or_else(rating::unknown)?;
    let center = DivisionCode::parse(&row.center).map_err(|_| odd("center"))?;
    let before = row.set_aside.as_deref().and_then(SetAside::parse);
    rating::set_aside(actor, &center, &rating::rated(&row.window_id, &row.clerk), before)?;
    let who = table::rater(tx.sql(), id).await?.unwrap_or_default();
    let known = [who.name.as_str(), &who.mobile, &row.number, &row.clerk];
    if publication::has_personal_data(reason, known) {
        return Err(Error::field("reason", Reason::PersonalData));
    }
    let now = tx.now();
    table::set_aside(tx.sql(), id, (ground, reason), (&actor.subject, now)).await?;
    if !row.rectification.is_empty() {
        let case = rectifications::lock(tx.sql(), &row.rectification).await?.ok_or_else(|| odd("case"))?;
        let before = case.domain()?;
        if let Some(after) = before.clone().set_aside() {
            let happened = Happened { what: What::SetAside, by: &actor.subject, note: reason };
            save(tx, &before, &after, happened).await?;
        }
    }
    months::correct(tx.sql(), &row.center, Month::of(row.month)).await?;
    table::one(tx.sql(), id).await?.map(message::rating).ok_or_else(rating::unknown)
}

/// What everyone sees of ratings that were set aside, newest first.
///
/// # Errors
/// `UNKNOWN_PAGE_TOKEN`.
pub async fn list(
    ctx: &Context,
    center: Option<DivisionCode>,
    page: Page,
) -> Result<pb::ListSetAsideRatingsResponse> {
    let unknown_page = || Error::field("page_token", Reason::UnknownPageToken);
    let after = page.after.as_deref().map(|token| place(token).ok_or_else(unknown_page)).transpose()?;
    let mut connection = ctx.store.read().await?;
    let center = center.as_ref().map(DivisionCode::as_str);
    let mut rows = table::asides(&mut connection, center, after, page.limit()).await?;
    let next_page_token = page.cut(&mut rows, |row| format!("{} {}", row.at.timestamp_micros(), row.rating));
    let ratings = rows.into_iter().map(message::aside).collect();
    Ok(pb::ListSetAsideRatingsResponse { ratings, next_page_token })
}

fn place(token: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (at, rating) = token.split_once(' ')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, Uuid::parse_str(rating).ok()?))
}
