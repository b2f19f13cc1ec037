use proto::inspection_party::Conclusion as Code;
use proto::opinion::Kind;
use yimen_kernel::{DivisionCode, Error};

use super::*;

fn number() -> String {
    let center = DivisionCode::parse("430102").unwrap();
    CaseNumber::issue(&center, "2026-03-02".parse().unwrap(), 7).unwrap().to_string()
}

fn now() -> DateTime<Utc> {
    "2026-03-03T01:00:00Z".parse().unwrap()
}

fn faults<T>(parsed: Result<T>) -> Vec<(String, Reason)> {
    let fields = |error: Error| error.fields().iter().map(|f| (f.field.clone(), f.reason)).collect();
    parsed.err().map(fields).unwrap_or_default()
}

fn named(list: &[(&str, Reason)]) -> Vec<(String, Reason)> {
    list.iter().map(|(field, reason)| ((*field).to_owned(), *reason)).collect()
}

fn opinion(kind: i32, conditions: &str, reason: &str, materials: &[&str]) -> proto::RecordOpinionRequest {
    proto::RecordOpinionRequest {
        number: number(),
        kind,
        conditions: conditions.into(),
        reason: reason.into(),
        materials: materials.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

#[test]
fn opinions() {
    use Reason::{BadFormat, Duplicate, NotAllowedHere, Required, UnknownValue};
    let kind = |kind: Kind| kind as i32;
    for (message, wrong) in [
        (opinion(kind(Kind::Approve), "", "", &[]), vec![]),
        (opinion(kind(Kind::Approve), "", "备注", &[]), vec![]),
        (opinion(kind(Kind::ApproveWithConditions), "围挡", "", &[]), vec![]),
        (opinion(kind(Kind::Object), "", "退距不足", &[]), vec![]),
        (opinion(kind(Kind::Return), "", "缺图", &["plan"]), vec![]),
        (opinion(0, "", "", &[]), vec![("kind", Required)]),
        (opinion(9, "", "", &[]), vec![("kind", UnknownValue)]),
        (
            opinion(kind(Kind::Approve), "x", "", &["plan"]),
            vec![("conditions", NotAllowedHere), ("materials", NotAllowedHere)],
        ),
        (opinion(kind(Kind::ApproveWithConditions), " ", "", &[]), vec![("conditions", Required)]),
        (opinion(kind(Kind::Object), "", "\n", &[]), vec![("reason", Required)]),
        (opinion(kind(Kind::Return), "", "", &[]), vec![("reason", Required), ("materials", Required)]),
        (
            opinion(kind(Kind::Return), "", "缺图", &["plan", "Plan", "plan"]),
            vec![("materials[1]", BadFormat), ("materials[2]", Duplicate)],
        ),
    ] {
        assert_eq!(faults(record_opinion(&message)), named(&wrong), "{message:?}");
    }
}

#[test]
fn text_is_limited() {
    let message = |length| opinion(Kind::Object as i32, "", &"不".repeat(length), &[]);
    assert!(record_opinion(&message(2_000)).is_ok());
    assert_eq!(faults(record_opinion(&message(2_001))), named(&[("reason", Reason::TooLong)]));
}

#[test]
fn returns() {
    let message = |forward, note: &str, due_on: &str| proto::ResolveReturnRequest {
        number: number(),
        department: "430102-zjj".into(),
        forward,
        note: note.into(),
        due_on: due_on.into(),
        ..Default::default()
    };
    for (message, wrong) in [
        (message(true, "", "2026-03-03"), vec![]),
        (message(true, "", "2026-03-02"), vec![("due_on", Reason::OutOfRange)]),
        (message(true, "", ""), vec![("due_on", Reason::Required)]),
        (message(false, "已有", ""), vec![]),
        (
            message(false, "", "2026-03-03"),
            vec![("due_on", Reason::NotAllowedHere), ("note", Reason::Required)],
        ),
    ] {
        assert_eq!(faults(resolve_return(&message, now())), named(&wrong), "{message:?}");
    }
}

#[test]
fn departments() {
    let message = |department: &str, limit_days| proto::AddDepartmentRequest {
        number: number(),
        department: department.into(),
        limit_days,
        reason: "需要".into(),
        ..Default::default()
    };
    for (message, wrong) in [
        (message("430102-zjj", 1), vec![]),
        (message("430102-zjj", 45), vec![]),
        (message("430102-zjj", 0), vec![("limit_days", Reason::OutOfRange)]),
        (message("430102-zjj", 46), vec![("limit_days", Reason::OutOfRange)]),
        (message("430103-zjj", 5), vec![("department", Reason::OtherCenter)]),
        (message("zjj", 5), vec![("department", Reason::BadFormat)]),
    ] {
        assert_eq!(faults(add_department(&message)), named(&wrong), "{message:?}");
    }
}

#[test]
fn visits_lie_in_the_future() {
    let visit = |seconds: i64, nanos| {
        let time = Some(Timestamp { seconds: now().timestamp() + seconds, nanos });
        let (place, departments) = ("此地".into(), vec!["430102-zjj".into()]);
        let message = proto::ProposeInspectionRequest {
            number: number(),
            time,
            place,
            departments,
            ..Default::default()
        };
        propose_inspection(&message, now())
    };
    assert_eq!(visit(60, 1_999).unwrap().1.time.timestamp_subsec_nanos(), 1_000);
    assert_eq!(faults(visit(0, 0)), named(&[("time", Reason::OutOfRange)]));
    assert_eq!(faults(visit(10_000_000_000, 0)), named(&[("time", Reason::OutOfRange)]));
    assert_eq!(faults(visit(60, -1)), named(&[("time", Reason::BadFormat)]));
    assert_eq!(faults(visit(i64::MAX / 2, 0)), named(&[("time", Reason::BadFormat)]));
    let nothing = propose_inspection(&proto::ProposeInspectionRequest::default(), now());
    assert_eq!(faults(nothing).len(), 4);
}

#[test]
fn records() {
    let listed = |department: &str, staff: Vec<&str>| proto::Attendance {
        department: department.into(),
        staff: staff.into_iter().map(ToOwned::to_owned).collect(),
    };
    let long = "长".repeat(61);
    let message = proto::RecordInspectionRequest {
        number: number(),
        attendance: vec![listed("zjj", vec!["张三"]), listed("430102-zjj", vec!["", &long])],
        ..Default::default()
    };
    let wrong = [
        ("attendance[0].department", Reason::BadFormat),
        ("attendance[1].staff[0]", Reason::Required),
        ("attendance[1].staff[1]", Reason::TooLong),
        ("findings", Reason::Required),
    ];
    assert_eq!(faults(record_inspection(&message)), named(&wrong));
    let crowd = listed("430102-zjj", vec!["张三"; 21]);
    let message =
        proto::RecordInspectionRequest { attendance: vec![crowd], findings: "可".into(), ..message };
    assert_eq!(faults(record_inspection(&message)), named(&[("attendance[0].staff", Reason::TooMany)]));
}

#[test]
fn conclusions() {
    let message = |conclusion: i32, text: &str| proto::SignInspectionRequest {
        number: number(),
        conclusion,
        text: text.into(),
        ..Default::default()
    };
    assert!(sign_inspection(&message(Code::Passed as i32, "")).is_ok());
    let wrong = |message| faults(sign_inspection(&message));
    assert_eq!(wrong(message(0, "")), named(&[("conclusion", Reason::Required)]));
    assert_eq!(wrong(message(Code::Failed as i32, "")), named(&[("text", Reason::Required)]));
}

#[test]
fn decisions() {
    let message = |outcome: i32, conditions: &str, reasons: &str| proto::DecideRequest {
        number: number(),
        outcome,
        conditions: conditions.into(),
        reasons: reasons.into(),
        ..Default::default()
    };
    let outcome = |outcome: Outcome| outcome as i32;
    for (message, wrong) in [
        (message(outcome(Outcome::Granted), "", ""), vec![]),
        (message(outcome(Outcome::Granted), "x", ""), vec![("conditions", Reason::NotAllowedHere)]),
        (message(outcome(Outcome::GrantedWithConditions), "x", ""), vec![]),
        (message(outcome(Outcome::GrantedWithConditions), "", ""), vec![("conditions", Reason::Required)]),
        (message(outcome(Outcome::Refused), "", "不符"), vec![]),
        (message(outcome(Outcome::Refused), "", ""), vec![("reasons", Reason::Required)]),
        (message(0, "", ""), vec![("outcome", Reason::Required)]),
    ] {
        assert_eq!(faults(decide(&message)), named(&wrong), "{message:?}");
    }
}

#[test]
fn lists() {
    let message = proto::ListTasksRequest { state: 2, ..Default::default() };
    assert_eq!(list_tasks(&message).unwrap().state, Some("OPEN"));
    let message = proto::ListTasksRequest { state: 99, department: "x".into(), ..Default::default() };
    let wrong = [("department", Reason::BadFormat), ("state", Reason::UnknownValue)];
    assert_eq!(faults(list_tasks(&message)), named(&wrong));
}
