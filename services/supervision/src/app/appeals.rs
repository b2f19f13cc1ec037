//! 申诉: a department says that a warning is wrong; a supervisor decides.

use uuid::Uuid;
use yimen_kernel::Actor;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::{party, read};
use crate::domain::{Kind, Rung};
use crate::store::appeals::{self as table, Row};
use crate::store::warnings::{self, Filter};
use crate::store::{applications, red_list};

/// Says that a warning is wrong, and what shows it.
///
/// # Errors
/// `UNKNOWN_WARNING`, `OTHER_CENTER`, `NOT_A_PARTY`; `STATE_FORBIDS` for a yellow one and for a second appeal.
pub async fn appeal(
    tx: &mut Tx,
    actor: &Actor,
    warning: Uuid,
    reason: &str,
    evidence: &str,
) -> Result<pb::Warning> {
    let row = lock(tx, warning).await?;
    party::answers_for(actor, &row.center, &row.department)?;
    if row.rung == Rung::Yellow.as_str() {
        return Err(forbidden(&row.rung));
    }
    if let Some(state) = &row.state {
        return Err(forbidden(state));
    }
    let now = tx.now();
    table::insert(tx.sql(), warning, &actor.subject, (reason, evidence), now).await?;
    answer(tx, warning).await
}

/// Decides the appeal; a warning that was wrong is corrected on the boards and on the public list.
///
/// # Errors
/// `UNKNOWN_WARNING`, `OTHER_CENTER`; `STATE_FORBIDS` without an open appeal.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    warning: Uuid,
    upheld: bool,
    reason: &str,
) -> Result<pb::Warning> {
    let row = lock(tx, warning).await?;
    party::supervises(actor, &row.center)?;
    match row.state.as_deref() {
        Some("OPEN") => {}
        state => return Err(forbidden(state.unwrap_or("NO_APPEAL"))),
    }
    let (now, state) = (tx.now(), if upheld { "UPHELD" } else { "DISMISSED" });
    table::decide(tx.sql(), warning, state, (&actor.subject, reason), now).await?;
    let decided = answer(tx, warning).await?;
    if upheld {
        applications::unsettle(tx.sql(), &[row.number]).await?;
        if row.public {
            red_list::tell(tx.sql(), &[warning]).await?;
        }
    }
    Ok(decided)
}

async fn lock(tx: &mut Tx, warning: Uuid) -> Result<Row> {
    let row = table::lock(tx.sql(), warning).await?.ok_or_else(unknown)?;
    // What would be said about a complaint may be read by whomever it is about.
    let is_of_complaint = Kind::parse(&row.kind).is_some_and(Kind::is_of_complaint);
    if is_of_complaint { Err(unknown()) } else { Ok(row) }
}

async fn answer(tx: &mut Tx, warning: Uuid) -> Result<pb::Warning> {
    let filter = Filter { some: Some(vec![warning]), limit: 1, ..Filter::default() };
    tx.plan_by_values().await?;
    let row = warnings::list(tx.sql(), &filter).await?.pop().ok_or_else(unknown)?;
    Ok(read::warning(row, true))
}

fn unknown() -> Error {
    Error::not_found(Reason::WarningUnknown)
}

fn forbidden(state: &str) -> Error {
    Error::precondition(Reason::StateForbids).with("state", state)
}
