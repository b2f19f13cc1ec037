//! What a department does next in a case. Pure, so that it can be read and tested without a center.

use chrono::{Days, NaiveDate};
use yimen_kernel::date::parse_date;
use yimen_proto::approval::v1::extension::Authority;
use yimen_proto::approval::v1::inspection_party::{Answer, Conclusion};
use yimen_proto::approval::v1::opinion::Kind;
use yimen_proto::approval::v1::{
    JointApproval, SpecialProcedure, Task, joint_approval, site_inspection, task,
};
use yimen_proto::intake::v1::decision::Outcome;

use super::fate::{self, Word};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Opine { kind: Kind, conditions: String, reason: String, materials: Vec<String> },
    HandOn { department: String },
    PutBack { department: String },
    Propose { departments: Vec<String> },
    Answer { confirm: bool },
    Record { departments: Vec<String> },
    Sign { conclusion: Conclusion, text: String },
    Pause { until: NaiveDate },
    Resume { procedure: String },
    Extend { days: u32, authority: Authority },
    Decide { outcome: Outcome, conditions: String, reasons: String },
}

/// What the department knows besides the case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Whether it asked for more material already.
    pub(super) has_returned: bool,
    /// The present day.
    pub(super) today: NaiveDate,
    /// Whether days follow, in which something may take its time.
    pub(super) is_unhurried: bool,
    /// Whether it asked for more time when the limit had ended.
    pub(super) is_too_late: bool,
}

/// Whether a change may have brought something to do.
pub(super) fn concerns(task: &Task) -> bool {
    task.approval_state() == joint_approval::State::Running
        && (task.is_lead || task.site_visit || task.state() == task::State::Open)
}

/// The department's next act; none when it is somebody else's turn.
pub(super) fn next(approval: &JointApproval, me: &str, moment: Moment) -> Option<Act> {
    if approval.state() != joint_approval::State::Running {
        return None;
    }
    let is_lead = approval.lead == me;
    if is_lead && let Some(task) = approval.tasks.iter().find(|task| task.state() == task::State::Returned) {
        let department = task.department.clone();
        let puts_back = fate::puts_back(&approval.number, &department);
        return Some(if puts_back { Act::PutBack { department } } else { Act::HandOn { department } });
    }
    let may_extend = moment.is_unhurried && !moment.is_too_late && approval.extension.is_none();
    if is_lead && may_extend && fate::extends(&approval.number) {
        return Some(extension(approval));
    }
    visit(approval, me, is_lead).or_else(|| opinion(approval, me, moment)).or_else(|| {
        let may_decide = is_lead && is_visited(approval) && open_procedures(approval).next().is_none();
        may_decide.then(|| decision(approval)).flatten()
    })
}

/// What there is to do for the joint visit.
fn visit(approval: &JointApproval, me: &str, is_lead: bool) -> Option<Act> {
    let number = &approval.number;
    let Some(inspection) = &approval.inspection else {
        let departments =
            || approval.tasks.iter().filter(|task| task.site_visit).map(|task| task.department.clone());
        return (is_lead && approval.inspection_required)
            .then(|| Act::Propose { departments: departments().collect() });
    };
    let mine = inspection.parties.iter().find(|party| party.department == me);
    match inspection.state() {
        site_inspection::State::Proposed => {
            if mine.is_some_and(|party| party.answer() == Answer::Pending) {
                // Somebody has to come: the first on the list always does.
                let is_first = inspection.parties.first().is_some_and(|party| party.department == me);
                return Some(Act::Answer { confirm: is_first || !fate::declines_visit(number, me) });
            }
            let answered = inspection.parties.iter().all(|party| party.answer() != Answer::Pending);
            let confirmed = inspection.parties.iter().filter(|party| party.answer() == Answer::Confirmed);
            (is_lead && answered).then(|| Act::Record {
                departments: confirmed.map(|party| party.department.clone()).collect(),
            })
        }
        site_inspection::State::Recorded => {
            let mine = mine.filter(|party| !party.staff.is_empty())?;
            (mine.conclusion() == Conclusion::Unspecified).then(|| {
                if fate::finds_something(number, me) {
                    let text = "标识须在开业前补齐（示例）。".to_owned();
                    Act::Sign { conclusion: Conclusion::PassedWithRectification, text }
                } else {
                    Act::Sign { conclusion: Conclusion::Passed, text: String::new() }
                }
            })
        }
        site_inspection::State::Concluded | site_inspection::State::Unspecified => None,
    }
}

/// Whether the visit is over, or none is needed.
fn is_visited(approval: &JointApproval) -> bool {
    match &approval.inspection {
        Some(inspection) => inspection.state() == site_inspection::State::Concluded,
        None => !approval.inspection_required,
    }
}

/// More time, from whom the law names for so many departments.
fn extension(approval: &JointApproval) -> Act {
    if approval.tasks.len() > 1 {
        Act::Extend { days: 15, authority: Authority::GovernmentHead }
    } else {
        Act::Extend { days: 10, authority: Authority::AgencyHead }
    }
}

