//! Domain values as messages.

use yimen_kernel::deadline::{Authority, Ground};
pub use yimen_platform::timestamp;
use yimen_proto::approval::v1 as proto;
use yimen_proto::intake::v1::decision::Outcome;

use crate::domain::{
    Answer, Case, Conclusion, Decision, Extension, Inspection, Invited, JointApproval, Kind, Opinion, Person,
    Procedure, Record, Return, Ruling, Task, TaskState,
};
use crate::store::views::TaskView;

pub fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

pub fn joint_approval(approval: &JointApproval) -> proto::JointApproval {
    let case = &approval.case;
    let state = approval_state(approval.state.code());
    let revision = approval.materials.revision;
    let decision = match &approval.state {
        crate::domain::State::Decided(decision) => Some(decision_record(decision)),
        _ => None,
    };
    proto::JointApproval {
        number: case.number.to_string(),
        center: case.center().to_string(),
        item: case.item.clone(),
        item_version: case.item_version,
        item_name_zh: case.item_name_zh.clone(),
        item_name_en: case.item_name_en.clone(),
        subject: case.subject.clone(),
        lead: case.lead.to_string(),
        state: state.into(),
        materials_revision: revision,
        materials: approval.materials.each.keys().map(ToString::to_string).collect(),
        promised: approval.materials.promised().map(ToString::to_string).collect(),
        tasks: approval.tasks.iter().map(|known| task(case, state, revision, known)).collect(),
        inspection: approval.inspection.as_ref().map(inspection),
        inspection_required: approval.inspection_required(),
        decision,
        open_time: Some(timestamp(case.open_time)),
        version: approval.version,
        procedures: approval.procedures.iter().map(procedure).collect(),
        extension: approval.extension.as_ref().map(extension),
    }
}

fn procedure(procedure: &Procedure) -> proto::SpecialProcedure {
    let (ground, published_ground) = ground(&procedure.ground);
    proto::SpecialProcedure {
        procedure: procedure.id.to_string(),
        department: procedure.department.to_string(),
        ground: ground.into(),
        published_ground,
        from_on: procedure.from.to_string(),
        until_on: procedure.until.to_string(),
        ended_on: procedure.ended_on.map(|day| day.to_string()).unwrap_or_default(),
        reason: procedure.reason.clone(),
        started_by: procedure.by.name.clone(),
    }
}

fn extension(extension: &Extension) -> proto::Extension {
    proto::Extension {
        days: extension.granted.days,
        authority: authority(extension.granted.authority).into(),
        approver: extension.approver.clone(),
        reason: extension.reason.clone(),
        time: Some(timestamp(extension.time)),
    }
}

/// A ground, and the code of one that the item publishes.
pub fn ground(ground: &Ground) -> (proto::special_procedure::Ground, String) {
    use proto::special_procedure::Ground as Wire;
    match ground {
        Ground::Published(code) => (Wire::Published, code.clone()),
        legal => (Wire::from_str_name(legal.as_str()).unwrap_or_default(), String::new()),
    }
}

pub fn authority(authority: Authority) -> proto::extension::Authority {
    proto::extension::Authority::from_str_name(authority.as_str()).unwrap_or_default()
}

pub fn task_view(view: &TaskView) -> proto::Task {
    let state = approval_state(&view.approval_state);
    match &view.task {
        Some(known) => task(&view.case, state, view.materials_revision, known),
        None => head(&view.case, state, view.materials_revision, view.department.to_string()),
    }
}

/// What a task says of its case.
fn head(
    case: &Case,
    state: proto::joint_approval::State,
    materials_revision: u32,
    department: String,
) -> proto::Task {
    proto::Task {
        number: case.number.to_string(),
        is_lead: case.lead.as_str() == department,
        department,
        item: case.item.clone(),
        item_name_zh: case.item_name_zh.clone(),
        item_name_en: case.item_name_en.clone(),
        subject: case.subject.clone(),
        materials_revision,
        approval_state: state.into(),
        ..proto::Task::default()
    }
}

fn task(case: &Case, state: proto::joint_approval::State, revision: u32, task: &Task) -> proto::Task {
    proto::Task {
        state: task_state(&task.state).into(),
        limit_days: task.limit_days,
        after: texts(&task.after),
        relies_on: texts(&task.relies_on),
        open_time: task.open_time.map(timestamp),
        opinion: task.opinion().map(opinion),
        added_reason: task.added_reason.clone(),
        site_visit: task.site_visit,
        reopened: task.reopened,
        return_request: task.unsettled_return().map(return_request),
        ..head(case, state, revision, task.department.to_string())
    }
}

