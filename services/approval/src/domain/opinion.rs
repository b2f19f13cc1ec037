//! Departments speak; the lead resolves what they return.

use chrono::{DateTime, NaiveDate, Utc};
use yimen_kernel::{Error, Reason};

use super::Changed;
use super::approval::{Acting, Event, JointApproval, list, state_forbids};
use super::task::{Given, Opinion, Return, Said, TaskState};

/// What the lead does with a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveReturn {
    /// Whose return.
    pub department: yimen_kernel::DepartmentId,
    /// What is done.
    pub resolution: Resolution,
}

/// The two ways to resolve a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Handed on to the applicant.
    Forward {
        /// By when the applicant should answer.
        due_on: NaiveDate,
        /// A remark; may be empty.
        note: String,
    },
    /// Put back to the department.
    PutBack {
        /// Why; never empty.
        note: String,
    },
}

impl JointApproval {
    /// Records what the caller's department says of the materials in `materials_revision`. An
    /// opinion replaces the department's earlier one and lets those go on who waited for it; a
    /// return waits for the lead, while all others go on.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `TASK_WAITING`, `STATE_FORBIDS`, `PROCEDURE_OPEN`; `STALE_MATERIALS` if a material that it
    /// relies on or asks for is newer than what was looked at, or the revision is not known here
    /// yet; `MATERIAL_UNKNOWN` at `materials[…]`.
    pub fn record_opinion(
        mut self,
        acting: &Acting,
        said: Said,
        materials_revision: u32,
        now: DateTime<Utc>,
    ) -> Changed {
        self.require_party(&acting.department)?;
        self.require_running()?;
        let task = self.task(&acting.department).ok_or_else(|| Error::denied(Reason::NotAParty))?;
        match task.state {
            TaskState::Open | TaskState::Opined(_) => {}
            TaskState::Waiting => {
                let is_missing =
                    |department: &&_| self.task(department).is_some_and(|t| t.opinion().is_none());
                let missing = list(task.after.iter().filter(is_missing));
                return Err(Error::precondition(Reason::TaskWaiting).with("departments", missing));
            }
            TaskState::Returned(_) | TaskState::AwaitingMaterial(_) | TaskState::Closed => {
                return Err(state_forbids(task.state.code()));
            }
        }
        self.require_no_procedure(Some(&acting.department))?;
        if let Said::Return { materials, .. } = &said {
            self.require_known("materials", materials)?;
        }
        let asked_is_newer = match &said {
            Said::Return { materials, .. } => {
                materials.iter().any(|code| self.materials.is_newer(code, materials_revision))
            }
            Said::Opinion(_) => false,
        };
        if asked_is_newer
            || materials_revision > self.materials.revision
            || self.materials.is_stale(&task.relies_on, materials_revision)
        {
            return Err(stale_materials(self.materials.revision));
        }

        let task = self.task_mut(&acting.department)?;
        task.spoken += 1;
        let given = Given { sequence: task.spoken, materials_revision, by: acting.person.clone(), time: now };
        let is_opinion = matches!(said, Said::Opinion(_));
        task.state = match said {
            Said::Opinion(verdict) => TaskState::Opined(Opinion { verdict, given }),
            Said::Return { reason, materials } => TaskState::Returned(Return { reason, materials, given }),
        };
        let mut events = Vec::new();
        if let Some(standing) = task.standing() {
            events.push(Event::OpinionRecorded {
                department: acting.department.clone(),
                kind: standing.kind,
                materials_revision,
                sequence: standing.given.sequence,
            });
        }
        if is_opinion {
            events.extend(self.open_whose_turn_came(now));
        }
        Ok((self, events))
    }

    fn open_whose_turn_came(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let opined: Vec<_> = self
            .tasks
            .iter()
            .filter(|task| task.opinion().is_some())
            .map(|task| task.department.clone())
            .collect();
        self.tasks
            .iter_mut()
            .filter(|task| task.state == TaskState::Waiting && task.after.iter().all(|d| opined.contains(d)))
            .map(|task| task.open(now))
            .collect()
    }

