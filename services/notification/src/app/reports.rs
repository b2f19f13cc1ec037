//! Carriers report what became of messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use yimen_kernel::Fields;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::signature::Secret;
use yimen_platform::store::Tx;
use yimen_platform::{Context, signature};
use yimen_proto::notification::v1 as pb;
use yimen_proto::policy::v1::SignedCallback;

use crate::store::messages::{self, Next, Row};
use crate::store::simulated;

/// Reports of the simulator that are made in one transaction.
const BATCH: i64 = 64;

/// What a carrier reports, as JSON.
#[derive(Deserialize)]
struct Reported {
    id: String,
    status: String,
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
    let mut fields = Fields::new();
    let id = fields.take("id", yimen_kernel::text::line(&body.id, 128));
    let delivered = match body.status.as_str() {
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

async fn settle(tx: &mut Tx, row: Row, delivered: bool) -> Result<()> {
    let before = row.state()?;
    let after = before.clone().reported(delivered);
    if after == before {
        return Ok(());
    }
    let now = tx.now();
    let reason = if delivered { "" } else { "NOT_DELIVERED" };
    let next = Next { message: row.message, from: before.as_str(), state: &after, reason, sent: true };
    messages::advance(tx.sql(), &next, now).await.map(drop)
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
