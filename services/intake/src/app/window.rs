//! What the window does: supplement notice, acceptance, refusal, delivery; and the withdrawal.

use chrono::NaiveDate;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::ACCEPTANCE;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, Clock, Fields, MaterialCode};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::read::state;
use super::{Loaded, fees, issue, load, names, save, timestamp};
use crate::domain::application::{Application, DeliveryMethod, Fee, Ground, Owed, RefusalGround};
use crate::domain::catalog::Plan;
use crate::domain::documents::Content;
use crate::store::{applications, materials};

/// A supplement notice as the clerk writes it.
pub struct Notice {
    pub problems: Vec<(MaterialCode, String)>,
    pub due_on: NaiveDate,
    pub repeat_reason: Option<String>,
}

/// Tells the applicant everything that is to be supplemented.
pub async fn request_supplement(
    tx: &mut Tx,
    number: &CaseNumber,
    notice: Notice,
) -> Result<pb::RequestSupplementResponse> {
    let loaded = load(tx, number).await?;
    require_not_lapsed(tx, &loaded).await?;
    let now = tx.now();
    let mut fields = Fields::new();
    if notice.due_on < local_date(now) {
        fields.add_limit("due_on", Reason::OutOfRange, local_date(now));
    }
    for (index, (code, _)) in (0..).zip(&notice.problems) {
        if loaded.item.requirement(code.as_str()).is_none_or(|material| material.shared) {
            fields.add(&format!("problems[{index}].material"), Reason::MaterialUnknown);
        }
    }
    fields.finish()?;
    let asked: Vec<Owed> = notice
        .problems
        .iter()
        .map(|(code, problem)| Owed {
            code: code.to_string(),
            ground: Ground::Supplement,
            reason: problem.clone(),
            due_on: Some(notice.due_on),
        })
        .collect();
    let (after, repeated) =
        loaded.application.clone().request_supplement(asked.clone(), notice.repeat_reason.as_deref())?;
    materials::ask(tx.sql(), number.as_str(), &asked, now).await?;
    let problems = asked
        .iter()
        .map(|owed| {
            let (zh, en) = names(&loaded.guide, &owed.code);
            (zh, en, owed.reason.as_str())
        })
        .collect();
    let content = Content::SupplementNotice {
        problems,
        due_on: notice.due_on,
        repeat_reason: notice.repeat_reason.as_deref().filter(|_| repeated),
    };
    let document = issue(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "SUPPLEMENT_REQUESTED", Some(&document)).await?;
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::SupplementRequested {
            number: number.to_string(),
            document: document.clone(),
            due_on: notice.due_on.to_string(),
            repeated_notice: repeated,
            time: Some(timestamp(now)),
            notice: after.notices,
        },
    );
    Ok(pb::RequestSupplementResponse {
        state: state(after.state) as i32,
        document,
        repeated_notice: repeated,
    })
}

/// Accepts; the approval starts by the plan of the item's version. Too late for it, the window accepts what
/// counts as accepted already.
pub async fn accept(tx: &mut Tx, number: &CaseNumber) -> Result<pb::AcceptApplicationResponse> {
    let loaded = load(tx, number).await?;
    let fee = loaded.item.fee_at_acceptance();
    let deemed = match lapsed(tx, &loaded).await? {
        true => loaded.application.clone().deem_accepted(fee),
        false => None,
    };
    let is_deemed = deemed.is_some();
    let after = match deemed {
        Some(after) => after,
        None => loaded.application.clone().accept(fee)?,
    };
    let document = admit(tx, number, &loaded, &after, is_deemed).await?;
    Ok(pb::AcceptApplicationResponse { state: state(after.state) as i32, document })
}

/// 视为受理: takes it as accepted from the day on which the materials were received, after so many supplement
/// notices, unless the window has said something meanwhile.
pub async fn deem_accepted(tx: &mut Tx, number: &CaseNumber, notices: u32) -> Result<()> {
    let loaded = load(tx, number).await?;
    if loaded.application.notices != notices {
        return Ok(());
    }
    match loaded.application.clone().deem_accepted(loaded.item.fee_at_acceptance()) {
        None => Ok(()),
        Some(after) => admit(tx, number, &loaded, &after, true).await.map(drop),
    }
}

/// Whether the five working days of art. 32 have passed without a word.
async fn lapsed(tx: &mut Tx, loaded: &Loaded) -> Result<bool> {
    let today = local_date(tx.now());
    let clock = Clock::new(local_date(loaded.row.received_at), ACCEPTANCE);
    Ok(loaded.application.waits_for_the_window() && clock.is_late(&tx.calendar().await?.calendar, today))
}

/// Refuses what only an application may meet that does not count as accepted.
async fn require_not_lapsed(tx: &mut Tx, loaded: &Loaded) -> Result<()> {
    if !lapsed(tx, loaded).await? {
        return Ok(());
    }
    let received_on = local_date(loaded.row.received_at);
    Err(Error::precondition(Reason::AcceptanceLapsed).with("received_on", received_on))
}