/// The special procedures that go on.
pub(super) fn open_procedures(approval: &JointApproval) -> impl Iterator<Item = &SpecialProcedure> {
    approval.procedures.iter().filter(|procedure| procedure.ended_on.is_empty())
}

/// The day on which a review will be over, as its department is.
pub(super) fn over_on(number: &str, procedure: &SpecialProcedure) -> NaiveDate {
    let announced = parse_date(&procedure.until_on).unwrap_or_default();
    announced + Days::new(fate::overrun(number, &procedure.department).into())
}

/// What a review by experts needs, if the department has one; none when its opinion may be given.
fn review(approval: &JointApproval, me: &str, moment: Moment) -> Option<Option<Act>> {
    let number = &approval.number;
    if let Some(open) = open_procedures(approval).find(|procedure| procedure.department == me) {
        let resume = || Act::Resume { procedure: open.procedure.clone() };
        return Some((moment.today >= over_on(number, open)).then(resume));
    }
    let days = fate::review(number, me).filter(|_| moment.is_unhurried)?;
    let is_new = approval.procedures.iter().all(|procedure| procedure.department != me);
    is_new.then(|| Some(Act::Pause { until: moment.today + Days::new(days.into()) }))
}

/// The department's opinion, when it is its turn; who needs to see the place waits for the visit.
fn opinion(approval: &JointApproval, me: &str, moment: Moment) -> Option<Act> {
    let mine = approval.tasks.iter().find(|task| task.department == me)?;
    if mine.state() != task::State::Open || (mine.site_visit && !is_visited(approval)) {
        return None;
    }
    if let Some(what) = review(approval, me, moment) {
        return what;
    }
    let say = |kind, conditions: &str, reason: &str, materials| Act::Opine {
        kind,
        conditions: conditions.to_owned(),
        reason: reason.to_owned(),
        materials,
    };
    let wanted = approval.materials.iter().find(|code| {
        !approval.promised.contains(code) && (mine.relies_on.is_empty() || mine.relies_on.contains(code))
    });
    Some(match (fate::word(&approval.number, me), wanted) {
        (Word::Return, Some(code)) if !moment.has_returned => {
            say(Kind::Return, "", "材料中的日期与申请表不一致，请更正（示例）。", vec![code.clone()])
        }
        (Word::Conditions, _) => {
            say(Kind::ApproveWithConditions, "开业前完成整改并自查（示例）。", "", Vec::new())
        }
        (Word::Object, _) => say(Kind::Object, "", "选址不符合相关规划要求（示例）。", Vec::new()),
        (Word::Approve | Word::Return, _) => say(Kind::Approve, "", "", Vec::new()),
    })
}

