//! A person decides on what the rules propose; then it is published.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DocumentNumber, Reason};
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{managed, read};
use crate::app::{accountability, timestamp};
use crate::domain::Accused;
use crate::domain::appraisal::Proposal;
use crate::store::appraisal::outcomes::{self, Decided};
use crate::store::appraisal::rounds::{self, Kept};

/// Confirms or rejects what the rules propose for a unit. Confirmed accountability opens a case.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`; `STATE_FORBIDS` unless it is counted and not published, or
/// if the outcome is decided; `UNKNOWN_DEPARTMENT` for a unit of which nothing is proposed.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    (department, proposal): (&DepartmentId, Proposal),
    (confirmed, reason): (bool, &str),
) -> Result<pb::AppraisalRound> {
    let Kept { round, .. } = managed(tx, actor, number).await?;
    let now = tx.now();
    round.counted(now)?;
    let nothing = || Error::field("department", Reason::UnknownDepartment);
    let unit = round.place(department).ok_or_else(nothing)?;
    let all = outcomes::of(tx.sql(), &round).await?;
    let proposed = all.iter().find(|one| one.unit == unit && one.proposal == proposal.as_str());
    let proposed = proposed.ok_or_else(nothing)?;
    if proposed.state != "PROPOSED" {
        return Err(Error::precondition(Reason::StateForbids).with("state", &proposed.state));
    }
    let case = if confirmed && proposal == Proposal::Accountability {
        let held = Accused::Department(department.clone());
        Some(accountability::open_for_round(tx, &round, &held).await?)
    } else {
        None
    };
    let decided = Decided { confirmed, by: &actor.subject, at: now, reason, case: case.as_ref() };
    outcomes::decide(tx.sql(), &round, (unit, proposal), &decided).await?;
    read::shown(tx, actor, number).await
}

/// 公布.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `STATE_FORBIDS`; `OUTCOMES_OPEN` while a proposal waits for
/// a person.
pub async fn publish(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<pb::AppraisalRound> {
    let Kept { round, .. } = managed(tx, actor, number).await?;
    let now = tx.now();
    round.counted(now)?;
    let all = outcomes::of(tx.sql(), &round).await?;
    let open = |unit: i16| all.iter().any(|one| one.unit == unit && one.state == "PROPOSED");
    let waiting: Vec<&str> = (1..)
        .zip(&round.units)
        .filter(|(place, _)| open(*place))
        .map(|(_, unit)| unit.department.as_str())
        .collect();
    if !waiting.is_empty() {
        return Err(Error::precondition(Reason::OutcomesOpen).with("departments", waiting.join(", ")));
    }
    rounds::publish(tx.sql(), &round, now).await?;
    let center = round.center();
    let published = pb::AppraisalPublished {
        round: number.to_string(),
        center: center.to_string(),
        time: Some(timestamp(now)),
    };
    tx.emit(center.as_str(), number.as_str(), round.version + 1, &published);
    read::shown(tx, actor, number).await
}
