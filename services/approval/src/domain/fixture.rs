//! A small case that the rules are tried on: departments a, b and c, led by z.

use chrono::{DateTime, Duration, Utc};
use yimen_kernel::deadline::Limit;
use yimen_kernel::{CaseNumber, Clock, DepartmentId, DivisionCode, Error, MaterialCode, Reason};

use super::*;

/// So many hours after 08:00 on 3 March 2026 in China.
pub fn at(hours: i64) -> DateTime<Utc> {
    "2026-03-03T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::hours(hours)
}

pub fn dep(short: &str) -> DepartmentId {
    DepartmentId::parse(&format!("430102-{short}")).unwrap()
}
pub fn a() -> DepartmentId {
    dep("a")
}
pub fn b() -> DepartmentId {
    dep("b")
}
pub fn c() -> DepartmentId {
    dep("c")
}
pub fn lead() -> DepartmentId {
    dep("z")
}

pub fn code(code: &str) -> MaterialCode {
    MaterialCode::parse(code).unwrap()
}
pub fn codes(list: &[&str]) -> Vec<MaterialCode> {
    list.iter().map(|text| code(text)).collect()
}

pub fn acting(department: &DepartmentId) -> Acting {
    let person = Person { id: format!("staff-{department}"), name: "王五".into() };
    Acting { department: department.clone(), person }
}

pub fn step(short: &str, after: &[&str]) -> Step {
    Step {
        department: dep(short),
        limit_days: 5,
        after: after.iter().map(|other| dep(other)).collect(),
        relies_on: Vec::new(),
        site_visit: false,
    }
}

/// Materials form, plan and the promised report, in revision 1.
pub fn opening(steps: Vec<Step>) -> Opening {
    let center = DivisionCode::parse("430102").unwrap();
    Opening {
        case: Case {
            number: CaseNumber::issue(&center, "2026-03-02".parse().unwrap(), 7).unwrap(),
            item: "building-planning-permit".into(),
            item_version: 1,
            item_name_zh: "建设工程规划许可".into(),
            item_name_en: "Building planning permit".into(),
            subject: "某商业楼".into(),
            lead: lead(),
            open_time: at(0),
        },
        limit: Clock::new("2026-03-03".parse().unwrap(), Limit::working(20)),
        steps,
        materials_revision: 1,
        materials: codes(&["form", "plan", "report"]),
        promised: codes(&["report"]),
    }
}

fn parallel() -> Vec<Step> {
    vec![
        Step { relies_on: codes(&["plan"]), ..step("a", &[]) },
        Step { relies_on: codes(&["form"]), ..step("b", &[]) },
        step("c", &[]),
    ]
}

/// a relies on plan, b on form, c on all; the report is promised.
pub fn opened() -> JointApproval {
    JointApproval::open(opening(parallel())).0
}

pub fn opened_without_promise() -> JointApproval {
    JointApproval::open(Opening { promised: vec![], ..opening(parallel()) }).0
}

/// b waits for a; a relies on plan, b on form.
pub fn opened_in_turn() -> JointApproval {
    let steps = vec![
        Step { relies_on: codes(&["plan"]), ..step("a", &[]) },
        Step { relies_on: codes(&["form"]), ..step("b", &["a"]) },
    ];
    JointApproval::open(opening(steps)).0
}

/// a and b need to see the place; nothing is promised.
pub fn opened_with_visits() -> JointApproval {
    let steps = ["a", "b"].into_iter().map(|short| Step { site_visit: true, ..step(short, &[]) }).collect();
    JointApproval::open(Opening { promised: vec![], ..opening(steps) }).0
}

pub fn opened_with_lead_task() -> JointApproval {
    JointApproval::open(opening(vec![step("a", &[]), step("z", &[])])).0
}

pub fn approve() -> Said {
    Said::Opinion(Verdict::Approve { remark: String::new() })
}
pub fn with_conditions() -> Said {
    Said::Opinion(Verdict::ApproveWithConditions { conditions: "围挡".into(), remark: String::new() })
}
pub fn object() -> Said {
    Said::Opinion(Verdict::Object { reason: "退距不足".into() })
}
pub fn wants(materials: &[&str]) -> Said {
    Said::Return { reason: "缺图".into(), materials: codes(materials) }
}

/// The department speaks of the present materials.
pub fn say(approval: JointApproval, who: &DepartmentId, said: Said) -> Result<JointApproval> {
    let revision = approval.materials.revision;
    approval.record_opinion(&acting(who), said, revision, at(1)).map(|(approval, _)| approval)
}

/// Every department approves, in turn.
pub fn opine_all(approval: JointApproval) -> JointApproval {
    let departments: Vec<_> = approval.tasks.iter().map(|task| task.department.clone()).collect();
    departments.iter().fold(approval, |approval, who| say(approval, who, approve()).unwrap())
}

pub fn grant(approval: JointApproval) -> JointApproval {
    let ruling = Ruling::Granted { reasons: String::new() };
    let revision = approval.materials.revision;
    approval.decide(&acting(&lead()), ruling, revision, at(8)).unwrap().0
}

/// A visit on 3 March at 18:00 in China.
pub fn propose(approval: JointApproval, departments: &[DepartmentId]) -> JointApproval {
    let propose =
        ProposeInspection { time: at(10), place: "解放路1号".into(), departments: departments.to_vec() };
    approval.propose_inspection(&acting(&lead()), propose).unwrap().0
}

pub fn signature() -> Signature {
    Signature {
        conclusion: Conclusion::Passed,
        text: String::new(),
        by: Person { id: "staff".into(), name: "王五".into() },
        time: at(12),
    }
}

/// The whole visit, confirmed and signed by all that are asked.
pub fn visit(approval: JointApproval, departments: &[DepartmentId]) -> JointApproval {
    let mut approval = propose(approval, departments);
    for who in departments {
        approval = approval.answer_inspection(&acting(who), Answer::Confirmed).unwrap().0;
    }
    let staff = vec!["张三".to_owned(), "李四".to_owned()];
    let attendance =
        departments.iter().map(|who| Attendance { department: who.clone(), staff: staff.clone() }).collect();
    approval = approval.record_inspection(&acting(&lead()), attendance, "可".into(), at(11)).unwrap().0;
    for who in departments {
        approval = approval.sign_inspection(&acting(who), signature()).unwrap().0;
    }
    approval
}

pub fn states(approval: &JointApproval) -> Vec<&'static str> {
    approval.tasks.iter().map(|task| task.state.code()).collect()
}

pub fn refusal(answer: Changed) -> Reason {
    answer.map(|_| ()).as_ref().map_err(Error::reason).unwrap_err()
}
