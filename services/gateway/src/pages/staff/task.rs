//! A joint approval as a department sees it: who has said what, the materials, the visit.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::approval::v1::task::State as TaskState;
use yimen_proto::approval::v1::{GetJointApprovalRequest, JointApproval, Opinion, Task};
use yimen_proto::intake::v1::{Application, GetApplicationRequest};

use super::super::ask::Departments;
use super::super::form::Form;
use super::super::plan::ordinals;
use super::super::shell::Shell;
use super::super::visitor::{Names, Visitor};
use super::application::{MaterialRow, material_row};
use super::inspection::{InspectionView, view as inspection_view};
use super::{case_number, task_forms};

/// What is known of a case before its page is made.
pub struct Known {
    pub approval: JointApproval,
    /// The application, for the names of its materials.
    pub case: Application,
    pub departments: Departments,
    /// The reader's department.
    pub own: String,
    /// The reader gives opinions; a supervisor only reads.
    pub acts: bool,
}

/// The departments that began at the same time.
#[derive(Clone, Debug)]
pub struct TaskWave {
    pub ordinal: usize,
    pub tasks: Vec<TaskView>,
}

/// A department's part.
#[derive(Clone, Debug)]
pub struct TaskView {
    pub department: String,
    pub own: bool,
    pub lead: bool,
    pub state: String,
    pub state_code: String,
    pub days: u32,
    pub after: Vec<String>,
    pub visit: bool,
    pub opened: String,
    pub reopened: u32,
    pub added_reason: String,
    pub opinion: Option<OpinionView>,
    pub returned: Option<ReturnView>,
}

/// What a department said.
#[derive(Clone, Debug)]
pub struct OpinionView {
    pub kind: String,
    pub kind_code: String,
    pub conditions: String,
    pub reason: String,
    pub by: String,
    pub time: String,
    pub revision: u32,
}

/// What a department wants before it says more.
#[derive(Clone, Debug)]
pub struct ReturnView {
    pub reason: String,
    pub materials: String,
    pub time: String,
}

/// How it was decided.
#[derive(Clone, Debug)]
pub struct DecisionView {
    pub outcome: String,
    pub conditions: String,
    pub reasons: String,
    pub by: String,
    pub time: String,
}

/// The page.
#[derive(Template)]
#[template(path = "staff/task.html")]
pub struct TaskPage {
    pub s: Shell,
    pub number: String,
    pub item: String,
    pub item_code: String,
    pub center: String,
    pub subject: String,
    pub lead: String,
    pub state: String,
    pub opened: String,
    pub revision: u32,
    pub waves: Vec<TaskWave>,
    pub materials: Vec<MaterialRow>,
    pub inspection: Option<InspectionView>,
    pub inspection_required: bool,
    pub decision: Option<DecisionView>,
    pub forms: Vec<Form>,
}

/// `GET /staff/tasks/{number}`
pub async fn show(visitor: Visitor, Path(number): Path<String>) -> Response {
    let shown = async {
        let known = load(&visitor, &number).await?;
        let (page, _) = page(visitor.shell.clone(), known, &visitor.new_request_id());
        visitor.page(StatusCode::OK, &page)
    };
    visitor.answer(shown.await)
}

/// Everything the page needs.
pub async fn load(visitor: &Visitor, number: &str) -> Result<Known> {
    let claims = visitor.staff()?;
    let number = case_number(number)?;
    let asked = GetJointApprovalRequest { number: number.clone() };
    let approval = visitor.ask.get_joint_approval(asked).await?;
    let departments = visitor.ask.departments(&approval.center).await?;
    // A department that was just added is let in by intake a moment later; its opinion need not wait.
    let case = visitor.ask.get_application(GetApplicationRequest { number }).await.unwrap_or_default();
    let acts = visitor.shell.staff.as_ref().is_some_and(|bar| bar.tasks);
    Ok(Known { approval, case, departments, own: claims.department.clone(), acts })
}

