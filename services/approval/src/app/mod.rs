//! One function per operation: load, let the domain decide, save, tell.

pub mod act;
pub mod news;
mod publish;
pub mod read;
pub mod watch;

use chrono::{DateTime, Utc};
use tracing::Span;
use uuid::Uuid;
use yimen_kernel::{CaseNumber, DepartmentId, Error, MaterialCode, Reason, Result};
use yimen_platform::store::Tx;

use crate::domain::{
    Acting, AddDepartment, Answer, Attendance, Changed, Conclusion, Event, ExtendLimit, JointApproval,
    Opening, ProposeInspection, ResolveReturn, Signature, StartProcedure,
};
use crate::store::{self, arrival};

/// Opens the approvals of accepted applications, each once; not if a withdrawal was heard of first.
///
/// # Errors
/// When the database fails.
pub async fn open(tx: &mut Tx, openings: Vec<(Span, Opening)>) -> Result<()> {
    let now = tx.now();
    let numbers: Vec<CaseNumber> = openings.iter().map(|(_, opening)| opening.case.number.clone()).collect();
    let withdrawn = arrival::take_turns(tx.sql(), &numbers).await?;
    let mut early = arrival::take_early(tx.sql(), &numbers).await?;
    let mut opened = Vec::with_capacity(openings.len());
    for (span, opening) in openings {
        let number = opening.case.number.clone();
        if withdrawn.contains(&number) {
            continue;
        }
        let (mut approval, mut events) = JointApproval::open(opening);
        for (revision, code) in early.remove(&number).unwrap_or_default() {
            // What came by an earlier revision is part of what was accepted.
            if revision > approval.materials.revision {
                let (provided, opened) = approval.provide_materials(revision, vec![code], now);
                approval = provided;
                events.extend(opened);
            }
        }
        opened.push((span, approval, events));
    }
    let approvals: Vec<JointApproval> = opened.iter().map(|(_, approval, _)| approval.clone()).collect();
    let mut new = store::insert(tx, &approvals).await?;
    for (span, approval, events) in opened {
        if new.remove(&approval.case.number) {
            span.in_scope(|| publish::all(tx, &approval, approval.case.open_time, events));
        }
    }
    Ok(())
}

/// Notes that the applicant handed in materials; before the acceptance is known they are kept for
/// it.
///
/// # Errors
/// When the database fails.
pub async fn provide_materials(
    tx: &mut Tx,
    number: &CaseNumber,
    revision: u32,
    codes: Vec<MaterialCode>,
) -> Result<()> {
    if !arrival::take_turns(tx.sql(), std::slice::from_ref(number)).await?.is_empty() {
        return Ok(());
    }
    match store::lock(tx.sql(), std::slice::from_ref(number)).await?.remove(number) {
        None => arrival::keep_early(tx.sql(), number, revision, &codes).await,
        Some(before) => {
            let (after, events) = before.clone().provide_materials(revision, codes, tx.now());
            keep(tx, &before, after, events).await.map(drop)
        }
    }
}

/// Ends the approval of a withdrawn application; if there is none yet, there never will be.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &mut Tx, number: &CaseNumber) -> Result<()> {
    if !arrival::take_turns(tx.sql(), std::slice::from_ref(number)).await?.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    arrival::note_withdrawal(tx.sql(), number, now).await?;
    match store::lock(tx.sql(), std::slice::from_ref(number)).await?.remove(number) {
        None => Ok(()),
        Some(before) => keep(tx, &before, before.clone().withdraw(), Vec::new()).await.map(drop),
    }
}

/// Resolves a return, and keeps who did so and why; see [`JointApproval::resolve_return`].
///
/// # Errors
/// As there.
pub async fn resolve_return(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    resolve: ResolveReturn,
) -> Result<JointApproval> {
    let before = lock(tx, &acting.department, number).await?;
    let now = tx.now();
    let (after, events) = before.clone().resolve_return(acting, resolve.clone(), now)?;
    store::resolution(tx.sql(), &before, acting, &resolve, now).await?;
    keep(tx, &before, after, events).await
}

/// Takes another department in; see [`JointApproval::add_department`].
///
/// # Errors
/// As there.
pub async fn add_department(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    add: AddDepartment,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.add_department(acting, add, now)).await
}

/// Proposes the joint visit; see [`JointApproval::propose_inspection`].
///
/// # Errors
/// As there.
pub async fn propose_inspection(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    propose: ProposeInspection,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, _| approval.propose_inspection(acting, propose)).await
}

/// Says whether the department comes; see [`JointApproval::answer_inspection`].
///
/// # Errors
/// As there.
pub async fn answer_inspection(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    answer: Answer,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, _| approval.answer_inspection(acting, answer)).await
}

/// Writes the record of the visit; see [`JointApproval::record_inspection`].
///
/// # Errors
/// As there.
pub async fn record_inspection(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    attendance: Vec<Attendance>,
    findings: String,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.record_inspection(acting, attendance, findings, now))
        .await
}

/// Signs the department's conclusion; see [`JointApproval::sign_inspection`].
///
/// # Errors
/// As there.
pub async fn sign_inspection(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    conclusion: Conclusion,
    text: String,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| {
        let signature = Signature { conclusion, text, by: acting.person.clone(), time: now };
        approval.sign_inspection(acting, signature)
    })
    .await
}

/// Begins a special procedure; see [`JointApproval::start_procedure`].
///
/// # Errors
/// As there.
pub async fn start_procedure(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    start: StartProcedure,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.start_procedure(acting, start, now)).await
}

/// Ends a special procedure; see [`JointApproval::end_procedure`].
///
/// # Errors
/// As there.
pub async fn end_procedure(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    procedure: Uuid,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.end_procedure(acting, procedure, now)).await
}

/// Extends the limit; see [`JointApproval::extend`].
///
/// # Errors
/// As there.
pub async fn extend(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    extend: ExtendLimit,
) -> Result<JointApproval> {
    let calendar = tx.calendar().await?.calendar;
    change(tx, acting, number, |approval, now| approval.extend(acting, extend, &calendar, now)).await
}

async fn change(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    decide: impl FnOnce(JointApproval, DateTime<Utc>) -> Changed,
) -> Result<JointApproval> {
    let before = lock(tx, &acting.department, number).await?;
    let (after, events) = decide(before.clone(), tx.now())?;
    keep(tx, &before, after, events).await
}

/// Reads an approval for change by one of its parties.
async fn lock(tx: &mut Tx, department: &DepartmentId, number: &CaseNumber) -> Result<JointApproval> {
    let mut found = store::lock(tx.sql(), std::slice::from_ref(number)).await?;
    party(found.remove(number).as_ref(), department, number).cloned()
}

/// The approval, for one of its parties: whether it exists is for parties to know.
fn party<'a>(
    approval: Option<&'a JointApproval>,
    department: &DepartmentId,
    number: &CaseNumber,
) -> Result<&'a JointApproval> {
    approval
        .filter(|approval| department.center() == number.center() && approval.is_party(department))
        .ok_or_else(|| Error::denied(Reason::NotAParty))
}

/// Saves and tells what changed, if anything did.
async fn keep(
    tx: &mut Tx,
    before: &JointApproval,
    mut after: JointApproval,
    events: Vec<Event>,
) -> Result<JointApproval> {
    if *before != after {
        let now = tx.now();
        after.version = before.version + 1;
        store::save(tx, &[(before.clone(), after.clone())]).await?;
        publish::all(tx, &after, now, events);
    }
    Ok(after)
}
