//! One joint approval for each accepted application, and for no other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Faults, Finding, Look, PAGE, Unreadable};

/// An application that was accepted.
#[derive(FromRow)]
struct Accepted {
    number: String,
    state: String,
    outcome: Option<String>,
    /// When it last changed.
    changed_at: Option<DateTime<Utc>>,
}

/// Its approval.
#[derive(FromRow)]
struct Approval {
    number: String,
    state: String,
    outcome: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

/// Every accepted application has one approval that stands where the application stands; every
/// approval has its accepted application.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let accepted = from_intake(look, &mut faults).await?;
    let approvals = from_approval(look, &mut faults).await?;
    let counts = format!("{accepted} accepted applications, {approvals} joint approvals, one each");
    Ok(faults.finding("approvals", counts))
}

async fn from_intake(look: &Look<'_>, faults: &mut Faults) -> Result<usize, Unreadable> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let page: Vec<Accepted> = sqlx::query_as(
            "select number, state, outcome, (select max(at) from intake.history h where h.number = a.number) as changed_at
             from intake.application a
             where number > $1 and accepted_at <= $2 order by number limit $3",
        )
        .bind(&after)
        .bind(look.as_of)
        .bind(PAGE)
        .fetch_all(&mut *look.intake().await?)
        .await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.number.clone();
        count += page.len();
        let numbers: Vec<String> = page.iter().map(|application| application.number.clone()).collect();
        let approvals: Vec<Approval> = sqlx::query_as(
            "select j.number, j.state, d.outcome, d.decided_at
             from approval.joint_approval j left join approval.decision d on d.number = j.number
             where j.number = any($1)",
        )
        .bind(&numbers)
        .fetch_all(&mut *look.approval().await?)
        .await?;
        let approvals: BTreeMap<&str, &Approval> =
            approvals.iter().map(|approval| (approval.number.as_str(), approval)).collect();
        let withdrawn: Vec<(String,)> = sqlx::query_as(
            "select number from approval.arrival where number = any($1) and withdrawn_at is not null",
        )
        .bind(&numbers)
        .fetch_all(&mut *look.approval().await?)
        .await?;
        let withdrawn: BTreeSet<&str> = withdrawn.iter().map(|(number,)| number.as_str()).collect();
        for application in &page {
            let number = application.number.as_str();
            let approval = approvals.get(number).copied();
            let moved = application.changed_at.is_some_and(|at| at > look.as_of)
                || approval.and_then(|approval| approval.decided_at).is_some_and(|at| at > look.as_of);
            if !moved && let Some(fault) = fault(application, approval, withdrawn.contains(number)) {
                faults.add(fault);
            }
        }
    }
}

/// What is wrong between an accepted application and its approval.
fn fault(application: &Accepted, approval: Option<&Approval>, withdrawn_early: bool) -> Option<String> {
    let Accepted { number, state, .. } = application;
    let Some(approval) = approval else {
        // Taken back before the acceptance arrived: such a case is never opened.
        let excused = state == "WITHDRAWN" && withdrawn_early;
        return (!excused).then(|| format!("{number} was accepted and has no joint approval"));
    };
    let fits = match (state.as_str(), approval.state.as_str()) {
        ("ACCEPTED", "RUNNING") | ("WITHDRAWN", "WITHDRAWN" | "DECIDED") => true,
        ("DECIDED" | "COMPLETED" | "DELIVERED", "DECIDED") => application.outcome == approval.outcome,
        _ => false,
    };
    (!fits).then(|| {
        let outcome = |outcome: &Option<String>| outcome.as_deref().unwrap_or("no outcome").to_owned();
        format!(
            "{number} is {state} with {} and its joint approval is {} with {}",
            outcome(&application.outcome),
            approval.state,
            outcome(&approval.outcome)
        )
    })
}

async fn from_approval(look: &Look<'_>, faults: &mut Faults) -> Result<usize, Unreadable> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let page: Vec<(String,)> = sqlx::query_as(
            "select number from approval.joint_approval
             where number > $1 and open_time <= $2 order by number limit $3",
        )
        .bind(&after)
        .bind(look.as_of)
        .bind(PAGE)
        .fetch_all(&mut *look.approval().await?)
        .await?;
        let Some((last,)) = page.last() else { return Ok(count) };
        after = last.clone();
        count += page.len();
        let numbers: Vec<String> = page.into_iter().map(|(number,)| number).collect();
        let accepted: Vec<(String,)> = sqlx::query_as(
            "select number from intake.application where number = any($1) and accepted_at is not null",
        )
        .bind(&numbers)
        .fetch_all(&mut *look.intake().await?)
        .await?;
        let accepted: BTreeSet<String> = accepted.into_iter().map(|(number,)| number).collect();
        for number in numbers.iter().filter(|number| !accepted.contains(*number)) {
            faults.add(format!("{number} has a joint approval and was never accepted"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_both_may_stand() {
        let fits = |state: &str, outcome: Option<&str>, approval: Option<(&str, Option<&str>)>, early| {
            let application = Accepted {
                number: "4301".into(),
                state: state.into(),
                outcome: outcome.map(Into::into),
                changed_at: None,
            };
            let approval = approval.map(|(state, outcome)| Approval {
                number: "4301".into(),
                state: state.into(),
                outcome: outcome.map(Into::into),
                decided_at: None,
            });
            fault(&application, approval.as_ref(), early).is_none()
        };
        assert!(fits("ACCEPTED", None, Some(("RUNNING", None)), false));
        assert!(fits("DELIVERED", Some("GRANTED"), Some(("DECIDED", Some("GRANTED"))), false));
        assert!(fits("WITHDRAWN", None, Some(("DECIDED", Some("GRANTED"))), false));
        assert!(fits("WITHDRAWN", None, None, true));
        assert!(!fits("WITHDRAWN", None, None, false));
        assert!(!fits("ACCEPTED", None, None, false));
        assert!(!fits("ACCEPTED", None, Some(("DECIDED", Some("GRANTED"))), false));
        assert!(!fits("COMPLETED", Some("GRANTED"), Some(("DECIDED", Some("REFUSED"))), false));
        assert!(!fits("COMPLETED", Some("GRANTED"), Some(("RUNNING", None)), false));
        assert!(!fits("WITHDRAWN", None, Some(("RUNNING", None)), false));
    }
}
