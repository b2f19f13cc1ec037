//! What departments do all day, opinions and decisions, in groups: those that come at the same time are read,
//! decided and saved together, each by itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::Span;
use yimen_kernel::{CaseNumber, Result};
use yimen_platform::group::waves;
use yimen_platform::store::Tx;

use super::{party, publish};
use crate::domain::{Acting, Changed, JointApproval, Ruling, Said};
use crate::store;

/// What a department does.
pub struct Act {
    /// In whose name.
    pub acting: Acting,
    /// To which case.
    pub number: CaseNumber,
    /// What.
    pub what: What,
    /// By which materials it was made up.
    pub materials_revision: u32,
    /// In which trace.
    pub span: Span,
}

/// What is done.
pub enum What {
    /// See [`JointApproval::record_opinion`].
    Opine(Said),
    /// See [`JointApproval::decide`].
    Decide(Ruling),
}

impl Act {
    fn on(self, approval: JointApproval, now: DateTime<Utc>) -> Changed {
        match self.what {
            What::Opine(said) => approval.record_opinion(&self.acting, said, self.materials_revision, now),
            What::Decide(ruling) => approval.decide(&self.acting, ruling, self.materials_revision, now),
        }
    }
}

/// Does all of it that may be done, and gives what became of each; a refused act leaves nothing.
///
/// # Errors
/// When the database fails, for all.
pub async fn all(tx: &mut Tx, acts: Vec<Act>) -> Result<Vec<Result<JointApproval>>> {
    let mut outcomes: Vec<(usize, Result<JointApproval>)> = Vec::with_capacity(acts.len());
    let placed: Vec<(usize, Act)> = acts.into_iter().enumerate().collect();
    // What one department says twice of a case is kept twice.
    for wave in waves(placed, |(_, act)| (act.number.clone(), act.acting.department.clone())) {
        outcomes.extend(side_by_side(tx, wave).await?);
    }
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

async fn side_by_side(tx: &mut Tx, acts: Vec<(usize, Act)>) -> Result<Vec<(usize, Result<JointApproval>)>> {
    let now = tx.now();
    let numbers: BTreeSet<CaseNumber> = acts.iter().map(|(_, act)| act.number.clone()).collect();
    let numbers: Vec<CaseNumber> = numbers.into_iter().collect();
    let before = store::lock(tx.sql(), &numbers).await?;
    let mut after = before.clone();
    let mut outcomes = Vec::with_capacity(acts.len());
    for (place, act) in acts {
        let (number, span) = (act.number.clone(), act.span.clone());
        let found = party(after.get(&number), &act.acting.department, &number).cloned();
        let changed = found.and_then(|found| act.on(found.clone(), now).map(|changed| (found, changed)));
        let outcome = changed.map(|(found, (mut approval, events))| {
            if approval != found {
                approval.version = found.version + 1;
                span.in_scope(|| publish::all(tx, &approval, now, events));
                after.insert(number, approval.clone());
            }
            approval
        });
        outcomes.push((place, outcome));
    }
    let both = before.into_iter().filter_map(|(number, before)| Some((before, after.remove(&number)?)));
    let changes: Vec<_> = both.filter(|(before, after)| before != after).collect();
    store::save(tx, &changes).await?;
    Ok(outcomes)
}
