//! One function per operation: load, let the domain decide, save, tell.

pub mod news;
mod publish;
pub mod read;
pub mod watch;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use yimen_kernel::{CaseNumber, DepartmentId, Error, MaterialCode, Reason, Result};
use yimen_platform::store::Tx;

use crate::domain::{
    Acting, AddDepartment, Answer, Attendance, Changed, Conclusion, Event, ExtendLimit, JointApproval,
    Opening, ProposeInspection, ResolveReturn, Ruling, Said, Signature, StartProcedure,
};
use crate::store::{self, arrival};

/// Opens the approval of an accepted application, once; not if its withdrawal was heard of first.
///
/// # Errors
/// When the database fails.
pub async fn open(tx: &mut Tx, opening: Opening) -> Result<()> {
    let number = opening.case.number.clone();
    if arrival::take_turn(tx.sql(), &number).await? {
        return Ok(());
    }
    let (mut approval, mut events) = JointApproval::open(opening);
    let now = tx.now();
    for (revision, code) in arrival::take_early(tx.sql(), &number).await? {
        // What came by an earlier revision is part of what was accepted.
        if revision > approval.materials.revision {
            let (provided, opened) = approval.provide_materials(revision, vec![code], now);
            approval = provided;
            events.extend(opened);
        }
    }
    if store::insert(tx.sql(), &approval, now).await? {
        publish::all(tx, &approval, approval.case.open_time, events);
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
    if arrival::take_turn(tx.sql(), number).await? {
        return Ok(());
    }
    match store::lock(tx.sql(), number).await? {
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
    if arrival::take_turn(tx.sql(), number).await? {
        return Ok(());
    }
    let now = tx.now();
    arrival::note_withdrawal(tx.sql(), number, now).await?;
    match store::lock(tx.sql(), number).await? {
        None => Ok(()),
        Some(before) => keep(tx, &before, before.clone().withdraw(), Vec::new()).await.map(drop),
    }
}

/// Gives or replaces the department's opinion; see [`JointApproval::record_opinion`].
///
/// # Errors
/// As there.
pub async fn record_opinion(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    said: Said,
    materials_revision: u32,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.record_opinion(acting, said, materials_revision, now))
        .await
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

/// Decides; see [`JointApproval::decide`].
///
/// # Errors
/// As there.
pub async fn decide(
    tx: &mut Tx,
    acting: &Acting,
    number: &CaseNumber,
    ruling: Ruling,
    materials_revision: u32,
) -> Result<JointApproval> {
    change(tx, acting, number, |approval, now| approval.decide(acting, ruling, materials_revision, now)).await
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

/// Reads an approval for change by one of its parties. Whether it exists is for parties to know.
async fn lock(tx: &mut Tx, department: &DepartmentId, number: &CaseNumber) -> Result<JointApproval> {
    let not_a_party = || Error::denied(Reason::NotAParty);
    if department.center() != number.center() {
        return Err(not_a_party());
    }
    let found = store::lock(tx.sql(), number).await?;
    found.filter(|approval| approval.is_party(department)).ok_or_else(not_a_party)
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
        store::save(tx.sql(), before, &after, now).await?;
        publish::all(tx, &after, now, events);
    }
    Ok(after)
}