    /// Hands a return on to the applicant, or puts it back to its department.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`, `STATE_FORBIDS`; `UNKNOWN_DEPARTMENT` at `department`.
    pub fn resolve_return(mut self, acting: &Acting, resolve: ResolveReturn, now: DateTime<Utc>) -> Changed {
        self.require_lead(&acting.department)?;
        self.require_running()?;
        if self.task(&resolve.department).is_none() {
            return Err(Error::field("department", Reason::UnknownDepartment));
        }
        let task = self.task_mut(&resolve.department)?;
        let TaskState::Returned(request) = &task.state else {
            return Err(state_forbids(task.state.code()));
        };
        let event = match resolve.resolution {
            Resolution::PutBack { .. } => task.open(now),
            Resolution::Forward { due_on, .. } => {
                let request = request.clone();
                let event = Event::MaterialsReturned {
                    department: resolve.department,
                    materials: request.materials.clone(),
                    reason: request.reason.clone(),
                    due_on,
                };
                task.state = TaskState::AwaitingMaterial(request);
                event
            }
        };
        Ok((self, vec![event]))
    }
}

/// The refusal of what was said or decided of other materials than the present ones.
pub(super) fn stale_materials(revision: u32) -> Error {
    Error::aborted(Reason::StaleMaterials).with("materials_revision", revision)
}

#[cfg(test)]
mod tests {
    use yimen_kernel::{DepartmentId, Reason};

    use super::super::fixture::*;
    use super::super::*;

    #[test]
    fn opinions_come_in_any_order() {
        let approval = say(opened(), &c(), object()).unwrap();
        assert_eq!(states(&approval), ["OPEN", "OPEN", "OPINED"]);
        let approval = say(say(approval, &a(), approve()).unwrap(), &b(), with_conditions()).unwrap();
        assert!(approval.awaits_decision());
    }

    #[test]
    fn an_opinion_is_told_and_opens_who_waited() {
        let (approval, events) = opened_in_turn().record_opinion(&acting(&a()), object(), 1, at(2)).unwrap();
        assert_eq!(
            events,
            [
                Event::OpinionRecorded {
                    department: a(),
                    kind: Kind::Object,
                    materials_revision: 1,
                    sequence: 1,
                },
                Event::TaskOpened { department: b(), limit_days: 5, sequence: 1 },
            ]
        );
        assert_eq!(approval.task(&b()).unwrap().open_time, Some(at(2)));
    }

    #[test]
    fn a_waiting_task_names_whom_it_waits_for() {
        let error = say(opened_in_turn(), &b(), approve()).unwrap_err();
        assert_eq!(error.reason(), Reason::TaskWaiting);
        assert_eq!(error.metadata()["departments"], a().to_string());
    }

    #[test]
    fn a_return_opens_nobody() {
        let approval = say(opened_in_turn(), &a(), wants(&["plan"])).unwrap();
        assert_eq!(states(&approval), ["RETURNED", "WAITING"]);
    }

    #[test]
    fn an_opinion_is_replaced_and_counted() {
        let approval = say(say(opened(), &a(), approve()).unwrap(), &a(), object()).unwrap();
        let opinion = approval.task(&a()).unwrap().opinion().unwrap();
        assert_eq!(opinion.given.sequence, 2);
        assert_eq!(opinion.standing().kind, Kind::Object);
    }

    #[test]
    fn who_may_not_speak() {
        let cases: [(JointApproval, DepartmentId, Reason); 5] = [
            (opened(), dep("x"), Reason::NotAParty),
            (opened(), lead(), Reason::NotAParty),
            (opened().withdraw(), a(), Reason::StateForbids),
            (grant(opine_all(opened_without_promise())), a(), Reason::StateForbids),
            (say(opened(), &a(), wants(&["plan"])).unwrap(), a(), Reason::StateForbids),
        ];
        for (at, (approval, who, reason)) in cases.into_iter().enumerate() {
            assert_eq!(say(approval, &who, approve()).unwrap_err().reason(), reason, "case {at}");
        }
    }