/// The lead's decision, when all have spoken and nothing is owed.
fn decision(approval: &JointApproval) -> Option<Act> {
    let kinds: Option<Vec<Kind>> =
        approval.tasks.iter().map(|task| task.opinion.as_ref().map(|opinion| opinion.kind())).collect();
    let kinds = kinds?;
    if kinds.contains(&Kind::Object) {
        let reasons = "有部门不同意，理由见其意见；可依法申请行政复议或者提起行政诉讼（示例）。".to_owned();
        return Some(Act::Decide { outcome: Outcome::Refused, conditions: String::new(), reasons });
    }
    if !approval.promised.is_empty() {
        return None;
    }
    let (outcome, conditions) = if kinds.contains(&Kind::ApproveWithConditions) {
        (Outcome::GrantedWithConditions, "按各部门意见所附条件执行（示例）。")
    } else {
        (Outcome::Granted, "")
    };
    Some(Act::Decide { outcome, conditions: conditions.to_owned(), reasons: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_proto::approval::v1::{InspectionParty, Opinion, SiteInspection};

    const MOMENT: Moment = Moment {
        has_returned: false,
        today: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        is_unhurried: false,
        is_too_late: false,
    };

    /// A case in which both departments approve without more ado.
    fn number() -> String {
        let numbers = (0..1_000_000).map(|serial| format!("43010220261124{serial:06}0"));
        let plain = |number: &String| {
            ["a", "b"].iter().all(|me| {
                fate::word(number, me) == Word::Approve
                    && !fate::declines_visit(number, me)
                    && !fate::finds_something(number, me)
            })
        };
        numbers.into_iter().find(plain).unwrap()
    }

    fn task(department: &str, site_visit: bool) -> Task {
        Task { department: department.into(), state: task::State::Open as i32, site_visit, ..Task::default() }
    }

    fn approval() -> JointApproval {
        JointApproval {
            number: number(),
            lead: "a".into(),
            state: joint_approval::State::Running as i32,
            materials: vec!["plan".into()],
            tasks: vec![task("a", true), task("b", true)],
            inspection_required: true,
            ..JointApproval::default()
        }
    }

    fn opine(approval: &mut JointApproval, kind: Kind) {
        for task in &mut approval.tasks {
            task.state = task::State::Opined as i32;
            task.opinion = Some(Opinion { kind: kind as i32, ..Opinion::default() });
        }
    }

    #[test]
    fn more_time_is_asked_for_once_and_not_too_late() {
        let numbers = (0..1_000_000).map(|serial| format!("43010220261124{serial:06}0"));
        let mut case = approval();
        case.number = numbers.into_iter().find(|number| fate::extends(number)).unwrap();
        let unhurried = Moment { is_unhurried: true, ..MOMENT };
        assert!(matches!(next(&case, "a", unhurried), Some(Act::Extend { days: 15, .. })));
        let too_late = Moment { is_too_late: true, ..unhurried };
        assert!(matches!(next(&case, "a", too_late), Some(Act::Propose { .. })));
    }

    #[test]
    fn a_visit_from_proposal_to_decision() {
        let mut case = approval();
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(next(&case, "b", MOMENT), None, "b waits for the visit");
        assert_eq!(next(&case, "a", MOMENT), Some(Act::Propose { departments: both.clone() }));
        let party = |department: &String| InspectionParty {
            department: department.clone(),
            answer: Answer::Pending as i32,
            ..InspectionParty::default()
        };
        case.inspection = Some(SiteInspection {
            state: site_inspection::State::Proposed as i32,
            parties: both.iter().map(party).collect(),
            ..SiteInspection::default()
        });
        assert_eq!(next(&case, "b", MOMENT), Some(Act::Answer { confirm: true }));
        let inspection = case.inspection.as_mut().unwrap();
        inspection.parties.iter_mut().for_each(|party| party.answer = Answer::Confirmed as i32);
        assert_eq!(next(&case, "b", MOMENT), None);
        assert_eq!(next(&case, "a", MOMENT), Some(Act::Record { departments: both }));
        let inspection = case.inspection.as_mut().unwrap();
        inspection.state = site_inspection::State::Recorded as i32;
        inspection.parties.iter_mut().for_each(|party| party.staff = vec!["甲".into(), "乙".into()]);
        assert!(matches!(next(&case, "b", MOMENT), Some(Act::Sign { .. })));
        case.inspection.as_mut().unwrap().state = site_inspection::State::Concluded as i32;
        assert!(matches!(next(&case, "b", MOMENT), Some(Act::Opine { kind: Kind::Approve, .. })));
        opine(&mut case, Kind::Approve);
        assert_eq!(next(&case, "b", MOMENT), None);
        assert!(matches!(next(&case, "a", MOMENT), Some(Act::Decide { outcome: Outcome::Granted, .. })));
    }

    #[test]
    fn the_decision_follows_the_opinions() {
        let decided = |kind, promised: &[&str]| {
            let mut case = approval();
            case.inspection_required = false;
            case.promised = promised.iter().map(|code| (*code).to_owned()).collect();
            opine(&mut case, kind);
            match next(&case, "a", MOMENT) {
                Some(Act::Decide { outcome, .. }) => Some(outcome),
                None => None,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(decided(Kind::Approve, &[]), Some(Outcome::Granted));
        assert_eq!(decided(Kind::ApproveWithConditions, &[]), Some(Outcome::GrantedWithConditions));
        assert_eq!(decided(Kind::Object, &["plan"]), Some(Outcome::Refused));
        assert_eq!(decided(Kind::Approve, &["plan"]), None, "the applicant owes something");
    }

    #[test]
    fn the_lead_resolves_a_return_first() {
        let mut case = approval();
        case.tasks[1].state = task::State::Returned as i32;
        let act = next(&case, "a", MOMENT);
        assert!(matches!(act, Some(Act::HandOn { .. } | Act::PutBack { .. })), "{act:?}");
        assert_eq!(next(&case, "b", MOMENT), None);
        case.state = joint_approval::State::Withdrawn as i32;
        assert_eq!(next(&case, "a", MOMENT), None);
    }

    #[test]
    fn a_review_is_begun_waited_for_and_ended() {
        let numbers = (0..1_000_000).map(|serial| format!("43010220261124{serial:06}0"));
        let number = numbers
            .into_iter()
            .find(|number| fate::review(number, "b") == Some(4) && fate::overrun(number, "b") == 0)
            .unwrap();
        let mut case = approval();
        (case.number, case.inspection_required) = (number, false);
        case.tasks.iter_mut().for_each(|task| task.site_visit = false);
        let on = |day: &str| Moment { today: day.parse().unwrap(), is_unhurried: true, ..MOMENT };
        let until = "2026-11-28".parse().unwrap();
        assert_eq!(next(&case, "b", on("2026-11-24")), Some(Act::Pause { until }));
        assert!(
            matches!(next(&case, "b", MOMENT), Some(Act::Opine { .. })),
            "on the only day it is done at once"
        );
        case.procedures.push(SpecialProcedure {
            procedure: "p".into(),
            department: "b".into(),
            until_on: "2026-11-28".into(),
            ..SpecialProcedure::default()
        });
        assert_eq!(next(&case, "b", on("2026-11-27")), None);
        assert_eq!(next(&case, "b", on("2026-11-28")), Some(Act::Resume { procedure: "p".into() }));
        case.procedures[0].ended_on = "2026-11-28".into();
        assert!(matches!(next(&case, "b", on("2026-11-28")), Some(Act::Opine { .. })));
    }
}
