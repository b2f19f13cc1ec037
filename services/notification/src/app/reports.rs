//! Carriers report what became of messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Fields, Mobile};
use yimen_platform::signature::Secret;
use yimen_platform::store::Tx;
use yimen_platform::{Context, signature};
use yimen_proto::notification::v1 as pb;
use yimen_proto::policy::v1::SignedCallback;

use super::resolve;
use crate::store::messages::{self, Next, Row};
use crate::store::parts;
use crate::store::simulated;

/// Reports of the simulator that are made in one transaction.
const BATCH: i64 = 64;

/// What a carrier reports, as JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    /// What became of a message.
    Outcome { id: String, status: String },
    /// Somebody wrote back.
    Reply { mobile: String, reply: String },
}

/// Takes in a carrier's report; one of a message that ended changes nothing.
///
/// # Errors
/// `BAD_SIGNATURE`, `STALE_SIGNATURE`, the fields that are wrong; `MESSAGE_UNKNOWN` for an id that we have
/// not noted, perhaps not yet: the carrier reports again.
pub async fn report(ctx: &Context, callback: &SignedCallback) -> Result<pb::ReportDeliveryResponse> {
    let carriers = &ctx.config.carriers;
    let keys: BTreeMap<String, Secret> = carriers
        .values()
        .filter_map(|carrier| Some((carrier.key_id.clone()?, carrier.secret.clone()?)))
        .collect();
    signature::verify(&keys, callback, ctx.store.now())?;
    let malformed = || Error::new(Kind::InvalidArgument, Reason::MalformedBody);
    let body: Reported = serde_json::from_slice(&callback.body).map_err(|_| malformed())?;
    let (id, status) = match body {
        Reported::Outcome { id, status } => (id, status),
        Reported::Reply { mobile, reply: text } => {
            reply(ctx, &mobile, &text).await?;
            return Ok(pb::ReportDeliveryResponse {});
        }
    };
    let mut fields = Fields::new();
    let id = fields.take("id", yimen_kernel::text::line(&id, 128));
    let delivered = match status.as_str() {
        "DELIVERED" => Some(true),
        "FAILED" => Some(false),
        _ => {
            fields.add("status", Reason::UnknownValue);
            None
        }
    };
    let (id, delivered) = fields.build(|| id.zip(delivered))?;
    let mut tx = ctx.store.begin().await?;
    let signed = |key: &Option<String>| key.as_deref() == Some(callback.key_id.as_str());
    let names = carriers.iter().filter(|(_, carrier)| signed(&carrier.key_id)).map(|(name, _)| name);
    let mut found = None;
    for name in names {
        if let Some(row) = messages::lock_by_carrier_id(tx.sql(), name, &id).await? {
            found = Some(row);
            break;
        }
    }
    let row = found.ok_or_else(|| Error::not_found(Reason::MessageUnknown))?;
    settle(&mut tx, row, delivered).await?;
    tx.commit().await?;
    Ok(pb::ReportDeliveryResponse {})
}

/// Takes in what became of a part of a message, or of a whole one. A message has arrived when every part
/// has, and has not when one has not.
///
/// # Errors
/// `MESSAGE_UNKNOWN` for an id that we have not noted, perhaps not yet.
pub async fn of_part(ctx: &Context, carrier: &str, id: &str, delivered: bool) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    let row = match parts::report(tx.sql(), carrier, id, delivered).await? {
        Some(message) => messages::lock(tx.sql(), message).await?,
        None => messages::lock_by_carrier_id(tx.sql(), carrier, id).await?,
    };
    let row = row.ok_or_else(|| Error::not_found(Reason::MessageUnknown))?;
    let is_whole = !delivered || parts::outstanding(tx.sql(), row.message).await? == 0;
    if is_whole {
        settle(&mut tx, row, delivered).await?;
    }
    tx.commit().await
}

/// Takes in what somebody wrote back: R, T or TD (退订) wants no messages that no law asks for; anything else
/// is nobody's to read.
pub async fn reply(ctx: &Context, mobile: &str, text: &str) -> Result<()> {
    let is_opt_out = ["R", "T", "TD"].contains(&text.trim().to_ascii_uppercase().as_str());
    let Some(mobile) = Mobile::parse(mobile).ok().filter(|_| is_opt_out) else { return Ok(()) };
    let mut tx = ctx.store.begin().await?;
    resolve::opt_out(&mut tx, &mobile, true).await?;
    tx.commit().await
}

async fn settle(tx: &mut Tx, row: Row, delivered: bool) -> Result<()> {
    let before = row.state()?;
    let after = before.clone().reported(delivered);
    if after == before {
        return Ok(());
    }
    let now = tx.now();
    let reason = if delivered { "" } else { "NOT_DELIVERED" };
    let next = Next { message: row.message, from: before.as_str(), state: after, reason, sent: true };
    messages::advance(tx.sql(), &[next], now).await.map(drop)
}

/// Has the simulated carrier make the reports that are due, until there is none.
pub async fn simulate(ctx: &Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let now = tx.now();
        let due = simulated::to_report(tx.sql(), now, BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        for (message, delivered) in due {
            if let Some(row) = messages::lock(tx.sql(), message).await? {
                settle(&mut tx, row, delivered).await?;
            }
        }
        tx.commit().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_reports_an_outcome_or_a_reply() {
        let read = |body: &str| serde_json::from_str::<Reported>(body);
        assert!(matches!(read(r#"{"id":"1","status":"FAILED"}"#), Ok(Reported::Outcome { .. })));
        assert!(matches!(read(r#"{"mobile":"13000000000","reply":"TD"}"#), Ok(Reported::Reply { .. })));
        assert!(read(r#"{"mobile":"13000000000"}"#).is_err());
    }
}
