use yimen_kernel::Reason;

use super::super::fixture::*;
use super::super::*;

fn proposal(departments: &[DepartmentId]) -> ProposeInspection {
    ProposeInspection { time: at(10), place: "解放路1号".into(), departments: departments.to_vec() }
}

use yimen_kernel::DepartmentId;

fn answered(approval: JointApproval, who: &DepartmentId, answer: Answer) -> JointApproval {
    approval.answer_inspection(&acting(who), answer).unwrap().0
}

fn declined() -> Answer {
    Answer::Declined { reason: "另有任务".into() }
}

fn two(department: &DepartmentId) -> Attendance {
    staffed(department, &["张三", "李四"])
}

fn staffed(department: &DepartmentId, staff: &[&str]) -> Attendance {
    Attendance { department: department.clone(), staff: staff.iter().map(ToString::to_string).collect() }
}

fn record(approval: JointApproval, attendance: Vec<Attendance>) -> Changed {
    approval.record_inspection(&acting(&lead()), attendance, "符合要求".into(), at(11))
}

fn state(approval: &JointApproval) -> &'static str {
    approval.inspection.as_ref().map_or("", Inspection::code)
}

#[test]
fn required_from_two_steps_on() {
    assert!(!opened().inspection_required());
    assert!(opened_with_visits().inspection_required());
}

#[test]
fn a_visit_from_proposal_to_conclusion() {
    let (approval, events) =
        opened().propose_inspection(&acting(&lead()), proposal(&[a(), b(), c()])).unwrap();
    assert_eq!(events, [Event::InspectionProposed { visit_time: at(10), departments: vec![a(), b(), c()] }]);
    let approval = answered(approval, &a(), declined());
    let approval = answered(approval, &a(), Answer::Confirmed);
    let approval = answered(answered(approval, &b(), Answer::Confirmed), &c(), declined());
    let (approval, _) = record(approval, vec![two(&b()), two(&a())]).unwrap();
    assert_eq!(state(&approval), "RECORDED");
    let (approval, events) = approval.sign_inspection(&acting(&a()), signature()).unwrap();
    assert!(events.is_empty());
    let (approval, events) = approval.sign_inspection(&acting(&b()), signature()).unwrap();
    assert_eq!(events, [Event::InspectionConcluded]);
    assert_eq!(state(&approval), "CONCLUDED");
}

#[test]
fn a_new_proposal_starts_over() {
    let approval = answered(propose(opened(), &[a(), b()]), &a(), Answer::Confirmed);
    let approval = propose(approval, &[a()]);
    let proposal = approval.inspection.as_ref().unwrap().proposal();
    assert_eq!(proposal.ordinal, 2);
    assert_eq!(proposal.invited, [Invited { department: a(), answer: Answer::Pending }]);
}

#[test]
fn what_cannot_be_proposed() {
    let concluded = visit(opened(), &[a()]);
    for (approval, who, departments, reason) in [
        (opened(), a(), vec![a()], Reason::NotTheLead),
        (opened(), dep("x"), vec![a()], Reason::NotAParty),
        (opened(), lead(), vec![a(), dep("x")], Reason::InvalidRequest),
        (opened(), lead(), vec![lead()], Reason::InvalidRequest),
        (opened().withdraw(), lead(), vec![a()], Reason::StateForbids),
        (concluded, lead(), vec![a()], Reason::StateForbids),
    ] {
        let answer = approval.propose_inspection(&acting(&who), proposal(&departments));
        assert_eq!(refusal(answer), reason);
    }
}

#[test]
fn who_cannot_answer() {
    for (approval, who, reason) in [
        (opened(), a(), Reason::StateForbids),
        (propose(opened(), &[a()]), b(), Reason::NotInInspection),
        (propose(opened(), &[a()]), dep("x"), Reason::NotAParty),
        (visit(opened(), &[a()]), a(), Reason::StateForbids),
    ] {
        assert_eq!(refusal(approval.answer_inspection(&acting(&who), Answer::Confirmed)), reason);
    }
}

#[test]
fn a_record_waits_for_answers() {
    let proposed = || propose(opened(), &[a(), b()]);
    let missing = |approval| {
        let error = record(approval, vec![two(&a())]).unwrap_err();
        assert_eq!(error.reason(), Reason::InspectionAnswersMissing);
        error.metadata()["departments"].clone()
    };
    assert_eq!(missing(answered(proposed(), &a(), Answer::Confirmed)), b().to_string());
    let nobody = answered(answered(proposed(), &a(), declined()), &b(), declined());
    assert_eq!(missing(nobody), format!("{}, {}", a(), b()), "someone has to come");
}

#[test]
fn a_record_lists_exactly_the_confirmed_with_two_names_each() {
    let ready = || {
        let approval = answered(propose(opened(), &[a(), b(), c()]), &a(), Answer::Confirmed);
        answered(answered(approval, &b(), Answer::Confirmed), &c(), declined())
    };
    for (attendance, reason) in [
        (vec![], Reason::InvalidRequest),
        (vec![two(&a())], Reason::InvalidRequest),
        (vec![two(&a()), two(&b()), two(&c())], Reason::InvalidRequest),
        (vec![two(&a()), two(&b()), two(&b())], Reason::InvalidRequest),
        (vec![two(&a()), staffed(&b(), &["王五"])], Reason::InspectionStaff),
        (vec![two(&a()), staffed(&b(), &["王五", "王五"])], Reason::InspectionStaff),
        (vec![two(&a()), staffed(&b(), &[])], Reason::InspectionStaff),
    ] {
        assert_eq!(refusal(record(ready(), attendance)), reason);
    }
    let error = record(ready(), vec![two(&c())]).unwrap_err();
    let faults: Vec<_> = error.fields().iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(faults, ["attendance[0].department", "attendance"]);
    assert!(record(ready(), vec![two(&a()), two(&b())]).is_ok());
}

#[test]
fn a_record_is_the_leads_and_not_before_the_day() {
    let ready = || answered(propose(opened(), &[a()]), &a(), Answer::Confirmed);
    let early = |when| ready().record_inspection(&acting(&lead()), vec![two(&a())], "可".into(), when);
    // The visit is at 18:00 on 3 March in China.
    assert_eq!(refusal(early(at(-9))), Reason::InspectionNotYet);
    assert!(early(at(-8)).is_ok(), "earlier on the day");
    let others = ready().record_inspection(&acting(&a()), vec![two(&a())], "可".into(), at(11));
    assert_eq!(refusal(others), Reason::NotTheLead);
    assert_eq!(refusal(record(opened(), vec![])), Reason::StateForbids);
    assert_eq!(refusal(record(visit(opened(), &[a()]), vec![two(&a())])), Reason::StateForbids);
}

#[test]
fn a_conclusion_is_signed_once_by_who_was_there() {
    let recorded = || {
        let approval = answered(propose(opened(), &[a(), b()]), &a(), Answer::Confirmed);
        record(answered(approval, &b(), Answer::Confirmed), vec![two(&a()), two(&b())]).unwrap().0
    };
    let signed = recorded().sign_inspection(&acting(&a()), signature()).unwrap().0;
    for (approval, who, reason) in [
        (signed, a(), Reason::StateForbids),
        (recorded(), c(), Reason::NotInInspection),
        (recorded(), dep("x"), Reason::NotAParty),
        (opened(), a(), Reason::StateForbids),
        (propose(opened(), &[a()]), a(), Reason::StateForbids),
        (recorded().withdraw(), a(), Reason::StateForbids),
    ] {
        assert_eq!(refusal(approval.sign_inspection(&acting(&who), signature())), reason);
    }
}
