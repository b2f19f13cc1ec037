//! Time that is not counted, and time that is added: special procedures (特别程序, 行政许可法 art. 45) and the
//! extension (延长, art. 42). The clocks themselves are supervision's; here is what may be done to them.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::{self, Authority, Ground, Suspension, Which};
use yimen_kernel::{Calendar, DepartmentId, Error, Reason, Result};

use super::Changed;
use super::approval::{Acting, Event, JointApproval, Person, list};

/// A time that is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub department: DepartmentId,
    /// Why the time is not counted.
    pub ground: Ground,
    /// What it is for, as the applicant is told.
    pub reason: String,
    /// The first day that is not counted.
    pub from: NaiveDate,
    /// The last day, as announced.
    pub until: NaiveDate,
    /// Who began it.
    pub by: Person,
    /// The last day that was not counted; none while it goes on.
    pub ended_on: Option<NaiveDate>,
}

/// The wish to begin one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartProcedure {
    /// Its id.
    pub id: Uuid,
    /// Why the time is not to be counted.
    pub ground: Ground,
    /// What it is for.
    pub reason: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
}

/// An extension as it was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// How many working days, and by which authority.
    pub granted: deadline::Extension,
    /// Who approved it, by name.
    pub approver: String,
    /// Why; the applicant is told.
    pub reason: String,
    /// When it was entered.
    pub time: DateTime<Utc>,
}

/// The wish to extend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendLimit {
    /// Working days.
    pub days: u32,
    /// Who approved.
    pub authority: Authority,
    /// By name.
    pub approver: String,
    /// Why.
    pub reason: String,
}

impl Procedure {
    fn is_open(&self) -> bool {
        self.ended_on.is_none()
    }

    /// As the statutory clock sees it: the written notice follows it.
    fn suspension(&self) -> Suspension {
        Suspension {
            ground: self.ground.clone(),
            document: self.id.to_string(),
            from: self.from,
            to: self.ended_on,
        }
    }
}

impl JointApproval {
    /// Begins a special procedure of the caller's department, today or later.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS`, `PROCEDURE_ALREADY_OPEN`; `BACK_DATED` at `from_on`,
    /// `ENDS_BEFORE_IT_BEGINS` at `until_on`.
    pub fn start_procedure(mut self, acting: &Acting, start: StartProcedure, now: DateTime<Utc>) -> Changed {
        self.require_party(&acting.department)?;
        self.require_running()?;
        if self.open_procedures().any(|open| open.department == acting.department) {
            return Err(Error::precondition(Reason::ProcedureAlreadyOpen));
        }
        let (from, until) = (start.from, start.until);
        let today = local_date(now);
        Suspension::enter(start.ground.clone(), String::new(), from, Some(until), today).map_err(
            |fault| {
                let field = if fault.reason == Reason::BackDated { "from_on" } else { "until_on" };
                Error::invalid(vec![fault.at(field)])
            },
        )?;
        let procedure = Procedure {
            id: start.id,
            department: acting.department.clone(),
            ground: start.ground,
            reason: start.reason,
            from,
            until,
            by: acting.person.clone(),
            ended_on: None,
        };
        self.procedures.push(procedure.clone());
        Ok((self, vec![Event::ProcedureStarted(procedure)]))
    }

    /// Ends a special procedure of the caller's department: today is its last day. One that has not begun
    /// yet takes no day.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS`, `UNKNOWN_PROCEDURE`.
    pub fn end_procedure(mut self, acting: &Acting, id: Uuid, now: DateTime<Utc>) -> Changed {
        self.require_party(&acting.department)?;
        self.require_running()?;
        let today = local_date(now);
        let is_it =
            |one: &&mut Procedure| one.id == id && one.department == acting.department && one.is_open();
        let procedure = self.procedures.iter_mut().find(is_it);
        let procedure = procedure.ok_or_else(|| Error::not_found(Reason::ProcedureUnknown))?;
        let eve = procedure.from.pred_opt().unwrap_or(procedure.from);
        let ended_on = today.max(eve);
        procedure.ended_on = Some(ended_on);
        Ok((self, vec![Event::ProcedureEnded { id, ended_on }]))
    }

    /// Extends the limit, once and before it has passed (art. 42).
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `NOT_THE_LEAD`, `STATE_FORBIDS`, `ALREADY_EXTENDED`, `LIMIT_EXPIRED`;
    /// `WRONG_AUTHORITY` at `authority`, `OUT_OF_RANGE` at `days`.
    pub fn extend(
        mut self,
        acting: &Acting,
        extend: ExtendLimit,
        calendar: &Calendar,
        now: DateTime<Utc>,
    ) -> Changed {
        self.require_lead(&acting.department)?;
        self.require_running()?;
        let granted = deadline::Extension::checked(extend.days, extend.authority, self.tasks.len());
        let granted = granted.map_err(|fault| {
            let field = if fault.reason == Reason::WrongAuthority { "authority" } else { "days" };
            Error::invalid(vec![fault.at(field)])
        })?;
        let stops: Vec<Suspension> = self.procedures.iter().map(Procedure::suspension).collect();
        let before = self.extension.as_ref().map(|extension| extension.granted);
        let clock = self.limit.clone().suspended(Which::Statutory, &stops).extended(before);
        clock.extend(granted, calendar, local_date(now))?;
        let extension = Extension { granted, approver: extend.approver, reason: extend.reason, time: now };
        self.extension = Some(extension.clone());
        Ok((self, vec![Event::Extended(extension)]))
    }

