use super::*;
use crate::domain::import::Known;

fn center_entry(code: &str, parent: &str) -> proto::Center {
    proto::Center {
        code: code.into(),
        name_zh: "示例中心".into(),
        name_en: "Example Center".into(),
        parent: parent.into(),
        ..proto::Center::default()
    }
}

fn department_entry(id: &str, center: &str) -> proto::Department {
    proto::Department {
        id: id.into(),
        center: center.into(),
        name_zh: "示例局".into(),
        name_en: "Example Bureau".into(),
        ..proto::Department::default()
    }
}

fn staff_entry(login: &str, center: &str, roles: &[policy::Role]) -> proto::Staff {
    proto::Staff {
        login: login.into(),
        name: "示例".into(),
        center: center.into(),
        roles: roles.iter().map(|role| *role as i32).collect(),
        active: true,
        ..proto::Staff::default()
    }
}

fn whole() -> proto::ImportOrganizationRequest {
    proto::ImportOrganizationRequest {
        request_id: String::new(),
        centers: vec![center_entry("430112", "430100"), center_entry("430100", "")],
        departments: vec![department_entry("430112-scjg", "430112")],
        windows: vec![proto::Window {
            id: "430112-w01".into(),
            center: "430112".into(),
            name_zh: "综合受理窗口".into(),
            name_en: "General intake window".into(),
        }],
        staff: vec![
            proto::Staff {
                window: "430112-w01".into(),
                ..staff_entry("430112-clerk1", "430112", &[policy::Role::Clerk])
            },
            proto::Staff {
                department: "430112-scjg".into(),
                ..staff_entry("430112-approver", "430112", &[policy::Role::Approver])
            },
            staff_entry("ops", "", &[policy::Role::Operator]),
        ],
    }
}

fn faults(message: proto::ImportOrganizationRequest) -> Vec<(String, Reason)> {
    match read(message).and_then(|import| import.check(&Known::default())) {
        Ok(_) => Vec::new(),
        Err(error) => error.fields().iter().map(|f| (f.field.clone(), f.reason)).collect(),
    }
}

fn one(path: &str, reason: Reason) -> Vec<(String, Reason)> {
    vec![(path.to_owned(), reason)]
}

#[test]
fn a_whole_organization_is_read() {
    let organization = read(whole()).unwrap().check(&Known::default()).unwrap();
    let codes: Vec<&str> = organization.centers.iter().map(|center| center.code.as_str()).collect();
    assert_eq!(codes, ["430100", "430112"], "a parent is saved before its children");
    assert_eq!(organization.staff.len(), 3);
}

/// A change that makes the whole organization faulty, and the fault it must be told.
type Case = (fn(&mut proto::ImportOrganizationRequest), &'static str, Reason);

#[test]
fn each_fault_is_named_once() {
    let cases: [Case; 16] = [
        (|m| m.centers[0].code = "43011".into(), "centers[0].code", Reason::BadFormat),
        (|m| m.centers[0].name_zh = String::new(), "centers[0].name_zh", Reason::Required),
        (|m| m.departments[0].credit_code = "1".into(), "departments[0].credit_code", Reason::BadFormat),
        (|m| m.departments[0].name_en = "a".repeat(101), "departments[0].name_en", Reason::TooLong),
        (|m| m.windows[0].center = "430100".into(), "windows[0].id", Reason::BadFormat),
        (|m| m.staff[0].login = "Clerk".into(), "staff[0].login", Reason::BadFormat),
        (
            |m| m.staff[0].login = "0199a3b4-0000-7000-8000-000000000000".into(),
            "staff[0].login",
            Reason::BadFormat,
        ),
        (|m| m.staff[0].window = "430112-w02".into(), "staff[0].window", Reason::UnknownWindow),
        (|m| m.staff[0].window = "430100-w01".into(), "staff[0].window", Reason::UnknownWindow),
        (|m| m.staff[0].roles.clear(), "staff[0].roles", Reason::Required),
        (|m| m.staff[0].roles = vec![1, 1], "staff[0].roles[1]", Reason::Duplicate),
        (|m| m.staff[0].roles = vec![99], "staff[0].roles[0]", Reason::UnknownValue),
        (|m| m.staff[0].roles = vec![3], "staff[0].roles[0]", Reason::NotAllowedHere),
        (|m| m.staff[1].department = String::new(), "staff[1].department", Reason::Required),
        (|m| m.staff[2].roles = vec![5], "staff[2].center", Reason::Required),
        (|m| m.staff[2].department = "430112-scjg".into(), "staff[2].department", Reason::NotAllowedHere),
    ];
    for (at, (spoil, path, reason)) in cases.into_iter().enumerate() {
        let mut message = whole();
        spoil(&mut message);
        let found = faults(message);
        // The first case also takes away the center that others belong to.
        assert_eq!(found.first(), one(path, reason).first(), "case {at}");
        assert!(at == 0 || found.len() == 1, "case {at}: {found:?}");
    }
}

#[test]
fn former_divisions() {
    let former = |code: &str, from: &str, until: &str| proto::FormerDivision {
        code: code.into(),
        name_zh: "望城县".into(),
        valid_from: from.into(),
        valid_until: until.into(),
    };
    let with = |former: Vec<proto::FormerDivision>| {
        let mut message = whole();
        message.centers[0].former = former;
        faults(message)
    };
    assert_eq!(with(vec![former("430122", "", "2011-12-31")]), []);
    assert_eq!(
        with(vec![former("430122", "2012-01-01", "2011-12-31")]),
        one("centers[0].former[0].valid_until", Reason::OutOfRange)
    );
    assert_eq!(
        with(vec![former("430122", "", "2011-12-31"), former("430122", "", "2011-12-31")]),
        one("centers[0].former[1]", Reason::Duplicate)
    );
    assert_eq!(
        with(vec![former("430122", "", "2011-02-30")]),
        one("centers[0].former[0].valid_until", Reason::ImpossibleDate)
    );
}

#[test]
fn too_many_entries_are_not_read() {
    let mut message = whole();
    message.centers = vec![center_entry("", ""); ENTRIES_MAX + 1];
    assert_eq!(faults(message), one("centers", Reason::TooMany));
}
