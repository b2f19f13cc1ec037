//! The lead's decision.

use chrono::{DateTime, Utc};
use yimen_kernel::{Error, Reason, Result};

use super::Changed;
use super::approval::{Acting, Event, JointApproval, Person, State, list};
use super::opinion::stale_materials;
use super::task::{Kind, Task};

/// What the lead rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// 准予.
    Granted {
        /// May be empty.
        reasons: String,
    },
    /// 附条件准予.
    GrantedWithConditions {
        /// Never empty.
        conditions: String,
        /// May be empty.
        reasons: String,
    },
    /// 不予许可; in writing, with reasons (行政许可法 art. 38).
    Refused {
        /// Never empty.
        reasons: String,
    },
}

impl Ruling {
    /// Its name on the wire and in the database.
    pub fn code(&self) -> &'static str {
        match self {
            Ruling::Granted { .. } => "GRANTED",
            Ruling::GrantedWithConditions { .. } => "GRANTED_WITH_CONDITIONS",
            Ruling::Refused { .. } => "REFUSED",
        }
    }

    /// The lead's conditions, or nothing.
    pub fn conditions(&self) -> &str {
        match self {
            Ruling::GrantedWithConditions { conditions, .. } => conditions,
            Ruling::Granted { .. } | Ruling::Refused { .. } => "",
        }
    }

    /// The lead's reasons, or nothing.
    pub fn reasons(&self) -> &str {
        match self {
            Ruling::Granted { reasons }
            | Ruling::GrantedWithConditions { reasons, .. }
            | Ruling::Refused { reasons } => reasons,
        }
    }
}

/// The decision as it stands for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was ruled.
    pub ruling: Ruling,
    /// The revision of the materials that it rests on.
    pub materials_revision: u32,
    /// Who decided for the lead.
    pub by: Person,
    /// When.
    pub time: DateTime<Utc>,
}

impl JointApproval {
    /// Decides. A refusal needs every opinion, as a grant does, but nothing more.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`, `STATE_FORBIDS`, `PROCEDURE_OPEN`; `STALE_MATERIALS` unless the lead looked at
    /// the present materials; `OPINIONS_MISSING`; for a grant also `OBJECTION_STANDS`,
    /// `CONDITIONS_STAND`, `MATERIALS_OUTSTANDING`, `INSPECTION_OPEN`, `INSPECTION_REQUIRED`.
    pub fn decide(
        mut self,
        acting: &Acting,
        ruling: Ruling,
        materials_revision: u32,
        now: DateTime<Utc>,
    ) -> Changed {
        self.require_lead(&acting.department)?;
        self.require_running()?;
        self.require_no_procedure(None)?;
        if materials_revision != self.materials.revision {
            return Err(stale_materials(self.materials.revision));
        }
        self.require_none(Reason::OpinionsMissing, |task| !task.is_current(&self.materials))?;
        if !matches!(ruling, Ruling::Refused { .. }) {
            self.require_grantable(&ruling)?;
        }
        let decision = Decision { ruling, materials_revision, by: acting.person.clone(), time: now };
        self.state = State::Decided(decision.clone());
        Ok((self, vec![Event::Decided(decision)]))
    }

    fn require_grantable(&self, ruling: &Ruling) -> Result<()> {
        let says = |task: &Task, kind| task.standing().is_some_and(|standing| standing.kind == kind);
        self.require_none(Reason::ObjectionStands, |task| says(task, Kind::Object))?;
        if matches!(ruling, Ruling::Granted { .. }) {
            self.require_none(Reason::ConditionsStand, |task| says(task, Kind::ApproveWithConditions))?;
        }
        let owed = list(self.materials.promised());
        if !owed.is_empty() {
            return Err(Error::precondition(Reason::MaterialsOutstanding).with("materials", owed));
        }
        match &self.inspection {
            Some(inspection) if !inspection.is_concluded() => {
                Err(Error::precondition(Reason::InspectionOpen))
            }
            None if self.inspection_required() => Err(Error::precondition(Reason::InspectionRequired)),
            _ => Ok(()),
        }
    }

