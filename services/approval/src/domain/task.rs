//! One department's task, and what the department said.

use chrono::{DateTime, Utc};
use yimen_kernel::{DepartmentId, MaterialCode};

use super::approval::{Event, Person, Step};
use super::materials::Materials;

/// One department's part of a joint approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Whose it is.
    pub department: DepartmentId,
    /// Working days that the department has.
    pub limit_days: u32,
    /// Whose opinions it waits for; only departments that have a task.
    pub after: Vec<DepartmentId>,
    /// What its opinion relies on; empty: all materials.
    pub relies_on: Vec<MaterialCode>,
    /// The department needs to see the place.
    pub site_visit: bool,
    /// Why the lead added it; empty if the plan named it.
    pub added_reason: String,
    /// When it came into the approval.
    pub added_at: DateTime<Utc>,
    /// When it last became the department's turn.
    pub open_time: Option<DateTime<Utc>>,
    /// How often a replaced material reopened it.
    pub reopened: u32,
    /// How often the department has spoken.
    pub spoken: u32,
    /// Where it stands.
    pub state: TaskState,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits for another department's opinion.
    Waiting,
    /// The department's turn.
    Open,
    /// Returned for material; the lead has not resolved it.
    Returned(Return),
    /// The applicant was asked for material.
    AwaitingMaterial(Return),
    /// The opinion is in.
    Opined(Opinion),
    /// The approval ended without it.
    Closed,
}

impl TaskState {
    /// Its name on the wire and in the database.
    pub fn code(&self) -> &'static str {
        match self {
            TaskState::Waiting => "WAITING",
            TaskState::Open => "OPEN",
            TaskState::Returned(_) => "RETURNED",
            TaskState::AwaitingMaterial(_) => "AWAITING_MATERIAL",
            TaskState::Opined(_) => "OPINED",
            TaskState::Closed => "CLOSED",
        }
    }
}

/// When, by whom and of what something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// 1 for the first time that the department spoke in this approval.
    pub sequence: u32,
    /// The revision of the materials that was looked at.
    pub materials_revision: u32,
    /// Who spoke for the department.
    pub by: Person,
    /// When.
    pub time: DateTime<Utc>,
}

/// What a department says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its opinion.
    Opinion(Verdict),
    /// 退回补充材料: it needs other or more material first.
    Return {
        /// Why.
        reason: String,
        /// Which; at least one.
        materials: Vec<MaterialCode>,
    },
}

/// An opinion's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 同意.
    Approve {
        /// A remark; may be empty.
        remark: String,
    },
    /// 附条件同意.
    ApproveWithConditions {
        /// The conditions; never empty.
        conditions: String,
        /// A remark; may be empty.
        remark: String,
    },
    /// 不同意.
    Object {
        /// Why; never empty.
        reason: String,
    },
}

/// An opinion that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// What it says.
    pub verdict: Verdict,
    /// When, by whom and of what.
    pub given: Given,
}

/// A return (退回补充材料) that is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Why.
    pub reason: String,
    /// What is asked for; at least one.
    pub materials: Vec<MaterialCode>,
    /// When, by whom and of what.
    pub given: Given,
}

/// What kind of thing a department said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 同意.
    Approve,
    /// 附条件同意.
    ApproveWithConditions,
    /// 不同意.
    Object,
    /// 退回补充材料.
    Return,
}

impl Kind {
    /// Its name on the wire and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Approve => "APPROVE",
            Kind::ApproveWithConditions => "APPROVE_WITH_CONDITIONS",
            Kind::Object => "OBJECT",
            Kind::Return => "RETURN",
        }
    }
}

/// The last thing a department said, as long as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'t> {
    /// What kind of thing.
    pub kind: Kind,
    /// Conditions; empty but for [`Kind::ApproveWithConditions`].
    pub conditions: &'t str,
    /// Reason or remark.
    pub reason: &'t str,
    /// What a return asks for.
    pub materials: &'t [MaterialCode],
    /// When, by whom and of what.
    pub given: &'t Given,
}

impl Opinion {
    /// It as what stands.
    pub fn standing(&self) -> Standing<'_> {
        let (kind, conditions, reason) = match &self.verdict {
            Verdict::Approve { remark } => (Kind::Approve, "", remark.as_str()),
            Verdict::ApproveWithConditions { conditions, remark } => {
                (Kind::ApproveWithConditions, conditions.as_str(), remark.as_str())
            }
            Verdict::Object { reason } => (Kind::Object, "", reason.as_str()),
        };
        Standing { kind, conditions, reason, materials: &[], given: &self.given }
    }
}

impl Return {
    /// It as what stands.
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            kind: Kind::Return,
            conditions: "",
            reason: &self.reason,
            materials: &self.materials,
            given: &self.given,
        }
    }

    /// Whether everything that it asks for came after it was made.
    pub(super) fn is_answered(&self, materials: &Materials) -> bool {
        self.materials.iter().all(|code| materials.is_newer(code, self.given.materials_revision))
    }
}

impl Task {
    /// A task of the plan, at the start.
    pub(super) fn of_plan(step: Step, at: DateTime<Utc>) -> Self {
        let (state, open_time) = match step.after.is_empty() {
            true => (TaskState::Open, Some(at)),
            false => (TaskState::Waiting, None),
        };
        Task {
            department: step.department,
            limit_days: step.limit_days,
            after: step.after,
            relies_on: step.relies_on,
            site_visit: step.site_visit,
            added_reason: String::new(),
            added_at: at,
            open_time,
            reopened: 0,
            spoken: 0,
            state,
        }
    }

    /// The opinion that stands.
    pub fn opinion(&self) -> Option<&Opinion> {
        match &self.state {
            TaskState::Opined(opinion) => Some(opinion),
            _ => None,
        }
    }

    /// The return that is not settled.
    pub fn unsettled_return(&self) -> Option<&Return> {
        match &self.state {
            TaskState::Returned(request) | TaskState::AwaitingMaterial(request) => Some(request),
            _ => None,
        }
    }

    /// The last thing the department said, if it stands.
    pub fn standing(&self) -> Option<Standing<'_>> {
        match &self.state {
            TaskState::Opined(opinion) => Some(opinion.standing()),
            TaskState::Returned(request) | TaskState::AwaitingMaterial(request) => Some(request.standing()),
            TaskState::Waiting | TaskState::Open | TaskState::Closed => None,
        }
    }

    /// Whether an opinion stands that has seen the present materials it relies on.
    pub(super) fn is_current(&self, materials: &Materials) -> bool {
        self.opinion()
            .is_some_and(|opinion| !materials.is_stale(&self.relies_on, opinion.given.materials_revision))
    }

    /// Makes it the department's turn.
    pub(super) fn open(&mut self, now: DateTime<Utc>) -> Event {
        self.state = TaskState::Open;
        self.open_time = Some(now);
        self.opened()
    }

    /// That it is the department's turn.
    pub(super) fn opened(&self) -> Event {
        Event::TaskOpened {
            department: self.department.clone(),
            limit_days: self.limit_days,
            sequence: self.spoken + 1,
        }
    }
}
