//! The joint site inspection (联合踏勘): one visit, one record, a conclusion from each department.

use chrono::{DateTime, Utc};
use yimen_kernel::date::local_date;
use yimen_kernel::{DepartmentId, Error, Fields, Reason, Result};

use super::Changed;
use super::approval::{Acting, Event, JointApproval, Person, list, state_forbids};

/// Steps that need to see the place before a joint visit is compulsory.
const VISITS_MAKE_JOINT: usize = 2;
/// Staff of each department at a visit (行政许可法 art. 34(3)).
const MIN_STAFF: usize = 2;

/// The one visit of a joint approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    /// Its time and place are proposed; departments answer.
    Proposed(Proposal),
    /// It took place; departments sign, until all have.
    Recorded(Record),
}

/// When and where, and who is asked to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// 1 for the first proposal.
    pub ordinal: u32,
    /// When.
    pub time: DateTime<Utc>,
    /// Where.
    pub place: String,
    /// Who is asked, in the order of their ids; at least one.
    pub invited: Vec<Invited>,
}

/// A department that is asked to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The department.
    pub department: DepartmentId,
    /// What it says.
    pub answer: Answer,
}

/// Whether a department comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has not said.
    Pending,
    /// It comes.
    Confirmed,
    /// It does not come.
    Declined {
        /// Why; never empty.
        reason: String,
    },
}

/// What was found, and who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What the visit was to be, with the answers.
    pub proposal: Proposal,
    /// What was found.
    pub findings: String,
    /// Who wrote the record for the lead.
    pub by: Person,
    /// When it was written.
    pub time: DateTime<Utc>,
    /// Who was there: exactly those who had confirmed.
    pub present: Vec<Presence>,
}

/// A department at the visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The department.
    pub department: DepartmentId,
    /// Names of its staff there; at least two different ones.
    pub staff: Vec<String>,
    /// What it concluded.
    pub signature: Option<Signature>,
}

/// A department's conclusion under the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// In words; may be empty if passed.
    pub text: String,
    /// Who signed.
    pub by: Person,
    /// When.
    pub time: DateTime<Utc>,
}

/// What a department concludes of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// 通过.
    Passed,
    /// 整改后通过.
    PassedWithRectification,
    /// 不通过.
    Failed,
}

/// The lead's wish for a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposeInspection {
    /// When; in the future.
    pub time: DateTime<Utc>,
    /// Where.
    pub place: String,
    /// Who is asked, each once; at least one.
    pub departments: Vec<DepartmentId>,
}

/// Who was there, as the lead writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// The department.
    pub department: DepartmentId,
    /// Names of its staff.
    pub staff: Vec<String>,
}

impl Inspection {
    /// The proposal that led to it.
    pub fn proposal(&self) -> &Proposal {
        match self {
            Inspection::Proposed(proposal) => proposal,
            Inspection::Recorded(record) => &record.proposal,
        }
    }

    /// Every department that was asked.
    pub fn departments(&self) -> impl Iterator<Item = &DepartmentId> {
        self.proposal().invited.iter().map(|invited| &invited.department)
    }

    /// Whether every department present has signed.
    pub fn is_concluded(&self) -> bool {
        matches!(self, Inspection::Recorded(record) if record.is_concluded())
    }

    /// Its state's name on the wire and in the database.
    pub fn code(&self) -> &'static str {
        match self {
            Inspection::Proposed(_) => "PROPOSED",
            Inspection::Recorded(record) if record.is_concluded() => "CONCLUDED",
            Inspection::Recorded(_) => "RECORDED",
        }
    }
}

impl Record {
    fn is_concluded(&self) -> bool {
        self.present.iter().all(|presence| presence.signature.is_some())
    }
}

impl Proposal {
    fn confirmed(&self) -> impl Iterator<Item = &DepartmentId> {
        self.invited.iter().filter(|i| i.answer == Answer::Confirmed).map(|i| &i.department)
    }

    /// Lets a visit pass that everyone has answered and someone comes to.
    fn require_answers(&self) -> Result<()> {
        let pending = list(
            self.invited.iter().filter(|i| i.answer == Answer::Pending).map(|invited| &invited.department),
        );
        let missing = match self.confirmed().next() {
            Some(_) if pending.is_empty() => return Ok(()),
            None if pending.is_empty() => list(self.invited.iter().map(|invited| &invited.department)),
            _ => pending,
        };
        Err(Error::precondition(Reason::InspectionAnswersMissing).with("departments", missing))
    }
}

impl JointApproval {
    /// Whether a grant needs the joint visit: two or more steps have to see the place.
    pub fn inspection_required(&self) -> bool {
        self.tasks.iter().filter(|task| task.site_visit).count() >= VISITS_MAKE_JOINT
    }