    #[test]
    fn an_opinion_binds_to_what_was_looked_at() {
        let (approval, _) = opened().provide_materials(2, codes(&["plan"]), at(1));
        for (who, said, revision, fits) in [
            (a(), approve(), 1, false),
            (a(), approve(), 2, true),
            (a(), approve(), 3, false),
            (b(), approve(), 1, true),
            (b(), approve(), 0, false),
            (b(), wants(&["report"]), 1, true),
            (b(), wants(&["plan"]), 1, false),
            (c(), approve(), 1, false),
        ] {
            let answer = approval.clone().record_opinion(&acting(&who), said, revision, at(2));
            match answer {
                Ok(_) => assert!(fits, "{who} at {revision}"),
                Err(error) => {
                    assert_eq!(error.reason(), Reason::StaleMaterials);
                    assert!(!fits, "{who} at {revision}");
                }
            }
        }
    }

    #[test]
    fn a_return_asks_for_known_materials() {
        let error = say(opened(), &a(), wants(&["plan", "nothing"])).unwrap_err();
        assert_eq!(error.fields()[0].field, "materials[1]");
        assert_eq!(error.fields()[0].reason, Reason::MaterialUnknown);
    }

    fn resolve(
        approval: JointApproval,
        who: &DepartmentId,
        whose: &DepartmentId,
        resolution: Resolution,
    ) -> Changed {
        let resolve = ResolveReturn { department: whose.clone(), resolution };
        approval.resolve_return(&acting(who), resolve, at(3))
    }

    fn forward() -> Resolution {
        Resolution::Forward { due_on: "2026-03-10".parse().unwrap(), note: String::new() }
    }

    fn put_back() -> Resolution {
        Resolution::PutBack { note: "已有".into() }
    }

    #[test]
    fn the_lead_hands_a_return_on() {
        let approval = say(opened(), &a(), wants(&["plan"])).unwrap();
        let (approval, events) = resolve(approval, &lead(), &a(), forward()).unwrap();
        assert_eq!(states(&approval), ["AWAITING_MATERIAL", "OPEN", "OPEN"]);
        let [Event::MaterialsReturned { department, materials, .. }] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!((department, materials), (&a(), &codes(&["plan"])));
        let (approval, _) = approval.provide_materials(2, codes(&["plan"]), at(4));
        assert_eq!(states(&approval)[0], "OPEN");
    }

    #[test]
    fn the_lead_puts_a_return_back() {
        let approval = say(opened(), &a(), wants(&["plan"])).unwrap();
        let (approval, events) = resolve(approval, &lead(), &a(), put_back()).unwrap();
        assert_eq!(states(&approval)[0], "OPEN");
        assert_eq!(events, [Event::TaskOpened { department: a(), limit_days: 5, sequence: 2 }]);
        assert_eq!(approval.task(&a()).unwrap().reopened, 0);
    }

    #[test]
    fn a_lead_with_a_task_resolves_its_own_return() {
        let approval = opened_with_lead_task();
        let approval = say(approval, &lead(), wants(&["plan"])).unwrap();
        let (approval, _) = resolve(approval, &lead(), &lead(), forward()).unwrap();
        assert_eq!(approval.task(&lead()).unwrap().state.code(), "AWAITING_MATERIAL");
    }

    #[test]
    fn what_cannot_be_resolved() {
        let returned = || say(opened(), &a(), wants(&["plan"])).unwrap();
        let forwarded = resolve(returned(), &lead(), &a(), forward()).unwrap().0;
        for (approval, who, whose, reason) in [
            (returned(), a(), a(), Reason::NotTheLead),
            (returned(), dep("x"), a(), Reason::NotAParty),
            (returned(), lead(), b(), Reason::StateForbids),
            (returned(), lead(), dep("x"), Reason::InvalidRequest),
            (returned().withdraw(), lead(), a(), Reason::StateForbids),
            (forwarded, lead(), a(), Reason::StateForbids),
        ] {
            assert_eq!(refusal(resolve(approval, &who, &whose, put_back())), reason);
        }
    }
}
