//! The aggregate: who takes part, what state it is in, how it begins and ends.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use yimen_kernel::{CaseNumber, Clock, DepartmentId, DivisionCode, Error, MaterialCode, Reason, Result};

use super::Changed;
use super::decision::Decision;
use super::inspection::Inspection;
use super::materials::Materials;
use super::task::{Kind, Task, TaskState};
use super::time::{Extension, Procedure};

/// What never changes of the case that is approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number, which is also the application's.
    pub number: CaseNumber,
    /// The catalog item.
    pub item: String,
    /// The item's version on the day of submission.
    pub item_version: u32,
    /// The item's Chinese name.
    pub item_name_zh: String,
    /// The item's English name.
    pub item_name_en: String,
    /// What it is about, in the applicant's words.
    pub subject: String,
    /// The lead department (第一窗口).
    pub lead: DepartmentId,
    /// When the application was accepted.
    pub open_time: DateTime<Utc>,
}

impl Case {
    /// The center that handles it.
    pub fn center(&self) -> DivisionCode {
        self.number.center()
    }
}

/// Where a joint approval stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The departments work on it.
    Running,
    /// The lead has decided.
    Decided(Decision),
    /// The applicant took the application back.
    Withdrawn,
}

impl State {
    /// Its name on the wire and in the database.
    pub fn code(&self) -> &'static str {
        match self {
            State::Running => "RUNNING",
            State::Decided(_) => "DECIDED",
            State::Withdrawn => "WITHDRAWN",
        }
    }
}

/// The parallel joint approval (并联审批) of one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointApproval {
    /// What it is about.
    pub case: Case,
    /// Where it stands.
    pub state: State,
    /// What the opinions rest on.
    pub materials: Materials,
    /// One per department, in the order of the plan; departments added midway come last.
    pub tasks: Vec<Task>,
    /// The one joint visit.
    pub inspection: Option<Inspection>,
    /// The statutory limit, from the day of acceptance, as if nothing had stopped or extended it.
    pub limit: Clock,
    /// What stops it, in the order of beginning.
    pub procedures: Vec<Procedure>,
    /// What was added to it.
    pub extension: Option<Extension>,
    /// Grows with every change.
    pub version: i64,
}

/// A person or system that acted, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub id: String,
    /// The name as documents show it.
    pub name: String,
}

/// Who acts, and for which department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// The department.
    pub department: DepartmentId,
    /// The person or system.
    pub person: Person,
}

/// One department's part of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The department.
    pub department: DepartmentId,
    /// Working days that it has.
    pub limit_days: u32,
    /// Whose opinions it waits for.
    pub after: Vec<DepartmentId>,
    /// What its opinion relies on; empty: all.
    pub relies_on: Vec<MaterialCode>,
    /// It needs to see the place.
    pub site_visit: bool,
}

/// What an acceptance brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The case.
    pub case: Case,
    /// The statutory limit, from the day of acceptance.
    pub limit: Clock,
    /// The plan as published on the day of submission.
    pub steps: Vec<Step>,
    /// The application's material revision.
    pub materials_revision: u32,
    /// Codes of all materials.
    pub materials: Vec<MaterialCode>,
    /// Codes of those that the applicant promised to hand in later.
    pub promised: Vec<MaterialCode>,
}

/// The lead's wish to have another department in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddDepartment {
    /// The department, of the same center.
    pub department: DepartmentId,
    /// Working days that it has.
    pub limit_days: u32,
    /// Why.
    pub reason: String,
    /// What its opinion relies on; empty: all.
    pub relies_on: Vec<MaterialCode>,
}

/// What others are told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A department spoke.
    OpinionRecorded { department: DepartmentId, kind: Kind, materials_revision: u32, sequence: u32 },
    /// A department's turn came; `sequence` is that of what it will say.
    TaskOpened { department: DepartmentId, limit_days: u32, sequence: u32 },
    /// The lead added a department.
    DepartmentAdded { department: DepartmentId, limit_days: u32 },
    /// The lead hands a return on to the applicant.
    MaterialsReturned {
        department: DepartmentId,
        materials: Vec<MaterialCode>,
        reason: String,
        due_on: NaiveDate,
    },
    /// The lead proposed a visit.
    InspectionProposed { visit_time: DateTime<Utc>, departments: Vec<DepartmentId> },
    /// Every department present has signed.
    InspectionConcluded,
    /// Time that is not counted began.
    ProcedureStarted(Procedure),
    /// Time is counted again.
    ProcedureEnded { id: Uuid, ended_on: NaiveDate },
    /// The limit was extended.
    Extended(Extension),
    /// The lead decided.
    Decided(Decision),
}

