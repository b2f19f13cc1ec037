//! Whoever was served comes with a link; links are not tried out.

use chrono::Duration;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{RatingToken, Reason};
use yimen_platform::{Caller, Context};
use yimen_proto::complaints::v1 as pb;

use crate::app::access;
use crate::domain::rating::Invitation;
use crate::store::attempts;
use crate::store::rating::invitations::{self as table, Invited};

/// How long wrong links are counted together.
const WINDOW: Duration = Duration::minutes(15);
/// Wrong links from one place within the window (示例). Nobody guesses 128 bits: it keeps the noise down.
const FROM_ONE_PLACE: i32 = 20;

/// The event that a link leads to. A link of the wrong form and one that leads nowhere get the same answer.
///
/// # Errors
/// `RATING_LINK_UNKNOWN`, `TOO_MANY_ATTEMPTS`; `REQUIRED_FIELD` without a token.
pub async fn admit(ctx: &Context, caller: &Caller, token: &str) -> Result<Invited> {
    if token.trim().is_empty() {
        return Err(Error::field("token", Reason::Required));
    }
    let now = ctx.store.now();
    let (since, key) = (now - WINDOW, format!("rate {}", caller.source.0));
    let mut connection = ctx.store.read().await?;
    access::within(&mut connection, &[(key.clone(), FROM_ONE_PLACE)], since, Reason::TooManyAttempts).await?;
    if let Ok(token) = RatingToken::parse(token)
        && let Some(found) = table::find(&mut connection, &token.digest()).await?
    {
        return Ok(found);
    }
    attempts::count(&mut connection, &[key], since, now).await?;
    attempts::purge(&mut connection, since).await?;
    Err(Error::not_found(Reason::RatingLinkUnknown))
}

/// What a link leads to.
///
/// # Errors
/// As [`admit`].
pub async fn open(ctx: &Context, caller: &Caller, token: &str) -> Result<pb::RatingInvitation> {
    use pb::rating_invitation::State;

    let found = admit(ctx, caller, token).await?;
    let mut tx = ctx.store.begin().await?;
    let (calendar, today) = (tx.calendar().await?.calendar, local_date(tx.now()));
    let Invitation { served_on, rated } = found.invitation;
    let state = if rated {
        State::Rated
    } else if found.invitation.is_late(&calendar, today) {
        State::TooLate
    } else {
        State::Open
    };
    let until_on = found.invitation.until(&calendar).map(|day| day.to_string()).unwrap_or_default();
    Ok(pb::RatingInvitation {
        state: state.into(),
        event: pb::rating::Event::from_str_name(found.event.as_str()).unwrap_or_default().into(),
        center: found.center,
        item: found.item,
        served_on: served_on.to_string(),
        until_on,
    })
}
