//! 督办: a department is asked why something stays undone, and a supervisor closes it.

use uuid::Uuid;
use yimen_kernel::Actor;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::clocks::{self, Change, Heard, Which};
use super::{after, ladder, party, timestamp};
use crate::domain::Kind;
use crate::store::cases::{self as table, Filter, Held, Row};

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
) -> Result<pb::ListSupervisionCasesResponse> {
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
    let next_page_token = page.cut(&mut rows, |row| row.supervision_case.to_string());
    let supervision_cases = rows.into_iter().map(message).collect();
    Ok(pb::ListSupervisionCasesResponse { supervision_cases, next_page_token })
}

/// Says why it is late and what is done about it. A later reply, before it is closed, replaces the earlier.
///
/// # Errors
/// `UNKNOWN_SUPERVISION_CASE`, `OTHER_CENTER`, `NOT_A_PARTY`; `STATE_FORBIDS` once it is closed.
pub async fn reply(
    tx: &mut Tx,
    actor: &Actor,
    supervision_case: Uuid,
    text: &str,
) -> Result<pb::SupervisionCase> {
    let held = lock(tx, supervision_case).await?;
    party::answers_for(actor, &held.center, &held.department)?;
    if held.closed_at.is_some() {
        return Err(forbidden("CLOSED"));
    }
    let now = tx.now();
    table::reply(tx.sql(), supervision_case, (&actor.subject, text), now).await?;
    let run = u32::try_from(held.run).map_err(Error::internal)?;
    let which = Which { kind: Kind::SupervisionCase, department: held.department, run };
    let replied = Change::End { which, at: now, outcome: "REPLIED".to_owned() };
    clocks::hear(tx, vec![Heard { number: held.number, changes: vec![replied] }]).await?;
    answer(tx, supervision_case).await
}

/// Closes it.
///
/// # Errors
/// `UNKNOWN_SUPERVISION_CASE`, `OTHER_CENTER`; `STATE_FORBIDS` before a reply and once it is closed.
pub async fn close(
    tx: &mut Tx,
    actor: &Actor,
    supervision_case: Uuid,
    conclusion: &str,
) -> Result<pb::SupervisionCase> {
    let held = lock(tx, supervision_case).await?;
    party::supervises(actor, &held.center)?;
    match (held.replied_at, held.closed_at) {
        (Some(_), None) => {}
        (None, _) => return Err(forbidden("OPEN")),
        (_, Some(_)) => return Err(forbidden("CLOSED")),
    }
    let now = tx.now();
    table::close(tx.sql(), supervision_case, (&actor.subject, conclusion), now).await?;
    answer(tx, supervision_case).await
}

async fn lock(tx: &mut Tx, supervision_case: Uuid) -> Result<Held> {
    table::lock(tx.sql(), supervision_case).await?.ok_or_else(unknown)
}

async fn answer(tx: &mut Tx, supervision_case: Uuid) -> Result<pb::SupervisionCase> {
    let filter = Filter { one: Some(supervision_case), limit: 1, ..Filter::default() };
    tx.plan_by_values().await?;
    table::list(tx.sql(), &filter).await?.pop().map(message).ok_or_else(unknown)
}

fn message(row: Row) -> pb::SupervisionCase {
    use pb::supervision_case::State;

    let state = match (row.replied_at, row.closed_at) {
        (_, Some(_)) => State::Closed,
        (Some(_), None) => State::Replied,
        (None, None) => State::Open,
    };
    pb::SupervisionCase {
        supervision_case: row.supervision_case.to_string(),
        state: state.into(),
        number: row.number,
        department: row.department,
        center: row.center,
        kind: Kind::parse(&row.kind).map(ladder::kind).unwrap_or_default().into(),
        due_on: row.due_on.to_string(),
        opened_on: row.opened_on.to_string(),
        reply_due_on: row.reply_due_on.to_string(),
        reply: row.reply,
        replied_at: row.replied_at.map(timestamp),
        conclusion: row.conclusion,
        closed_at: row.closed_at.map(timestamp),
        done: row.done,
    }
}

fn unknown() -> Error {
    Error::not_found(Reason::SupervisionCaseUnknown)
}

fn forbidden(state: &str) -> Error {
    Error::precondition(Reason::StateForbids).with("state", state)
}