    /// Refuses with the departments whose tasks are in the way, if there are any.
    fn require_none(&self, reason: Reason, is_in_the_way: impl Fn(&Task) -> bool) -> Result<()> {
        let departments =
            list(self.tasks.iter().filter(|task| is_in_the_way(task)).map(|task| &task.department));
        if departments.is_empty() {
            return Ok(());
        }
        Err(Error::precondition(reason).with("departments", departments))
    }
}

#[cfg(test)]
mod tests {
    use yimen_kernel::{DepartmentId, Reason};

    use super::super::fixture::*;
    use super::super::*;

    fn decide(approval: JointApproval, who: &DepartmentId, ruling: Ruling, revision: u32) -> Changed {
        approval.decide(&acting(who), ruling, revision, at(20))
    }

    fn granted() -> Ruling {
        Ruling::Granted { reasons: String::new() }
    }

    fn conditional() -> Ruling {
        Ruling::GrantedWithConditions { conditions: "夜间禁止施工".into(), reasons: String::new() }
    }

    fn refused() -> Ruling {
        Ruling::Refused { reasons: "不符合规划".into() }
    }

    #[test]
    fn a_grant_with_everything_in() {
        let (approval, events) = decide(opine_all(opened_without_promise()), &lead(), granted(), 1).unwrap();
        let State::Decided(decision) = &approval.state else { panic!("{:?}", approval.state) };
        assert_eq!(decision.ruling, granted());
        assert_eq!(events, [Event::Decided(decision.clone())]);
        assert!(!approval.awaits_decision());
        assert_eq!(refusal(decide(approval, &lead(), refused(), 1)), Reason::StateForbids);
    }

    #[test]
    fn what_stands_in_the_way() {
        let clear = || opine_all(opened_without_promise());
        let objected = || say(clear(), &a(), object()).unwrap();
        let conditions = || say(clear(), &a(), with_conditions()).unwrap();
        let returned = || say(clear(), &a(), wants(&["plan"])).unwrap();
        let proposed = || propose(clear(), &[a()]);
        let visits = || opine_all(opened_with_visits());
        let cases = [
            ("not all opined", opened_without_promise(), granted(), Reason::OpinionsMissing),
            ("nor for a refusal", opened_without_promise(), refused(), Reason::OpinionsMissing),
            ("returned", returned(), refused(), Reason::OpinionsMissing),
            ("objection", objected(), granted(), Reason::ObjectionStands),
            ("objection, conditional grant", objected(), conditional(), Reason::ObjectionStands),
            ("conditions", conditions(), granted(), Reason::ConditionsStand),
            ("promise", opine_all(opened()), granted(), Reason::MaterialsOutstanding),
            ("visit under way", proposed(), granted(), Reason::InspectionOpen),
            ("visit needed", visits(), granted(), Reason::InspectionRequired),
            ("visit needed and proposed", propose(visits(), &[a()]), granted(), Reason::InspectionOpen),
        ];
        for (name, approval, ruling, reason) in cases {
            assert_eq!(refusal(decide(approval, &lead(), ruling, 1)), reason, "{name}");
        }
        for (name, approval, ruling) in [
            ("conditions are taken up", conditions(), conditional()),
            ("the lead may set its own", clear(), conditional()),
            ("refused over an objection", objected(), refused()),
            ("refused with a promise open", opine_all(opened()), refused()),
            ("refused with a visit open", proposed(), refused()),
            ("refused without a visit", visits(), refused()),
            ("granted after the visit", visit(visits(), &[a(), b()]), granted()),
        ] {
            assert!(decide(approval, &lead(), ruling, 1).is_ok(), "{name}");
        }
    }

    #[test]
    fn missing_departments_are_named() {
        let approval = say(opened_without_promise(), &b(), approve()).unwrap();
        let error = decide(approval, &lead(), granted(), 1).unwrap_err();
        assert_eq!(error.metadata()["departments"], format!("{}, {}", a(), c()));
    }

    #[test]
    fn only_the_lead_and_only_of_the_present_materials() {
        let clear = || opine_all(opened_without_promise());
        assert_eq!(refusal(decide(clear(), &a(), granted(), 1)), Reason::NotTheLead);
        assert_eq!(refusal(decide(clear(), &dep("x"), granted(), 1)), Reason::NotAParty);
        for revision in [0, 2] {
            assert_eq!(refusal(decide(clear(), &lead(), granted(), revision)), Reason::StaleMaterials);
        }
    }
}
