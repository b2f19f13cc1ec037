//! Questions to departments, and their answers.

use uuid::Uuid;
use yimen_kernel::Actor;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::{after, party, timestamp};
use crate::domain::flag::Kind;
use crate::store::flags::{self as table, Filter, Row};

/// The caller's, or the center's.
///
/// # Errors
/// `OTHER_CENTER`, `UNKNOWN_PAGE_TOKEN`.
pub async fn list(
    ctx: &Context,
    actor: &Actor,
    department: Option<String>,
    open: bool,
    page: Page,
) -> Result<pb::ListFlagsResponse> {
    let (center, department) = party::sees(actor, department)?;
    let filter = Filter {
        center: Some(center),
        department,
        open,
        after: after(&page)?,
        limit: page.limit(),
        ..Filter::default()
    };
    let mut connection = ctx.store.read().await?;
    let mut rows = table::list(&mut connection, &filter).await?;
    let next_page_token = page.cut(&mut rows, |row| row.flag.to_string());
    Ok(pb::ListFlagsResponse { flags: rows.into_iter().map(message).collect(), next_page_token })
}

/// Answers a question, once.
///
/// # Errors
/// `UNKNOWN_FLAG`, `OTHER_CENTER`, `NOT_A_PARTY`; `STATE_FORBIDS` once it is answered.
pub async fn answer(tx: &mut Tx, actor: &Actor, flag: Uuid, text: &str) -> Result<pb::Flag> {
    let row = one(tx, flag).await?;
    party::answers_for(actor, &row.center, &row.department)?;
    let now = tx.now();
    if !table::answer(tx.sql(), flag, (&actor.subject, text), now).await? {
        return Err(Error::precondition(Reason::StateForbids).with("state", "ANSWERED"));
    }
    one(tx, flag).await.map(message)
}

async fn one(tx: &mut Tx, flag: Uuid) -> Result<Row> {
    let filter = Filter { one: Some(flag), limit: 1, ..Filter::default() };
    tx.plan_by_values().await?;
    let row = table::list(tx.sql(), &filter).await?.pop();
    row.ok_or_else(|| Error::not_found(Reason::FlagUnknown))
}

fn kind(kind: Kind) -> pb::flag::Kind {
    pb::flag::Kind::from_str_name(kind.as_str()).unwrap_or_default()
}

fn message(row: Row) -> pb::Flag {
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    pb::Flag {
        flag: row.flag.to_string(),
        kind: Kind::parse(&row.kind).map(kind).unwrap_or_default().into(),
        center: row.center,
        department: row.department,
        from_on: row.from_on.to_string(),
        until_on: row.until_on.to_string(),
        observed: number(row.observed),
        threshold: number(row.threshold),
        numbers: row.numbers,
        time: Some(timestamp(row.at)),
        answer: row.answer,
        answered_at: row.answered_at.map(timestamp),
    }
}