    /// Proposes the visit, or another time for it; earlier answers no longer count.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`; `STATE_FORBIDS` once the record is written;
    /// `UNKNOWN_DEPARTMENT` at `departments[…]` for one without a task.
    pub fn propose_inspection(mut self, acting: &Acting, mut propose: ProposeInspection) -> Changed {
        self.require_lead(&acting.department)?;
        self.require_running()?;
        let ordinal = match &self.inspection {
            None => 1,
            Some(Inspection::Proposed(earlier)) => earlier.ordinal.saturating_add(1),
            Some(recorded) => return Err(state_forbids(recorded.code())),
        };
        let mut fields = Fields::new();
        for (at, department) in propose.departments.iter().enumerate() {
            if self.task(department).is_none() {
                fields.add(&format!("departments[{at}]"), Reason::UnknownDepartment);
            }
        }
        fields.finish()?;
        propose.departments.sort();
        let event =
            Event::InspectionProposed { visit_time: propose.time, departments: propose.departments.clone() };
        let invited = propose.departments.into_iter();
        let invited = invited.map(|department| Invited { department, answer: Answer::Pending }).collect();
        let proposal = Proposal { ordinal, time: propose.time, place: propose.place, invited };
        self.inspection = Some(Inspection::Proposed(proposal));
        Ok((self, vec![event]))
    }

    /// Says whether the caller's department comes; it may change its mind until the record is
    /// written.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS`, `NOT_IN_INSPECTION`.
    pub fn answer_inspection(mut self, acting: &Acting, answer: Answer) -> Changed {
        let proposal = self.proposed(acting)?;
        let invited = proposal.invited.iter_mut().find(|invited| invited.department == acting.department);
        invited.ok_or_else(|| Error::precondition(Reason::NotInInspection))?.answer = answer;
        Ok((self, Vec::new()))
    }

    /// Writes the record, from the day of the visit on, once all have answered.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`, `STATE_FORBIDS`, `INSPECTION_NOT_YET`,
    /// `INSPECTION_ANSWERS_MISSING`; `INSPECTION_STAFF` for fewer than two names of a department
    /// (行政许可法 art. 34(3)); faults at `attendance` unless it lists exactly the confirmed.
    pub fn record_inspection(
        mut self,
        acting: &Acting,
        attendance: Vec<Attendance>,
        findings: String,
        now: DateTime<Utc>,
    ) -> Changed {
        self.require_lead(&acting.department)?;
        let proposal = self.proposed(acting)?.clone();
        let day = local_date(proposal.time);
        if local_date(now) < day {
            return Err(Error::precondition(Reason::InspectionNotYet).with("date", day));
        }
        proposal.require_answers()?;
        require_exactly(&attendance, &proposal)?;
        let short = attendance.iter().filter(|at| {
            let mut names: Vec<&String> = at.staff.iter().collect();
            names.sort();
            names.dedup();
            names.len() < MIN_STAFF
        });
        let short = list(short.map(|at| &at.department));
        if !short.is_empty() {
            return Err(Error::precondition(Reason::InspectionStaff).with("departments", short));
        }
        let present = attendance.into_iter();
        let present = present
            .map(|at| Presence { department: at.department, staff: at.staff, signature: None })
            .collect();
        let by = acting.person.clone();
        self.inspection = Some(Inspection::Recorded(Record { proposal, findings, by, time: now, present }));
        Ok((self, Vec::new()))
    }

    /// Signs the caller's department's conclusion under the record, once.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS`, `NOT_IN_INSPECTION`.
    pub fn sign_inspection(mut self, acting: &Acting, signature: Signature) -> Changed {
        self.require_party(&acting.department)?;
        self.require_running()?;
        let record = match &mut self.inspection {
            Some(Inspection::Recorded(record)) => record,
            Some(Inspection::Proposed(_)) => return Err(state_forbids("PROPOSED")),
            None => return Err(no_inspection()),
        };
        let presence = record.present.iter_mut().find(|at| at.department == acting.department);
        let presence = presence.ok_or_else(|| Error::precondition(Reason::NotInInspection))?;
        if presence.signature.is_some() {
            return Err(state_forbids("SIGNED"));
        }
        presence.signature = Some(signature);
        let events = if record.is_concluded() { vec![Event::InspectionConcluded] } else { Vec::new() };
        Ok((self, events))
    }

    fn proposed(&mut self, acting: &Acting) -> Result<&mut Proposal> {
        self.require_party(&acting.department)?;
        self.require_running()?;
        match &mut self.inspection {
            Some(Inspection::Proposed(proposal)) => Ok(proposal),
            Some(recorded) => Err(state_forbids(recorded.code())),
            None => Err(no_inspection()),
        }
    }
}

/// Lets an attendance pass that lists each confirmed department once and no other.
fn require_exactly(attendance: &[Attendance], proposal: &Proposal) -> Result<()> {
    let mut fields = Fields::new();
    for (at, listed) in attendance.iter().enumerate() {
        let field = format!("attendance[{at}].department");
        if !proposal.confirmed().any(|department| *department == listed.department) {
            fields.add(&field, Reason::UnknownValue);
        } else if attendance.iter().take(at).any(|earlier| earlier.department == listed.department) {
            fields.add(&field, Reason::Duplicate);
        }
    }
    let is_listed = |department: &DepartmentId| attendance.iter().any(|at| at.department == *department);
    if !proposal.confirmed().all(is_listed) {
        fields.add("attendance", Reason::Required);
    }
    fields.finish()
}

fn no_inspection() -> Error {
    state_forbids("NO_INSPECTION")
}

#[cfg(test)]
#[path = "inspection_tests.rs"]
mod tests;