/// Issues the notice of acceptance, lets the departments in and tells them.
async fn admit(
    tx: &mut Tx,
    number: &CaseNumber,
    loaded: &Loaded,
    after: &Application,
    deemed: bool,
) -> Result<String> {
    let now = tx.now();
    let plan = plan(number, &loaded.item.plan, &loaded.guide)?;
    let mut departments: Vec<String> = plan.steps.iter().map(|step| step.department.clone()).collect();
    departments.push(plan.lead.clone());
    let missing = &loaded.application.missing;
    let accepted_on = local_date(if deemed { loaded.row.received_at } else { now });
    let content = Content::Acceptance {
        statutory: loaded.item.statutory_limit_days,
        promised: loaded.item.promised_limit_days,
        deemed_since: deemed.then_some(accepted_on),
        missing: missing.iter().filter(|_| deemed).map(|code| names(&loaded.guide, code)).collect(),
    };
    let document = issue(tx, number, &loaded.row, &content).await?;
    if deemed {
        let owed: Vec<Owed> = missing.iter().cloned().map(Owed::missing).collect();
        materials::ask(tx.sql(), number.as_str(), &owed, now).await?;
        let promised: Vec<_> = missing.iter().map(|code| (code.clone(), None)).collect();
        materials::add(tx.sql(), number.as_str(), 0, &promised, now).await?;
    }
    let happened = if deemed { "DEEMED_ACCEPTED" } else { "ACCEPTED" };
    save(tx, &loaded.row, after, happened, Some(&document)).await?;
    applications::add_participants(tx.sql(), number.as_str(), &departments).await?;
    let present = materials::present(tx.sql(), number.as_str()).await?;
    let promised = present.iter().filter(|material| material.revision == 0);
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ApplicationAccepted {
            number: number.to_string(),
            center: loaded.row.center.clone(),
            item: loaded.row.item.clone(),
            item_version: loaded.item.version,
            item_name_zh: loaded.row.item_name_zh.clone(),
            item_name_en: loaded.row.item_name_en.clone(),
            subject: loaded.row.subject.clone(),
            plan: Some(plan),
            materials_revision: after.materials_revision,
            materials: present.iter().map(|material| material.code.clone()).collect(),
            promised: promised.map(|material| material.code.clone()).collect(),
            statutory_limit_days: loaded.item.statutory_limit_days,
            promised_limit_days: loaded.item.promised_limit_days,
            time: Some(timestamp(now)),
            accepted_on: accepted_on.to_string(),
            deemed,
            notices: after.notices,
        },
    );
    fees::follow(tx, number, loaded, after)?;
    Ok(document)
}

/// The published plan with the center's department ids.
fn plan(number: &CaseNumber, rules: &Plan, guide: &pb::ServiceItem) -> Result<pb::ApprovalPlan> {
    let center = number.center();
    let id = |short: &str| {
        Plan::department(&center, short)
            .map(|id| id.to_string())
            .ok_or_else(|| Error::internal(format!("no department id for {short}")))
    };
    let published = guide.plan.as_ref().map(|plan| plan.steps.as_slice()).unwrap_or_default();
    let steps = published
        .iter()
        .map(|step| {
            Ok(pb::ApprovalStep {
                department: id(&step.department)?,
                after: step.after.iter().map(|short| id(short)).collect::<Result<_>>()?,
                ..step.clone()
            })
        })
        .collect::<Result<_>>()?;
    Ok(pb::ApprovalPlan { lead: id(&rules.lead)?, steps })
}

/// A refusal as the clerk writes it.
pub struct Refusal {
    pub ground: RefusalGround,
    pub reason: String,
    pub referred_to: Option<String>,
}

/// Refuses acceptance in writing.
pub async fn refuse(
    tx: &mut Tx,
    number: &CaseNumber,
    refusal: Refusal,
) -> Result<pb::RefuseApplicationResponse> {
    let loaded = load(tx, number).await?;
    require_not_lapsed(tx, &loaded).await?;
    let now = tx.now();
    let after = loaded.application.clone().refuse(refusal.ground, local_date(now))?;
    let content = Content::Refusal {
        ground: refusal.ground,
        reason: &refusal.reason,
        referred_to: refusal.referred_to.as_deref(),
    };
    let document = issue(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "REFUSED", Some(&document)).await?;
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ApplicationRefused {
            number: number.to_string(),
            document: document.clone(),
            ground: crate::grpc::ground_to_proto(refusal.ground) as i32,
            time: Some(timestamp(now)),
        },
    );
    Ok(pb::RefuseApplicationResponse { state: state(after.state) as i32, document })
}

/// Takes the application back.
pub async fn withdraw(tx: &mut Tx, number: &CaseNumber) -> Result<pb::WithdrawApplicationResponse> {
    let loaded = load(tx, number).await?;
    let after = loaded.application.clone().withdraw()?;
    save(tx, &loaded.row, &after, "WITHDRAWN", None).await?;
    if after.fee == Fee::Due {
        fees::lapse(tx, number, &after);
    }
    let time = Some(timestamp(tx.now()));
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ApplicationWithdrawn { number: number.to_string(), time },
    );
    Ok(pb::WithdrawApplicationResponse { state: state(after.state) as i32 })
}

/// A delivery as the clerk records it.
pub struct Delivery {
    pub method: DeliveryMethod,
    pub recipient: String,
    pub tracking_number: Option<String>,
}

/// Records that the result reached the applicant.
pub async fn deliver(
    tx: &mut Tx,
    number: &CaseNumber,
    delivery: Delivery,
) -> Result<pb::DeliverResultResponse> {
    let loaded = load(tx, number).await?;
    let after = loaded.application.clone().deliver()?;
    let content = Content::Delivery {
        method: delivery.method,
        recipient: &delivery.recipient,
        tracking_number: delivery.tracking_number.as_deref(),
    };
    let document = issue(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "DELIVERED", Some(&document)).await?;
    let time = Some(timestamp(tx.now()));
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ResultDelivered {
            number: number.to_string(),
            document: document.clone(),
            method: crate::grpc::method_to_proto(delivery.method) as i32,
            time,
        },
    );
    Ok(pb::DeliverResultResponse { state: state(after.state) as i32, document })
}