impl JointApproval {
    /// Opens the approval of an accepted application. A plan that names a department twice keeps
    /// the first; waiting for oneself or for a department without a task is no waiting.
    pub fn open(opening: Opening) -> (Self, Vec<Event>) {
        let mut steps: Vec<Step> = Vec::with_capacity(opening.steps.len());
        for step in opening.steps {
            if !steps.iter().any(|known| known.department == step.department) {
                steps.push(step);
            }
        }
        let departments: BTreeSet<DepartmentId> = steps.iter().map(|step| step.department.clone()).collect();
        let begin = opening.case.open_time;
        let tasks: Vec<Task> = steps
            .into_iter()
            .map(|mut step| {
                step.after.retain(|other| *other != step.department && departments.contains(other));
                Task::of_plan(step, begin)
            })
            .collect();
        let opened = tasks.iter().filter(|task| task.state == TaskState::Open);
        let events = opened.map(Task::opened).collect();
        let approval = JointApproval {
            case: opening.case,
            state: State::Running,
            materials: Materials::accepted(opening.materials_revision, opening.materials, opening.promised),
            tasks,
            inspection: None,
            limit: opening.limit,
            procedures: Vec::new(),
            extension: None,
            version: 1,
        };
        (approval, events)
    }

    /// Ends the approval because the applicant took the application back. A decision that was made
    /// stays.
    #[must_use]
    pub fn withdraw(mut self) -> Self {
        if self.state == State::Running {
            self.state = State::Withdrawn;
            for task in self.tasks.iter_mut().filter(|task| task.opinion().is_none()) {
                task.state = TaskState::Closed;
            }
        }
        self
    }

    /// Takes another department in, midway; its turn comes at once.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`, `STATE_FORBIDS`, `DEPARTMENT_ALREADY_IN`; `MATERIAL_UNKNOWN`
    /// at `relies_on[…]`.
    pub fn add_department(mut self, acting: &Acting, add: AddDepartment, now: DateTime<Utc>) -> Changed {
        self.require_lead(&acting.department)?;
        self.require_running()?;
        if self.task(&add.department).is_some() {
            return Err(Error::precondition(Reason::DepartmentAlreadyIn).with("department", &add.department));
        }
        self.require_known("relies_on", &add.relies_on)?;
        let (department, limit_days) = (add.department.clone(), add.limit_days);
        let step = Step {
            department: add.department,
            limit_days,
            after: Vec::new(),
            relies_on: add.relies_on,
            site_visit: false,
        };
        let task = Task { added_reason: add.reason, ..Task::of_plan(step, now) };
        let events = vec![Event::DepartmentAdded { department, limit_days }, task.opened()];
        self.tasks.push(task);
        Ok((self, events))
    }

    /// The department's task.
    pub fn task(&self, department: &DepartmentId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.department == *department)
    }

    /// The department's task, to change it.
    ///
    /// # Errors
    /// `NOT_A_PARTY`.
    pub(super) fn task_mut(&mut self, department: &DepartmentId) -> Result<&mut Task> {
        self.tasks
            .iter_mut()
            .find(|task| task.department == *department)
            .ok_or_else(|| Error::denied(Reason::NotAParty))
    }

    /// Whether the department takes part, with a task or as the lead.
    pub fn is_party(&self, department: &DepartmentId) -> bool {
        self.case.lead == *department || self.task(department).is_some()
    }

    /// Whether every opinion is in and the lead's turn has come.
    pub fn awaits_decision(&self) -> bool {
        self.state == State::Running && self.tasks.iter().all(|task| task.opinion().is_some())
    }

    /// Who sees something of the difference between two states: the departments whose tasks read
    /// differently, those whose visit changed, and always the lead.
    pub fn concerned(before: Option<&Self>, after: &Self) -> BTreeSet<DepartmentId> {
        let mut concerned = BTreeSet::from([after.case.lead.clone()]);
        let is_same_for_all = before.is_some_and(|before| {
            before.state == after.state
                && before.materials.revision == after.materials.revision
                && before.procedures == after.procedures
                && before.extension == after.extension
        });
        for task in &after.tasks {
            let known = before.and_then(|before| before.task(&task.department));
            if !is_same_for_all || known != Some(task) {
                concerned.insert(task.department.clone());
            }
        }
        let earlier = before.and_then(|before| before.inspection.as_ref());
        if earlier != after.inspection.as_ref() {
            let visits = earlier.into_iter().chain(&after.inspection);
            concerned.extend(visits.flat_map(Inspection::departments).cloned());
        }
        concerned
    }

    pub(super) fn require_party(&self, department: &DepartmentId) -> Result<()> {
        if self.is_party(department) { Ok(()) } else { Err(Error::denied(Reason::NotAParty)) }
    }

    pub(super) fn require_lead(&self, department: &DepartmentId) -> Result<()> {
        self.require_party(department)?;
        if self.case.lead == *department { Ok(()) } else { Err(Error::denied(Reason::NotTheLead)) }
    }

    pub(super) fn require_running(&self) -> Result<()> {
        if self.state == State::Running { Ok(()) } else { Err(state_forbids(self.state.code())) }
    }

    /// Lets codes pass that are all materials of this approval.
    pub(super) fn require_known(&self, field: &str, codes: &[MaterialCode]) -> Result<()> {
        let mut fields = yimen_kernel::Fields::new();
        for (at, code) in codes.iter().enumerate() {
            if !self.materials.knows(code) {
                fields.add(&format!("{field}[{at}]"), Reason::MaterialUnknown);
            }
        }
        fields.finish()
    }
}

