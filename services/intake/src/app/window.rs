//! What the window does: supplement notice, acceptance, refusal, delivery; and the withdrawal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use tracing::Span;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::ACCEPTANCE;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Calendar, CaseNumber, Clock, Fields, MaterialCode};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::read::state;
use super::{
    Loaded, Paper, Step, draw_up, draw_up_all, fees, load, load_all, names, save, save_all, timestamp,
    unknown,
};
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
        if loaded.version.item.requirement(code.as_str()).is_none_or(|material| material.shared) {
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
            let (zh, en) = names(&loaded.version.guide, &owed.code);
            (zh, en, owed.reason.as_str())
        })
        .collect();
    let content = Content::SupplementNotice {
        problems,
        due_on: notice.due_on,
        repeat_reason: notice.repeat_reason.as_deref().filter(|_| repeated),
    };
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "SUPPLEMENT_REQUESTED", Some(&document)).await?;
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::SupplementRequested {
            number: number.to_string(),
            document: document.document.clone(),
            due_on: notice.due_on.to_string(),
            repeated_notice: repeated,
            time: Some(timestamp(now)),
            notice: after.notices,
        },
    );
    Ok(pb::RequestSupplementResponse {
        state: state(after.state) as i32,
        document: document.document,
        repeated_notice: repeated,
    })
}

/// An acceptance that a clerk asks for.
pub struct Acceptance {
    /// Where it is traced.
    pub span: Span,
    /// Of which application.
    pub number: CaseNumber,
    /// At which window, and the clerk's login.
    pub at: (String, String),
}

/// Accepts applications, each once; the approvals start by the plans of the items' versions. Too late for it, the
/// window accepts what counts as accepted already. Gives what became of each; a refusal leaves nothing.
pub async fn accept(
    tx: &mut Tx,
    accepted: Vec<Acceptance>,
) -> Result<Vec<Result<pb::AcceptApplicationResponse>>> {
    let numbers: Vec<CaseNumber> = accepted.iter().map(|accepted| accepted.number.clone()).collect();
    let loaded = load_all(tx, &numbers).await?;
    let calendar = tx.calendar().await?.calendar;
    let today = local_date(tx.now());
    let mut seen = BTreeSet::new();
    let (mut outcomes, mut admissions) = (Vec::with_capacity(accepted.len()), Vec::new());
    for Acceptance { span, number, at } in accepted {
        let admission = match loaded.get(&number) {
            None => Err(unknown()),
            // Of two who accept at the same moment one comes second.
            Some(_) if !seen.insert(number.clone()) => Err(Error::aborted(Reason::StaleVersion)),
            Some(known) => admission(known, lapsed(known, &calendar, today)),
        };
        outcomes.push(admission.map(|(known, after, deemed)| {
            admissions.push(Admission { span, number: number.clone(), known, after, deemed, at });
            number
        }));
    }
    let documents = admit(tx, &admissions).await?;
    let answer = |(admission, document): (&Admission<'_>, String)| {
        let state = state(admission.after.state) as i32;
        (admission.number.clone(), pb::AcceptApplicationResponse { state, document })
    };
    let mut answers: BTreeMap<_, _> = admissions.iter().zip(documents).map(answer).collect();
    let missing = || Error::internal("an acceptance has no document");
    Ok(outcomes.into_iter().map(|outcome| answers.remove(&outcome?).ok_or_else(missing)).collect())
}

fn admission(known: &Loaded, lapsed: bool) -> Result<(&Loaded, Application, bool)> {
    let fee = known.version.item.fee_at_acceptance();
    let deemed = if lapsed { known.application.clone().deem_accepted(fee) } else { None };
    let is_deemed = deemed.is_some();
    let after = match deemed {
        Some(after) => after,
        None => known.application.clone().accept(fee)?,
    };
    Ok((known, after, is_deemed))
}

/// 视为受理: takes it as accepted from the day on which the materials were received, after so many supplement
/// notices, unless the window has said something meanwhile.
pub async fn deem_accepted(tx: &mut Tx, number: &CaseNumber, notices: u32) -> Result<()> {
    let known = &load(tx, number).await?;
    if known.application.notices != notices {
        return Ok(());
    }
    match known.application.clone().deem_accepted(known.version.item.fee_at_acceptance()) {
        None => Ok(()),
        Some(after) => {
            let (span, number) = (Span::current(), number.clone());
            let at = (String::new(), String::new());
            admit(tx, &[Admission { span, number, known, after, deemed: true, at }]).await.map(drop)
        }
    }
}

/// Whether the five working days of art. 32 have passed without a word.
fn lapsed(loaded: &Loaded, calendar: &Calendar, today: NaiveDate) -> bool {
    let clock = Clock::new(local_date(loaded.row.received_at), ACCEPTANCE);
    loaded.application.waits_for_the_window() && clock.is_late(calendar, today)
}

/// Refuses what only an application may meet that does not count as accepted.
async fn require_not_lapsed(tx: &mut Tx, loaded: &Loaded) -> Result<()> {
    let calendar = tx.calendar().await?.calendar;
    if !lapsed(loaded, &calendar, local_date(tx.now())) {
        return Ok(());
    }
    let received_on = local_date(loaded.row.received_at);
    Err(Error::precondition(Reason::AcceptanceLapsed).with("received_on", received_on))
}