fn task_state(state: &TaskState) -> proto::task::State {
    match state {
        TaskState::Waiting => proto::task::State::Waiting,
        TaskState::Open => proto::task::State::Open,
        TaskState::Returned(_) => proto::task::State::Returned,
        TaskState::AwaitingMaterial(_) => proto::task::State::AwaitingMaterial,
        TaskState::Opined(_) => proto::task::State::Opined,
        TaskState::Closed => proto::task::State::Closed,
    }
}

fn approval_state(code: &str) -> proto::joint_approval::State {
    proto::joint_approval::State::from_str_name(code).unwrap_or_default()
}

pub fn kind(kind: Kind) -> proto::opinion::Kind {
    match kind {
        Kind::Approve => proto::opinion::Kind::Approve,
        Kind::ApproveWithConditions => proto::opinion::Kind::ApproveWithConditions,
        Kind::Object => proto::opinion::Kind::Object,
        Kind::Return => proto::opinion::Kind::Return,
    }
}

pub fn outcome(ruling: &Ruling) -> Outcome {
    match ruling {
        Ruling::Granted { .. } => Outcome::Granted,
        Ruling::GrantedWithConditions { .. } => Outcome::GrantedWithConditions,
        Ruling::Refused { .. } => Outcome::Refused,
    }
}

fn opinion(opinion: &Opinion) -> proto::Opinion {
    let standing = opinion.standing();
    proto::Opinion {
        kind: kind(standing.kind).into(),
        conditions: standing.conditions.to_owned(),
        reason: standing.reason.to_owned(),
        materials_revision: standing.given.materials_revision,
        given_by: name(&standing.given.by),
        time: Some(timestamp(standing.given.time)),
        sequence: standing.given.sequence,
    }
}

fn return_request(request: &Return) -> proto::Return {
    proto::Return {
        reason: request.reason.clone(),
        materials: texts(&request.materials),
        time: Some(timestamp(request.given.time)),
    }
}

fn decision_record(decision: &Decision) -> proto::DecisionRecord {
    proto::DecisionRecord {
        outcome: outcome(&decision.ruling).into(),
        conditions: decision.ruling.conditions().to_owned(),
        reasons: decision.ruling.reasons().to_owned(),
        materials_revision: decision.materials_revision,
        decided_by: name(&decision.by),
        time: Some(timestamp(decision.time)),
    }
}

fn inspection(inspection: &Inspection) -> proto::SiteInspection {
    let proposal = inspection.proposal();
    let record = match inspection {
        Inspection::Proposed(_) => None,
        Inspection::Recorded(record) => Some(record),
    };
    proto::SiteInspection {
        state: proto::site_inspection::State::from_str_name(inspection.code()).unwrap_or_default().into(),
        time: Some(timestamp(proposal.time)),
        place: proposal.place.clone(),
        parties: proposal.invited.iter().map(|invited| party(invited, record)).collect(),
        findings: record.map(|record| record.findings.clone()).unwrap_or_default(),
        proposal: proposal.ordinal,
    }
}

fn party(invited: &Invited, record: Option<&Record>) -> proto::InspectionParty {
    use proto::inspection_party as codes;

    let presence = record.and_then(|r| r.present.iter().find(|p| p.department == invited.department));
    let signature = presence.and_then(|presence| presence.signature.as_ref());
    let (answer, decline_reason) = match &invited.answer {
        Answer::Pending => (codes::Answer::Pending, ""),
        Answer::Confirmed => (codes::Answer::Confirmed, ""),
        Answer::Declined { reason } => (codes::Answer::Declined, reason.as_str()),
    };
    let conclusion = match signature.map(|signature| signature.conclusion) {
        None => codes::Conclusion::Unspecified,
        Some(Conclusion::Passed) => codes::Conclusion::Passed,
        Some(Conclusion::PassedWithRectification) => codes::Conclusion::PassedWithRectification,
        Some(Conclusion::Failed) => codes::Conclusion::Failed,
    };
    proto::InspectionParty {
        department: invited.department.to_string(),
        answer: answer.into(),
        decline_reason: decline_reason.to_owned(),
        staff: presence.map(|presence| presence.staff.clone()).unwrap_or_default(),
        conclusion: conclusion.into(),
        conclusion_text: signature.map(|signature| signature.text.clone()).unwrap_or_default(),
        signed_by: signature.map(|signature| name(&signature.by)).unwrap_or_default(),
        sign_time: signature.map(|signature| timestamp(signature.time)),
    }
}

/// The name that documents show; a system may have none.
fn name(person: &Person) -> String {
    if person.name.is_empty() { person.id.clone() } else { person.name.clone() }
}
