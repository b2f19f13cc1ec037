//! What people decide: about messages of which nobody knows, about numbers that want less.

use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, DivisionCode, Mobile};
use yimen_platform::store::Tx;
use yimen_proto::notification::v1 as pb;

use crate::domain::message::Found;
use crate::grpc::message;
use crate::store::contacts;
use crate::store::messages::{self, Next};

/// Decides about an unknown message.
pub async fn resolve(
    tx: &mut Tx,
    actor: &Actor,
    id: Uuid,
    found: Found,
    reason: &str,
) -> Result<pb::Message> {
    let unknown = || Error::not_found(Reason::MessageUnknown);
    let row = messages::lock(tx.sql(), id).await?.ok_or_else(unknown)?;
    let center = DivisionCode::parse(&row.center).map_err(|_| unknown())?;
    actor.require_center(&center)?;
    let before = row.state()?;
    let now = tx.now();
    let after = before.clone().resolve(found, now)?;
    // That it may now arrive twice is a person's decision, and stays to be seen.
    let reason = if found == Found::Resend { format!("RESENT: {reason}") } else { reason.to_owned() };
    let next = Next { message: id, from: before.as_str(), state: after, reason: &reason, sent: false };
    if messages::advance(tx.sql(), &[next], now).await? == 0 {
        return Err(Error::aborted(Reason::StaleVersion));
    }
    let row = messages::lock(tx.sql(), id).await?.ok_or_else(unknown)?;
    Ok(message::message(&row))
}

/// Notes whether a number wants messages that no law asks for.
pub async fn opt_out(tx: &mut Tx, mobile: &Mobile, opted_out: bool) -> Result<pb::SetOptOutResponse> {
    let now = tx.now();
    contacts::opt_out(tx.sql(), mobile.as_str(), opted_out, now).await?;
    Ok(pb::SetOptOutResponse {})
}
