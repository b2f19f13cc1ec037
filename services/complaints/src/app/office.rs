//! What the supervisor's office and the departments do with a complaint. The domain lets nobody whom it is
//! about do, or see, any of it.

use yimen_kernel::error::Result;
use yimen_kernel::{Actor, DocumentNumber};
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::complaint_step::What;

use super::{Step, accountability, lock, read, save, timestamp, today};
use crate::domain::{Accused, Closing, Complaint, Finding, Handler, Stage, State, Way};
use crate::store::accountability as cases;
use crate::store::parties::{self, Party};
use crate::store::{complaints as table, odd, steps};

/// Whose it becomes.
pub struct Given {
    pub way: Way,
    pub handler: Handler,
}

/// Says whom it concerns.
///
/// # Errors
/// See [`Complaint::add_accused`].
pub async fn add_accused(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    more: Vec<Accused>,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().add_accused(actor, more, today(tx))?;
    table::accuse(tx.sql(), number.as_str(), &after.accused).await?;
    finish(tx, actor, &before, &after, What::SubjectAdded, "").await
}

/// 受理.
///
/// # Errors
/// See [`Complaint::accept`].
pub async fn accept(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    given: Given,
    more: Vec<Accused>,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().accept(actor, given.way, given.handler, more, today(tx))?;
    table::accuse(tx.sql(), number.as_str(), &after.accused).await?;
    finish(tx, actor, &before, &after, What::Accepted, given.way.as_str()).await
}

/// 不予受理.
///
/// # Errors
/// See [`Complaint::decline`].
pub async fn decline(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    procedure: &str,
    reason: &str,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().decline(actor)?;
    table::note_closing(tx.sql(), number.as_str(), (Closing::Declined, reason), Some(procedure), None)
        .await?;
    finish(tx, actor, &before, &after, What::Declined, reason).await
}

/// It is not the department's matter.
///
/// # Errors
/// See [`Complaint::object`].
pub async fn object(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    reason: String,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let (calendar, today) = (tx.calendar().await?.calendar, today(tx));
    let after = before.clone().object(actor, reason.clone(), &calendar, today)?;
    finish(tx, actor, &before, &after, What::Objected, &reason).await
}

/// Decides an objection.
///
/// # Errors
/// See [`Complaint::decide_objection`].
pub async fn decide_objection(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    instead: Option<Given>,
    reason: &str,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let what = if instead.is_some() { What::ObjectionUpheld } else { What::ObjectionDismissed };
    let instead = instead.map(|given| (given.way, given.handler));
    let after = before.clone().decide_objection(actor, instead, today(tx))?;
    finish(tx, actor, &before, &after, what, reason).await
}

/// 延期.
///
/// # Errors
/// See [`Complaint::extend`].
pub async fn extend(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    days: u32,
    (approver, reason): (&str, &str),
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let (calendar, today) = (tx.calendar().await?.calendar, today(tx));
    let after = before.clone().extend(actor, days, &calendar, today)?;
    table::note_extension(tx.sql(), number.as_str(), days, (approver, reason)).await?;
    if let Some(handling) = after.in_hand() {
        let extended = pb::ComplaintExtended {
            number: number.to_string(),
            department: handling.handler.department().to_owned(),
            run: handling.run,
            days,
            time: Some(timestamp(tx.now())),
        };
        tx.emit(after.center().as_str(), number.as_str(), after.version, &extended);
    }
    finish(tx, actor, &before, &after, What::Extended, reason).await
}

/// 答复.
///
/// # Errors
/// See [`Complaint::answer`].
pub async fn answer(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    text: &str,
    finding: Finding,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().answer(actor, finding)?;
    let State::Accepted(handling, _) = &after.state else { return Err(after.forbidden()) };
    let (now, department) = (tx.now(), handling.handler.department());
    let by = (actor.subject.as_str(), department);
    steps::add_answer(tx.sql(), number.as_str(), (handling.run, 0), (text, finding), by, now).await?;
    hold_to_account(tx, &after, finding).await?;
    finish(tx, actor, &before, &after, What::Answered, finding.as_str()).await
}

