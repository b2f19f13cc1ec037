//! What the approval tells: returns to hand on to the applicant, departments that joined, the decision.

use tracing::Span;
use yimen_kernel::CaseNumber;
use yimen_kernel::date::{local_date, parse_date};
use yimen_kernel::error::Result;
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::{
    Paper, Step, draw_up, draw_up_all, fees, load, load_all, names, save, save_all, timestamp, unknown,
};
use crate::domain::application::{Application, Ground, Outcome, Owed, State};
use crate::domain::documents::Content;
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
            let (zh, en) = names(&loaded.version.guide, &owed.code);
            (zh, en, owed.reason.as_str())
        })
        .collect();
    let content = Content::SupplementNotice { problems, due_on, repeat_reason: None };
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "MATERIALS_ASKED", Some(&document)).await
}

/// Lets a department that joined midway read the application.
pub async fn join(tx: &mut Tx, number: &CaseNumber, department: String) -> Result<()> {
    applications::add_participants(tx.sql(), &[(number.as_str(), department)]).await
}

/// The lead's decision.
pub struct Decided {
    pub number: CaseNumber,
    pub outcome: Outcome,
    pub conditions: String,
    pub reasons: String,
    pub materials_revision: u32,
    /// Where it is traced.
    pub span: Span,
}

/// Takes in the decisions of different applications and issues their documents; an application is completed if
/// no fee stands in the way.
pub async fn decide(tx: &mut Tx, decided: Vec<Decided>) -> Result<()> {
    let numbers: Vec<CaseNumber> = decided.iter().map(|decided| decided.number.clone()).collect();
    let loaded = load_all(tx, &numbers).await?;
    let mut taken = Vec::with_capacity(decided.len());
    for decided in &decided {
        let known = loaded.get(&decided.number).ok_or_else(unknown)?;
        let after = known.application.clone().decide(decided.outcome, decided.materials_revision)?;
        let Some(after) = after else { continue };
        let content = Content::Decision {
            outcome: decided.outcome,
            conditions: &decided.conditions,
            reasons: &decided.reasons,
            result_name: &known.version.guide.result_name,
        };
        taken.push((decided, known, after, content));
    }
    let papers: Vec<Paper<'_>> =
        taken.iter().map(|(decided, known, _, content)| (&decided.number, &known.row, content)).collect();
    let documents = draw_up_all(tx, &papers).await?;
    let steps: Vec<Step<'_>> = taken
        .iter()
        .zip(&documents)
        .map(|((_, known, after, _), document)| Step {
            row: &known.row,
            after,
            happened: after.state.as_str(),
            document: Some(document),
        })
        .collect();
    save_all(tx, &steps).await?;
    for ((decided, known, after, _), document) in taken.iter().zip(&documents) {
        decided.span.in_scope(|| {
            fees::follow(tx, &decided.number, known, after)?;
            if matches!(after.state, State::Completed(_)) {
                tell_completed(tx, &decided.number, after, &document.document);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Tells that an application is completed, with the document of its decision.
pub fn tell_completed(tx: &mut Tx, number: &CaseNumber, after: &Application, document: &str) {
    let told = pb::ApplicationCompleted {
        number: number.to_string(),
        document: document.to_owned(),
        outcome: after.state.outcome().map_or(0, |outcome| super::read::outcome(outcome) as i32),
        time: Some(timestamp(tx.now())),
    };
    tx.emit(number.center().as_str(), number.as_str(), after.version, &told);
}
