//! Which revision brought each material, and what follows when one is replaced.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use yimen_kernel::MaterialCode;

use super::approval::{Event, JointApproval, State};
use super::task::TaskState;

/// The application's materials, as far as opinions depend on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Materials {
    /// The application's material revision.
    pub revision: u32,
    /// Each material.
    pub each: BTreeMap<MaterialCode, Material>,
}

/// One material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Material {
    /// The revision that brought it.
    pub revision: u32,
    /// Promised (容缺后补) and not yet handed in.
    pub promised: bool,
}

impl Materials {
    /// All materials as they were at acceptance.
    pub(super) fn accepted(revision: u32, codes: Vec<MaterialCode>, promised: Vec<MaterialCode>) -> Self {
        let whole = codes.into_iter().map(|code| (code, Material { revision, promised: false }));
        let owed = promised.into_iter().map(|code| (code, Material { revision, promised: true }));
        Materials { revision, each: whole.chain(owed).collect() }
    }

    /// Whether the approval knows this material.
    pub fn knows(&self, code: &MaterialCode) -> bool {
        self.each.contains_key(code)
    }

    /// Promised materials that have not come.
    pub fn promised(&self) -> impl Iterator<Item = &MaterialCode> {
        self.each.iter().filter(|(_, material)| material.promised).map(|(code, _)| code)
    }

    /// Whether `code` came after `revision`.
    pub(super) fn is_newer(&self, code: &MaterialCode, revision: u32) -> bool {
        self.each.get(code).is_some_and(|material| material.revision > revision)
    }

    /// Whether something that `relies_on` names (empty: anything) came after `revision`.
    pub(super) fn is_stale(&self, relies_on: &[MaterialCode], revision: u32) -> bool {
        if relies_on.is_empty() {
            return self.each.values().any(|material| material.revision > revision);
        }
        relies_on.iter().any(|code| self.is_newer(code, revision))
    }

    fn provide(&mut self, code: MaterialCode, revision: u32) {
        let came = Material { revision, promised: false };
        let material = self.each.entry(code).or_insert(came);
        if material.revision < revision {
            *material = came;
        }
    }
}

impl JointApproval {
    /// Notes that the applicant handed in `codes` with `revision`: opinions that relied on what was
    /// replaced are reopened, returns whose materials have all come go back to their departments.
    /// An approval that has ended stays as it is.
    pub fn provide_materials(
        mut self,
        revision: u32,
        codes: Vec<MaterialCode>,
        now: DateTime<Utc>,
    ) -> (Self, Vec<Event>) {
        if self.state != State::Running {
            return (self, Vec::new());
        }
        for code in codes {
            self.materials.provide(code, revision);
        }
        self.materials.revision = self.materials.revision.max(revision);
        let mut events = Vec::new();
        for task in &mut self.tasks {
            let is_answered = match &task.state {
                TaskState::Opined(_) if !task.is_current(&self.materials) => {
                    task.reopened += 1;
                    true
                }
                TaskState::Returned(request) | TaskState::AwaitingMaterial(request) => {
                    request.is_answered(&self.materials)
                }
                _ => false,
            };
            if is_answered {
                events.push(task.open(now));
            }
        }
        (self, events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::*;

    #[test]
    fn a_replaced_material_reopens_who_relied_on_it() {
        let approval = opine_all(opened());
        let (approval, events) = approval.provide_materials(2, codes(&["plan"]), at(5));
        assert_eq!(states(&approval), ["OPEN", "OPINED", "OPEN"], "b relies on another, c on all");
        assert_eq!(events.len(), 2);
        assert_eq!(approval.task(&a()).unwrap().reopened, 1);
        assert_eq!(approval.task(&a()).unwrap().open_time, Some(at(5)));
        assert_eq!(approval.task(&b()).unwrap().reopened, 0);
        assert_eq!(approval.materials.revision, 2);
    }

    #[test]
    fn what_is_not_newer_changes_nothing() {
        let approval = opine_all(opened());
        let (approval, _) = approval.provide_materials(3, codes(&["form"]), at(5));
        let before = opine_all(approval);
        let (after, events) = before.clone().provide_materials(2, codes(&["form"]), at(6));
        assert_eq!((after, events), (before, vec![]));
    }

    #[test]
    fn revisions_in_the_wrong_order_still_reach_their_materials() {
        let (approval, _) = opened().provide_materials(3, codes(&["form"]), at(1));
        let (approval, _) = approval.provide_materials(2, codes(&["plan"]), at(2));
        assert_eq!(approval.materials.revision, 3);
        let revision = |code: &str| approval.materials.each.get(&self::code(code)).unwrap().revision;
        assert_eq!((revision("form"), revision("plan")), (3, 2));
    }

    #[test]
    fn a_promise_is_kept_by_the_material() {
        let promised = |approval: &JointApproval| approval.materials.promised().count();
        assert_eq!(promised(&opened()), 1);
        let (approval, _) = opened().provide_materials(2, codes(&["report"]), at(1));
        assert_eq!(promised(&approval), 0);
    }

    #[test]
    fn a_material_that_was_not_listed_concerns_who_relies_on_all() {
        let (approval, _) = opine_all(opened()).provide_materials(2, codes(&["extra"]), at(1));
        assert_eq!(states(&approval), ["OPINED", "OPINED", "OPEN"]);
        assert!(approval.materials.knows(&code("extra")));
    }

    #[test]
    fn a_return_is_over_when_all_it_asked_for_came() {
        let approval = say(opened(), &a(), wants(&["plan", "report"])).unwrap();
        let (approval, events) = approval.provide_materials(2, codes(&["plan"]), at(2));
        assert_eq!((states(&approval)[0], events.len()), ("RETURNED", 0));
        let (approval, events) = approval.provide_materials(3, codes(&["report"]), at(3));
        assert_eq!((states(&approval)[0], events.len()), ("OPEN", 1));
        assert_eq!(approval.task(&a()).unwrap().reopened, 0, "nothing was replaced under an opinion");
    }

    #[test]
    fn an_ended_approval_stays_as_it_is() {
        for ended in [opened().withdraw(), grant(opine_all(opened_without_promise()))] {
            let after = ended.clone().provide_materials(2, codes(&["plan"]), at(9));
            assert_eq!(after, (ended, vec![]));
        }
    }

    #[test]
    fn the_later_keep_their_opinion_when_the_earlier_is_reopened() {
        let approval = opine_all(opened_in_turn());
        let (approval, _) = approval.provide_materials(2, codes(&["plan"]), at(5));
        assert_eq!(states(&approval), ["OPEN", "OPINED"]);
    }
}
