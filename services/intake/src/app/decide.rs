//! What the approval tells: returns to hand on to the applicant, departments that joined, the decision.

use yimen_kernel::CaseNumber;
use yimen_kernel::date::{local_date, parse_date};
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::{fees, issue, load, names, save, timestamp};
use crate::domain::application::{Application, Ground, Outcome, Owed, State};
use crate::domain::documents::{Content, Kind};
use crate::store::{applications, materials};

/// A department's return, handed on by the lead.
pub struct Returned {
    pub materials: Vec<String>,
    pub reason: String,
    pub due_on: String,
}

/// Asks the applicant for what a department returned.
pub async fn ask_again(tx: &mut Tx, number: &CaseNumber, returned: Returned) -> Result<()> {
    let loaded = load(tx, number).await?;
    let now = tx.now();
    let due_on = parse_date(&returned.due_on).unwrap_or_else(|_| local_date(now));
    let asked: Vec<Owed> = returned
        .materials
        .iter()
        .map(|code| Owed {
            code: code.clone(),
            ground: Ground::Returned,
            reason: returned.reason.clone(),
            due_on: Some(due_on),
        })
        .collect();
    let Some(after) = loaded.application.clone().ask_again(asked.clone()) else { return Ok(()) };
    materials::ask(tx.sql(), number.as_str(), &asked, now).await?;
    let problems = asked
        .iter()
        .map(|owed| {
            let (zh, en) = names(&loaded.guide, &owed.code);
            (zh, en, owed.reason.as_str())
        })
        .collect();
    let content = Content::SupplementNotice { problems, due_on, repeat_reason: None };
    let document = issue(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "MATERIALS_ASKED", Some(&document)).await
}

/// Lets a department that joined midway read the application.
pub async fn join(tx: &mut Tx, number: &CaseNumber, department: String) -> Result<()> {
    applications::add_participants(tx.sql(), number.as_str(), &[department]).await
}

/// The lead's decision.
pub struct Decided {
    pub outcome: Outcome,
    pub conditions: String,
    pub reasons: String,
    pub materials_revision: u32,
}

/// Takes in the decision and issues its document; the application is completed if no fee stands in the way.
pub async fn decide(tx: &mut Tx, number: &CaseNumber, decided: Decided) -> Result<()> {
    let loaded = load(tx, number).await?;
    let Some(after) = loaded.application.clone().decide(decided.outcome, decided.materials_revision)? else {
        return Ok(());
    };
    let content = Content::Decision {
        outcome: decided.outcome,
        conditions: &decided.conditions,
        reasons: &decided.reasons,
        result_name: &loaded.guide.result_name,
    };
    let document = issue(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, after.state.as_str(), Some(&document)).await?;
    fees::follow(tx, number, &loaded, &after)?;
    if matches!(after.state, State::Completed(_)) {
        tell_completed(tx, number, &after).await?;
    }
    Ok(())
}

/// Tells that the application is completed, with the document of its decision.
pub async fn tell_completed(tx: &mut Tx, number: &CaseNumber, after: &Application) -> Result<()> {
    let documents = applications::documents(tx.sql(), number.as_str()).await?;
    let decision = documents.into_iter().find(|document| document.kind == Kind::Decision.as_str());
    let decision = decision.ok_or_else(|| Error::internal("a completed application has no decision"))?;
    let outcome = after.state.outcome().map_or(0, |outcome| super::read::outcome(outcome) as i32);
    let time = Some(timestamp(tx.now()));
    tx.emit(
        number.center().as_str(),
        number.as_str(),
        after.version,
        &pb::ApplicationCompleted { number: number.to_string(), document: decision.document, outcome, time },
    );
    Ok(())
}