/// An application that is accepted, or counts as accepted.
struct Admission<'a> {
    span: Span,
    number: CaseNumber,
    known: &'a Loaded,
    after: Application,
    deemed: bool,
    /// The window and its clerk; both empty where silence accepts.
    at: (String, String),
}

impl Admission<'_> {
    /// The day of acceptance: a deemed one has the day of receipt.
    fn accepted_on(&self, now: DateTime<Utc>) -> NaiveDate {
        local_date(if self.deemed { self.known.row.received_at } else { now })
    }

    fn content(&self, now: DateTime<Utc>) -> Content<'_> {
        let Loaded { application, version, .. } = self.known;
        let missing = application.missing.iter().filter(|_| self.deemed);
        Content::Acceptance {
            statutory: version.item.statutory_limit_days,
            promised: version.item.promised_limit_days,
            deemed_since: self.deemed.then_some(self.accepted_on(now)),
            missing: missing.map(|code| names(&version.guide, code)).collect(),
        }
    }

    /// What the others hear; its materials are those that are there, and those that were let through.
    fn told(&self, plan: pb::ApprovalPlan, now: DateTime<Utc>) -> pb::ApplicationAccepted {
        let Loaded { row, application, version } = self.known;
        let let_through = application.missing.iter().filter(|_| self.deemed);
        let mut promised: Vec<String> = row.promised.iter().chain(let_through.clone()).cloned().collect();
        let mut materials: Vec<String> = row.materials.iter().chain(let_through).cloned().collect();
        for codes in [&mut promised, &mut materials] {
            codes.sort();
            codes.dedup();
        }
        pb::ApplicationAccepted {
            number: self.number.to_string(),
            center: row.center.clone(),
            item: row.item.clone(),
            item_version: version.item.version,
            item_name_zh: row.item_name_zh.clone(),
            item_name_en: row.item_name_en.clone(),
            subject: row.subject.clone(),
            plan: Some(plan),
            materials_revision: self.after.materials_revision,
            materials,
            promised,
            statutory_limit_days: version.item.statutory_limit_days,
            promised_limit_days: version.item.promised_limit_days,
            time: Some(timestamp(now)),
            accepted_on: self.accepted_on(now).to_string(),
            deemed: self.deemed,
            notices: self.after.notices,
            window: self.at.0.clone(),
            clerk: self.at.1.clone(),
        }
    }
}

/// Draws up the documents of acceptance, saves and tells. Gives the documents' numbers.
async fn admit(tx: &mut Tx, admissions: &[Admission<'_>]) -> Result<Vec<String>> {
    if admissions.is_empty() {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let contents: Vec<Content<'_>> = admissions.iter().map(|admission| admission.content(now)).collect();
    let papers: Vec<Paper<'_>> = admissions
        .iter()
        .zip(&contents)
        .map(|(admission, content)| (&admission.number, &admission.known.row, content))
        .collect();
    let documents = draw_up_all(tx, &papers).await?;
    for admission in admissions.iter().filter(|admission| admission.deemed) {
        let (number, missing) = (admission.number.as_str(), &admission.known.application.missing);
        let owed: Vec<Owed> = missing.iter().cloned().map(Owed::missing).collect();
        materials::ask(tx.sql(), number, &owed, now).await?;
        let promised: Vec<_> = missing.iter().map(|code| (code.clone(), None)).collect();
        materials::add(tx.sql(), number, 0, &promised, now).await?;
    }
    let steps: Vec<Step<'_>> = admissions
        .iter()
        .zip(&documents)
        .map(|(admission, document)| Step {
            row: &admission.known.row,
            after: &admission.after,
            happened: if admission.deemed { "DEEMED_ACCEPTED" } else { "ACCEPTED" },
            document: Some(document),
        })
        .collect();
    save_all(tx, &steps).await?;
    let mut joined: Vec<(&str, String)> = Vec::new();
    for admission in admissions {
        let version = &admission.known.version;
        let plan = plan(&admission.number, &version.item.plan, &version.guide)?;
        let departments = plan.steps.iter().map(|step| &step.department).chain([&plan.lead]);
        joined.extend(departments.map(|department| (admission.number.as_str(), department.clone())));
        let Admission { number, known, after, .. } = admission;
        admission.span.in_scope(|| {
            let told = admission.told(plan, now);
            tx.emit(&known.row.center, number.as_str(), after.version, &told);
            fees::follow(tx, number, known, after)
        })?;
    }
    applications::add_participants(tx.sql(), &joined).await?;
    Ok(documents.into_iter().map(|document| document.document).collect())
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
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "REFUSED", Some(&document)).await?;
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ApplicationRefused {
            number: number.to_string(),
            document: document.document.clone(),
            ground: crate::grpc::ground_to_proto(refusal.ground) as i32,
            time: Some(timestamp(now)),
        },
    );
    Ok(pb::RefuseApplicationResponse { state: state(after.state) as i32, document: document.document })
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
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &after, "DELIVERED", Some(&document)).await?;
    let time = Some(timestamp(tx.now()));
    tx.emit(
        &loaded.row.center,
        number.as_str(),
        after.version,
        &pb::ResultDelivered {
            number: number.to_string(),
            document: document.document.clone(),
            method: crate::grpc::method_to_proto(delivery.method) as i32,
            time,
        },
    );
    Ok(pb::DeliverResultResponse { state: state(after.state) as i32, document: document.document })
}