/// The refusal of what the present state does not allow.
pub(super) fn state_forbids(state: &str) -> Error {
    Error::precondition(Reason::StateForbids).with("state", state)
}

/// Ids as a refusal names them.
pub(super) fn list<'a, T: ToString + 'a>(ids: impl IntoIterator<Item = &'a T>) -> String {
    ids.into_iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use yimen_kernel::{DepartmentId, Reason};

    use super::super::fixture::*;
    use super::super::*;

    #[test]
    fn steps_open_beside_each_other_or_in_turn() {
        let (approval, events) = JointApproval::open(opening(vec![step("a", &[]), step("b", &["a"])]));
        assert_eq!(states(&approval), ["OPEN", "WAITING"]);
        assert_eq!(events, [Event::TaskOpened { department: a(), limit_days: 5, sequence: 1 }]);
        assert_eq!(approval.task(&a()).unwrap().open_time, Some(at(0)));
        assert_eq!(approval.task(&b()).unwrap().open_time, None);
        assert_eq!(approval.version, 1);
    }

    #[test]
    fn odd_plans_do_not_block() {
        let odd = vec![step("a", &["a", "nobody"]), step("a", &["b"]), step("b", &[])];
        let (approval, _) = JointApproval::open(opening(odd));
        assert_eq!(states(&approval), ["OPEN", "OPEN"]);
        let (nothing, events) = JointApproval::open(opening(vec![]));
        assert!(nothing.awaits_decision() && events.is_empty());
    }

    #[test]
    fn withdrawal_closes_what_is_not_opined() {
        let approval = say(opened(), &a(), approve()).unwrap().withdraw();
        assert_eq!(approval.state, State::Withdrawn);
        assert_eq!(states(&approval), ["OPINED", "CLOSED", "CLOSED"]);
        let decided = grant(opine_all(opened_without_promise()));
        assert_eq!(decided.clone().withdraw(), decided);
    }

    #[test]
    fn the_lead_adds_a_department() {
        let add = AddDepartment {
            department: dep("x"),
            limit_days: 3,
            reason: "消防通道".into(),
            relies_on: codes(&["plan"]),
        };
        let (approval, events) = opened().add_department(&acting(&lead()), add.clone(), at(4)).unwrap();
        assert_eq!(events.len(), 2);
        let task = approval.task(&dep("x")).unwrap();
        assert_eq!((task.state.code(), task.open_time), ("OPEN", Some(at(4))));
        assert_eq!(task.added_reason, "消防通道");

        let reason = |approval: JointApproval, who: DepartmentId, add| {
            refusal(approval.add_department(&acting(&who), add, at(4)))
        };
        assert_eq!(reason(approval, lead(), add.clone()), Reason::DepartmentAlreadyIn);
        assert_eq!(reason(opened(), a(), add.clone()), Reason::NotTheLead);
        assert_eq!(reason(opened(), dep("x"), add.clone()), Reason::NotAParty);
        assert_eq!(reason(opened().withdraw(), lead(), add.clone()), Reason::StateForbids);
        let unknown = AddDepartment { relies_on: codes(&["nothing"]), ..add };
        assert_eq!(reason(opened(), lead(), unknown), Reason::InvalidRequest);
    }

    #[test]
    fn who_sees_a_change() {
        let before = opened();
        let everyone: Vec<_> = JointApproval::concerned(None, &before).into_iter().collect();
        assert_eq!(everyone, [a(), b(), c(), lead()]);
        let after = say(before.clone(), &b(), approve()).unwrap();
        let few: Vec<_> = JointApproval::concerned(Some(&before), &after).into_iter().collect();
        assert_eq!(few, [b(), lead()]);
        let (after, _) = before.clone().provide_materials(2, codes(&["plan"]), at(1));
        assert_eq!(JointApproval::concerned(Some(&before), &after).len(), 4, "the revision is in every task");
    }
}