    /// The special procedures that go on.
    fn open_procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.iter().filter(|procedure| procedure.is_open())
    }

    /// Nobody decides, and a department says nothing, while what it waits for goes on.
    pub(super) fn require_no_procedure(&self, of: Option<&DepartmentId>) -> Result<()> {
        let open =
            self.open_procedures().filter(|open| of.is_none_or(|department| open.department == *department));
        let departments = list(open.map(|open| &open.department));
        if departments.is_empty() {
            return Ok(());
        }
        Err(Error::precondition(Reason::ProcedureOpen).with("departments", departments))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::*;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn review(from: &str, until: &str) -> StartProcedure {
        StartProcedure {
            id: Uuid::nil(),
            ground: Ground::ExpertReview,
            reason: "方案评审".into(),
            from: day(from),
            until: day(until),
        }
    }

    fn extension(days: u32, authority: Authority) -> ExtendLimit {
        ExtendLimit { days, authority, approver: "李区长".into(), reason: "方案复杂".into() }
    }

    #[test]
    fn p14_a_procedure_is_announced_ahead_and_ends_on_the_day() {
        let (started, events) =
            opened().start_procedure(&acting(&a()), review("2026-03-03", "2026-03-13"), at(1)).unwrap();
        assert!(matches!(&events[..], [Event::ProcedureStarted(one)] if one.department == a()));
        let again = started.clone().start_procedure(&acting(&a()), review("2026-03-03", "2026-03-13"), at(1));
        assert_eq!(refusal(again), Reason::ProcedureAlreadyOpen);
        let other = started.clone().end_procedure(&acting(&b()), Uuid::nil(), at(2));
        assert_eq!(refusal(other), Reason::ProcedureUnknown, "it is another department's");
        let (ended, events) = started.end_procedure(&acting(&a()), Uuid::nil(), at(24 * 3)).unwrap();
        assert_eq!(events, [Event::ProcedureEnded { id: Uuid::nil(), ended_on: day("2026-03-06") }]);
        assert_eq!(
            refusal(ended.end_procedure(&acting(&a()), Uuid::nil(), at(99))),
            Reason::ProcedureUnknown
        );
    }

    #[test]
    fn it_is_never_back_dated() {
        let field = |from, until| {
            let error = opened().start_procedure(&acting(&a()), review(from, until), at(1)).unwrap_err();
            (error.fields()[0].field.clone(), error.fields()[0].reason)
        };
        assert_eq!(field("2026-03-02", "2026-03-13"), ("from_on".into(), Reason::BackDated));
        assert_eq!(field("2026-03-04", "2026-03-03"), ("until_on".into(), Reason::EndsBeforeItBegins));
    }

    #[test]
    fn one_that_has_not_begun_takes_no_day() {
        let start = review("2026-03-10", "2026-03-13");
        let (started, _) = opened().start_procedure(&acting(&a()), start, at(1)).unwrap();
        let (ended, _) = started.end_procedure(&acting(&a()), Uuid::nil(), at(2)).unwrap();
        assert_eq!(ended.procedures[0].ended_on, Some(day("2026-03-09")));
    }

    #[test]
    fn nobody_decides_while_it_goes_on() {
        let start = review("2026-03-03", "2026-03-13");
        let approval = opine_all(opened_without_promise());
        let (approval, _) = approval.start_procedure(&acting(&lead()), start.clone(), at(1)).unwrap();
        let granted = Ruling::Granted { reasons: String::new() };
        let decided = approval.clone().decide(&acting(&lead()), granted, 1, at(2));
        assert_eq!(refusal(decided), Reason::ProcedureOpen);
        let (own, _) = opened().start_procedure(&acting(&a()), start, at(1)).unwrap();
        assert_eq!(
            refusal(own.clone().record_opinion(&acting(&a()), approve(), 1, at(2))),
            Reason::ProcedureOpen
        );
        assert!(own.record_opinion(&acting(&b()), approve(), 1, at(2)).is_ok(), "the others go on");
    }

    /// 20 working days from 3 March 2026 end on 31 March; three departments decide.
    #[test]
    fn p12_several_departments_need_the_head_of_government() {
        let calendar = Calendar::published().unwrap();
        let extend = |approval: JointApproval, wish, hours| {
            approval.extend(&acting(&lead()), wish, &calendar, at(hours))
        };
        let (extended, _) = extend(opened(), extension(15, Authority::GovernmentHead), 1).unwrap();
        assert_eq!(
            refusal(extend(extended, extension(1, Authority::GovernmentHead), 2)),
            Reason::AlreadyExtended
        );
        let wrong = extend(opened(), extension(5, Authority::AgencyHead), 1).unwrap_err();
        assert_eq!(wrong.fields()[0].reason, Reason::WrongAuthority);
        let late = extension(5, Authority::GovernmentHead);
        assert!(extend(opened(), late.clone(), 24 * 28).is_ok(), "the last day");
        assert_eq!(refusal(extend(opened(), late, 24 * 29)), Reason::LimitExpired);
        let department =
            opened().extend(&acting(&a()), extension(5, Authority::GovernmentHead), &calendar, at(1));
        assert_eq!(refusal(department), Reason::NotTheLead);
    }
}