/// What the page shows, and the names of what it is about.
pub fn page(s: Shell, known: Known, request_id: &str) -> (TaskPage, Names) {
    let s = s.at("tasks");
    let Known { approval, case, departments, own, acts } = known;
    let lang = s.text.lang();
    let mut materials: Vec<MaterialRow> =
        case.materials.iter().map(|material| material_row(material, &s)).collect();
    let own_task = approval.tasks.iter().find(|task| task.department == own);
    for row in &mut materials {
        row.relied_on =
            own_task.is_some_and(|task| task.relies_on.is_empty() || task.relies_on.contains(&row.code));
    }
    let names = Names {
        materials: materials.iter().map(|row| (row.code.clone(), row.name.clone())).collect(),
        departments,
    };
    let forms = if acts { task_forms::forms(&s, &approval, &own, &names, request_id) } else { Vec::new() };
    let page = TaskPage {
        item: s.pick(&approval.item_name_zh, &approval.item_name_en).to_owned(),
        lead: names.departments.name(&approval.lead, lang),
        state: s.name("approval_state", approval.state().as_str_name()),
        opened: s.time(&approval.open_time),
        revision: approval.materials_revision,
        waves: waves(&approval, &own, &names, &s),
        inspection: approval.inspection.as_ref().map(|visit| inspection_view(visit, &names, &s)),
        inspection_required: approval.inspection_required,
        decision: approval.decision.as_ref().map(|decision| DecisionView {
            outcome: s.name("outcome", decision.outcome().as_str_name()),
            conditions: decision.conditions.clone(),
            reasons: decision.reasons.clone(),
            by: decision.decided_by.clone(),
            time: s.time(&decision.time),
        }),
        number: approval.number,
        item_code: approval.item,
        center: approval.center,
        subject: approval.subject,
        materials,
        forms,
        s,
    };
    (page, names)
}

fn waves(approval: &JointApproval, own: &str, names: &Names, s: &Shell) -> Vec<TaskWave> {
    let edges: Vec<(&str, &[String])> =
        approval.tasks.iter().map(|task| (task.department.as_str(), task.after.as_slice())).collect();
    let mut waves: Vec<TaskWave> = Vec::new();
    for (task, ordinal) in approval.tasks.iter().zip(ordinals(&edges)) {
        let view = task_view(task, &approval.lead, own, names, s);
        match waves.iter_mut().find(|wave| wave.ordinal == ordinal) {
            Some(wave) => wave.tasks.push(view),
            None => waves.push(TaskWave { ordinal, tasks: vec![view] }),
        }
    }
    waves.sort_by_key(|wave| wave.ordinal);
    waves
}

fn task_view(task: &Task, lead: &str, own: &str, names: &Names, s: &Shell) -> TaskView {
    let name = |id: &String| names.departments.name(id, s.text.lang());
    TaskView {
        department: name(&task.department),
        own: task.department == own,
        lead: task.department == lead,
        state: s.name("task_state", task.state().as_str_name()),
        state_code: task.state().as_str_name().to_ascii_lowercase(),
        days: task.limit_days,
        after: if task.state() == TaskState::Waiting {
            task.after.iter().map(name).collect()
        } else {
            Vec::new()
        },
        visit: task.site_visit,
        opened: s.time(&task.open_time),
        reopened: task.reopened,
        added_reason: task.added_reason.clone(),
        opinion: task.opinion.as_ref().map(|opinion| opinion_view(opinion, s)),
        returned: task.return_request.as_ref().map(|wanted| ReturnView {
            reason: wanted.reason.clone(),
            materials: material_list(&wanted.materials, names, s),
            time: s.time(&wanted.time),
        }),
    }
}

fn opinion_view(opinion: &Opinion, s: &Shell) -> OpinionView {
    let kind = opinion.kind().as_str_name();
    OpinionView {
        kind: s.name("opinion", kind),
        kind_code: kind.to_ascii_lowercase(),
        conditions: opinion.conditions.clone(),
        reason: opinion.reason.clone(),
        by: opinion.given_by.clone(),
        time: s.time(&opinion.time),
        revision: opinion.materials_revision,
    }
}

fn material_list(codes: &[String], names: &Names, s: &Shell) -> String {
    let name = |code: &String| names.materials.get(code).unwrap_or(code).clone();
    codes.iter().map(name).collect::<Vec<_>>().join(s.t("list.separator"))
}