/// 告知.
///
/// # Errors
/// See [`Complaint::tell`].
pub async fn tell(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    method: &str,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().tell(actor, today(tx))?;
    let what = match before.state {
        State::Accepted(_, Stage::Reviewed { .. }) => What::ReviewTold,
        _ => What::Told,
    };
    finish(tx, actor, &before, &after, what, method).await
}

/// Answers a review.
///
/// # Errors
/// See [`Complaint::answer_review`].
pub async fn answer_review(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    text: &str,
    finding: Finding,
) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().answer_review(actor, finding)?;
    let State::Accepted(handling, Stage::Reviewed { level }) = &after.state else {
        return Err(after.forbidden());
    };
    let (now, level, run) = (tx.now(), *level, handling.run);
    let by = (actor.subject.as_str(), "");
    steps::add_answer(tx.sql(), number.as_str(), (run, level), (text, finding), by, now).await?;
    hold_to_account(tx, &after, finding).await?;
    let answered =
        pb::ComplaintReviewAnswered { number: number.to_string(), level, time: Some(timestamp(now)) };
    tx.emit(after.center().as_str(), number.as_str(), after.version, &answered);
    finish(tx, actor, &before, &after, What::ReviewAnswered, finding.as_str()).await
}

/// 并案.
///
/// # Errors
/// See [`Complaint::merge`].
pub async fn merge(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    into: &DocumentNumber,
    reason: &str,
) -> Result<pb::Complaint> {
    // In one order, so that two who join each other's do not wait for each other.
    let (before, other) = if number <= into {
        let before = lock(tx, number).await?;
        (before, lock(tx, into).await?)
    } else {
        let other = lock(tx, into).await?;
        (lock(tx, number).await?, other)
    };
    let (after, joined) = before.clone().merge(actor, other.clone(), today(tx))?;
    table::accuse(tx.sql(), into.as_str(), &joined.accused).await?;
    save(tx, &other, &joined, Step::by(What::SubjectAdded, actor, number.as_str())).await?;
    let merged = (Closing::Merged, reason);
    table::note_closing(tx.sql(), number.as_str(), merged, None, Some(into.as_str())).await?;
    finish(tx, actor, &before, &after, What::Merged, reason).await
}

/// Departments of applications became known: complaints about those are taken out of their hands.
pub async fn learn_parties(tx: &mut Tx, heard: Vec<Vec<Party>>) -> Result<()> {
    let heard: Vec<Party> = heard.into_iter().flatten().collect();
    parties::add(tx.sql(), &heard).await?;
    let numbers: Vec<String> = heard.into_iter().map(|party| party.number).collect();
    for complaint in parties::open_about(tx.sql(), &numbers).await? {
        let number = DocumentNumber::parse(&complaint).map_err(|_| odd("number"))?;
        let before = lock(tx, &number).await?;
        let mut after = before.clone().take_back(today(tx));
        if after.state != before.state {
            after.version += 1;
            save(tx, &before, &after, Step::silent(What::SubjectAdded, "")).await?;
        }
    }
    Ok(())
}

/// 责任追究: a founded complaint opens a case for each unit or person, once.
async fn hold_to_account(tx: &mut Tx, complaint: &Complaint, finding: Finding) -> Result<()> {
    let today = today(tx);
    for held in complaint.held_to_account(finding)? {
        let number = accountability::next_number(tx, &complaint.center()).await?;
        let origin = cases::Origin::Complaint(complaint.number.to_string());
        cases::open(tx.sql(), &number, &origin, &held, today).await?;
    }
    Ok(())
}

/// Saves, and shows what the caller still sees of it.
async fn finish(
    tx: &mut Tx,
    actor: &Actor,
    before: &Complaint,
    after: &Complaint,
    what: What,
    note: &str,
) -> Result<pb::Complaint> {
    save(tx, before, after, Step::by(what, actor, note)).await?;
    read::shown(tx, after, before.view(actor)?).await
}
