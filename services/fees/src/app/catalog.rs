//! Publishing and posting fees (收费公示).

use chrono::NaiveDate;
use prost::Message as _;
use yimen_kernel::Fields;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;

use crate::domain::fee::Fee;
use crate::store::catalog as table;

/// Publishes fees: all or none.
pub async fn import(tx: &mut Tx, fees: Vec<(Fee, pb::Fee)>) -> Result<pb::ImportFeesResponse> {
    let codes: Vec<String> = fees.iter().map(|(fee, _)| fee.code.clone()).collect();
    let newest = table::newest(tx.sql(), &codes).await?;
    let now = tx.now();
    let mut answer = pb::ImportFeesResponse::default();
    let mut fields = Fields::new();
    for (index, (fee, mut guide)) in (0..).zip(fees) {
        let before = newest.iter().find(|published| published.code == fee.code);
        if let Some(before) = before {
            guide.version = u32::try_from(before.version).map_err(Error::internal)?;
            if before.body == guide.encode_to_vec() {
                answer.unchanged += 1;
                continue;
            }
            // What was in force on a past day stays what it was.
            if fee.effective_from < before.effective_from {
                let at = format!("fees[{index}].effective_from");
                fields.add_limit(&at, Reason::OutOfRange, before.effective_from);
                continue;
            }
        }
        let version = before.map_or(1, |published| published.version + 1);
        guide.version = u32::try_from(version).map_err(Error::internal)?;
        let published = table::Published {
            code: fee.code,
            version,
            effective_from: fee.effective_from,
            effective_until: fee.effective_until,
            body: guide.encode_to_vec(),
        };
        table::publish(tx.sql(), &published, now).await?;
        answer.imported += 1;
    }
    fields.finish()?;
    Ok(answer)
}

/// What may be charged on a day.
pub async fn list(ctx: &Context, on: NaiveDate, page: Page) -> Result<pb::ListFeesResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = table::in_force(&mut connection, on, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.code.clone());
    let fees = rows
        .iter()
        .map(|row| pb::Fee::decode(row.body.as_slice()).map_err(Error::internal))
        .collect::<Result<_>>()?;
    Ok(pb::ListFeesResponse { fees, next_page_token })
}
