//! Publishing and reading items.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use prost::Message as _;
use sqlx::PgConnection;
use yimen_kernel::date::{local_date, parse_date};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DivisionCode, Fields, ItemCode};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::{Memory, Tx};
use yimen_proto::intake::v1 as pb;

use crate::domain::catalog::Item;
use crate::grpc::item;
use crate::store::catalog as table;

/// Publishes items: all or none.
pub async fn import(
    tx: &mut Tx,
    items: Vec<(Item, NaiveDate, pb::ServiceItem)>,
) -> Result<pb::ImportCatalogResponse> {
    let codes: Vec<String> = items.iter().map(|(item, ..)| item.code.to_string()).collect();
    let newest = table::newest(tx.sql(), &codes).await?;
    let mut answer = pb::ImportCatalogResponse::default();
    let mut fields = Fields::new();
    for (index, (item, effective_from, mut guide)) in (0..).zip(items) {
        let before = newest.iter().find(|published| published.code == item.code.as_str());
        let next = before.map_or(1, |published| published.version + 1);
        if let Some(before) = before {
            guide.version = u32::try_from(before.version).map_err(Error::internal)?;
            if before.body == guide.encode_to_vec() {
                answer.unchanged += 1;
                continue;
            }
            // What was in force on a past day stays what it was.
            if effective_from < before.effective_from {
                fields.add_limit(
                    &format!("items[{index}].effective_from"),
                    Reason::OutOfRange,
                    before.effective_from,
                );
                continue;
            }
        }
        guide.version = u32::try_from(next).map_err(Error::internal)?;
        let centers: Vec<String> = item.centers.iter().map(ToString::to_string).collect();
        let published = table::Published {
            code: item.code.to_string(),
            version: next,
            effective_from,
            body: guide.encode_to_vec(),
        };
        let now = tx.now();
        table::publish(tx.sql(), &published, &centers, now).await?;
        answer.imported += 1;
    }
    fields.finish()?;
    Ok(answer)
}

/// The guide of an item on a day.
pub async fn get(ctx: &Context, code: &ItemCode, on: NaiveDate) -> Result<pb::ServiceItem> {
    let mut connection = ctx.store.read().await?;
    let published = table::in_force(&mut connection, code.as_str(), on)
        .await?
        .ok_or_else(|| Error::not_found(Reason::UnknownItem))?;
    Ok(read(&published)?.1)
}

/// The items that a center offers on a day.
pub async fn list(
    ctx: &Context,
    center: Option<DivisionCode>,
    on: NaiveDate,
    page: Page,
) -> Result<pb::ListItemsResponse> {
    let mut connection = ctx.store.read().await?;
    let center = center.as_ref().map(DivisionCode::as_str);
    let mut rows = table::list(&mut connection, center, on, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.code.clone());
    let items = rows.iter().map(|row| Ok(read(row)?.1)).collect::<Result<_>>()?;
    Ok(pb::ListItemsResponse { items, next_page_token })
}

/// The day that a request names, or today.
pub fn day(ctx: &Context, on: &str) -> Result<NaiveDate> {
    if on.is_empty() {
        return Ok(local_date(ctx.store.now()));
    }
    parse_date(on).map_err(|fault| Error::invalid(vec![fault.at("on")]))
}

/// A published version, as rules and as guide.
pub(crate) struct Version {
    pub(crate) item: Item,
    pub(crate) guide: pb::ServiceItem,
}

/// The versions that were read: a published version never changes.
#[derive(Default)]
struct Versions(Mutex<HashMap<(String, i32), Arc<Version>>>);

/// Reads a published version, from the database the first time; none if there is no such version.
pub(crate) async fn version(
    memory: &Memory,
    connection: &mut PgConnection,
    code: &str,
    version: i32,
) -> Result<Option<Arc<Version>>> {
    let (versions, key) = (memory.of::<Versions>(), (code.to_owned(), version));
    let known = versions.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if known.is_some() {
        return Ok(known);
    }
    let Some(published) = table::version(connection, code, version).await? else { return Ok(None) };
    let (item, guide) = read(&published)?;
    let read = Arc::new(Version { item, guide });
    versions.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, read.clone());
    Ok(Some(read))
}

/// A published version as rules and as guide.
pub(crate) fn read(published: &table::Published) -> Result<(Item, pb::ServiceItem)> {
    let guide = pb::ServiceItem::decode(published.body.as_slice()).map_err(Error::internal)?;
    let mut fields = Fields::new();
    let item = item::parse(&guide, "item", &mut fields);
    fields.finish().map_err(|error| Error::internal(error.to_string()))?;
    let (item, _) = item.ok_or_else(|| Error::internal("a published item cannot be read"))?;
    Ok((item, guide))
}
