//! Filing a complaint.

use axum::extract::Multipart;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{FieldError, Reason};
use yimen_proto::complaints::v1::complaint::{Ground, Identity, Kind};
use yimen_proto::complaints::v1::complaint_file::Source;
use yimen_proto::complaints::v1::{
    Complainant, ComplaintFile, FileComplaintRequest, Filing, Subject, subject,
};

use super::{Asking, Filed, in_groups, is_theirs, named};
use crate::http::files::Keeper;
use crate::http::problem::status_of;
use crate::pages::form::{Control, Field, Form, Typed};
use crate::pages::shell::{Shell, Switch};
use crate::pages::upload::{self, FILE};
use crate::pages::visitor::{Names, Visitor, see_other};

/// Files that the form asks for.
const FILES: usize = 5;

const SUBJECTS: [subject::Kind; 5] = [
    subject::Kind::Case,
    subject::Kind::Department,
    subject::Kind::Window,
    subject::Kind::Person,
    subject::Kind::Unpublished,
];
const GROUNDS: [Ground; 8] = [
    Ground::NotThorough,
    Ground::NotInPlace,
    Ground::OrdersNotCarriedOut,
    Ground::Dragging,
    Ground::ProcedureBroken,
    Ground::DutyNotPerformed,
    Ground::ListedConduct,
    Ground::OtherDisorder,
];

/// `GET /complaints/new?center=430102`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(empty(&visitor).await)
}

async fn empty(visitor: &Visitor) -> Result<Response> {
    let mut typed = Typed::default();
    typed.set("center".to_owned(), visitor.param("center").to_owned());
    typed.set("subject.number".to_owned(), visitor.param("number").to_owned());
    visitor.settle(&mut typed);
    page(visitor, &typed, StatusCode::OK, |_| {}).await
}

/// `POST /complaints/new`
pub async fn send(visitor: Visitor, parts: Multipart) -> Response {
    visitor.answer(sent(&visitor, parts).await)
}

async fn sent(visitor: &Visitor, parts: Multipart) -> Result<Response> {
    let received = upload::receive(&visitor.ask, Keeper::Complaints, parts, is_asked).await?;
    let mut typed = received.typed;
    visitor.settle(&mut typed);
    let files = uploads(&typed);
    if !received.faults.is_empty() {
        return refused(visitor, typed, &Error::invalid(received.faults), &files).await;
    }
    let message = FileComplaintRequest {
        request_id: typed.get("request_id").to_owned(),
        filing: Some(filing(&typed, &files)),
    };
    match visitor.ask.file_complaint(message).await {
        Ok(answer) => {
            let s = visitor.shell.clone().at("complaints").switched_by(Switch::None);
            let page = Filed {
                title: s.t("complaint.filed").to_owned(),
                follow: "/complaints/follow",
                number: answer.number,
                shown_code: in_groups(&answer.lookup_code),
                lookup_code: answer.lookup_code,
                due: s.with("complaint.filed_due", "date", s.date(&answer.due_on)),
                s,
            };
            visitor.page(StatusCode::CREATED, &page)
        }
        Err(error) if is_theirs(&error) => refused(visitor, typed, &error, &files).await,
        Err(error) => Err(error),
    }
}

/// The form again, with what is wrong; an upload that is no longer good is asked for again.
async fn refused(
    visitor: &Visitor,
    mut typed: Typed,
    error: &Error,
    files: &[(String, String)],
) -> Result<Response> {
    for fault in error.fields().iter().filter(|fault| fault.reason == Reason::UploadUnknown) {
        upload::forget(&mut typed, &place(fault, files));
    }
    page(visitor, &typed, status_of(error), |form| {
        form.refuse(error, visitor.text(), &Names::default(), |fault| place(fault, files));
    })
    .await
}

fn is_asked(code: &str) -> bool {
    (1..=FILES).any(|place| place.to_string() == code)
}

/// The fields with files that came, and the ids of these.
fn uploads(typed: &Typed) -> Vec<(String, String)> {
    let came = (1..=FILES)
        .map(|place| (format!("{FILE}{place}"), typed.get(&format!("{}{place}", upload::UPLOAD)).to_owned()));
    came.filter(|(_, id)| !id.is_empty()).collect()
}

/// Where in the form a fault of complaints belongs.
fn place(fault: &FieldError, files: &[(String, String)]) -> String {
    let field = fault.field.strip_prefix("filing.").unwrap_or(&fault.field);
    let (name, index) = field.split_once('[').unwrap_or((field, ""));
    let index = index.split(']').next().and_then(|index| index.parse::<usize>().ok());
    match (name, index) {
        ("files", Some(index)) => files.get(index).map(|(name, _)| name.clone()).unwrap_or_default(),
        ("files", None) => format!("{FILE}1"),
        ("complainant", _) => "identity".to_owned(),
        _ => name.to_owned(),
    }
}

fn filing(typed: &Typed, files: &[(String, String)]) -> Filing {
    let of = |name: &str| typed.get(name).trim().to_owned();
    let grounds =
        typed.all("grounds").iter().filter_map(|code| Ground::from_str_name(code)).map(Into::into).collect();
    let complainant = Complainant {
        name: of("complainant.name"),
        mobile: of("complainant.mobile"),
        address: of("complainant.address"),
        representatives: Vec::new(),
    };
    let subject = Subject {
        kind: subject::Kind::from_str_name(typed.get("subject.kind")).unwrap_or_default().into(),
        number: of("subject.number"),
        department: of("subject.department"),
        window: of("subject.window"),
        login: String::new(),
        description: of("subject.description"),
    };
    let file = |(_, id): &(String, String)| ComplaintFile { source: Some(Source::UploadId(id.clone())) };
    Filing {
        center: of("center"),
        kind: Kind::from_str_name(typed.get("kind")).unwrap_or_default().into(),
        identity: Identity::from_str_name(typed.get("identity")).unwrap_or_default().into(),
        complainant: Some(complainant),
        subject: Some(subject),
        grounds,
        body: of("body"),
        files: files.iter().map(file).collect(),
    }
}

async fn page(
    visitor: &Visitor,
    typed: &Typed,
    status: StatusCode,
    change: impl FnOnce(&mut Form),
) -> Result<Response> {
    let centers = visitor.ask.centers().await?;
    let Some(center) = centers.iter().find(|center| center.code == typed.get("center")) else {
        // Where it is filed is chosen on the page before.
        return Ok(see_other("/complaints"));
    };
    let departments = visitor.ask.departments(&center.code).await?;
    let s = visitor.shell.clone().at("complaints");
    let mut form = form(&s, departments.all(s.text.lang()), typed);
    change(&mut form);
    let page = Asking {
        title: s.with("complaint.new", "center", s.pick(&center.name_zh, &center.name_en)),
        intro: s.t("complaint.new_intro").to_owned(),
        hint: String::new(),
        form,
        s,
    };
    visitor.page(status, &page)
}

fn form(s: &Shell, departments: Vec<(String, String)>, typed: &Typed) -> Form {
    let line = |name: &str, label: &str| Field::new(Control::Line, name, s.t(label)).typed(typed);
    let radio = |name: &str, label: &str, choices: Vec<(String, String)>| {
        Field::new(Control::Radio, name, s.t(label)).required().choices(choices).typed(typed)
    };
    let any = std::iter::once((String::new(), s.t("complaint.unknown").to_owned()));
    let department = Field::new(Control::Select, "subject.department", s.t("complaint.department"))
        .when(s.t("complaint.department_when"))
        .choices(any.chain(departments))
        .typed(typed);
    let mut number =
        line("subject.number", "track.number").when(s.t("complaint.number_when")).known_as("off");
    number.keyboard = "numeric";
    let about = vec![
        radio(
            "subject.kind",
            "complaint.about",
            named(s, "complaint_subject", &SUBJECTS, |kind| kind.as_str_name()),
        ),
        number,
        department,
        line("subject.window", "complaint.window").when(s.t("complaint.window_when")).known_as("off"),
        Field::new(Control::Paragraph, "subject.description", s.t("complaint.description"))
            .when(s.t("complaint.description_when"))
            .typed(typed),
    ];
    let files = (1..=FILES).map(|place| {
        let label = s.with("complaint.file", "n", place);
        Field::file(&place.to_string(), label, typed).hint(s.t("complaint.file_hint"))
    });
    let what = [
        radio(
            "kind",
            "complaint.kind",
            named(s, "complaint_kind", &[Kind::Complaint, Kind::Accusation], |kind| kind.as_str_name()),
        ),
        Field::new(Control::Checks, "grounds", s.t("complaint.grounds"))
            .required()
            .choices(named(s, "complaint_ground", &GROUNDS, |ground| ground.as_str_name()))
            .typed(typed),
        Field::new(Control::Paragraph, "body", s.t("complaint.body"))
            .required()
            .hint(s.with("form.at_most", "n", 5_000))
            .typed(typed),
    ];
    let mut mobile =
        line("complainant.mobile", "complaint.mobile").when(s.t("complaint.mobile_when")).known_as("tel");
    mobile.keyboard = "tel";
    let identities = [Identity::Protected, Identity::Named, Identity::Anonymous];
    let who = vec![
        radio(
            "identity",
            "complaint.identity",
            named(s, "complaint_identity", &identities, |one| one.as_str_name()),
        ),
        line("complainant.name", "complaint.name").when(s.t("complaint.name_when")).known_as("name"),
        mobile,
        line("complainant.address", "apply.address").known_as("street-address"),
    ];
    let mut form = Form::new("complaint", "/complaints/new", s.t("complaint.send"))
        .hidden("center", typed.get("center"))
        .hidden("request_id", typed.get("request_id"))
        .group(s.t("complaint.about_group"), about)
        .group(s.t("complaint.what_group"), what.into_iter().chain(files).collect())
        .group(s.t("complaint.who_group"), who)
        .group_intro(s.t("complaint.who_intro"));
    form.multipart = true;
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_shown_where_they_can_be_mended() {
        let files = [("file.1".to_owned(), "a".to_owned()), ("file.3".to_owned(), "b".to_owned())];
        for (field, wanted) in [
            ("filing.subject.number", "subject.number"),
            ("filing.grounds[0]", "grounds"),
            ("filing.complainant", "identity"),
            ("filing.complainant.mobile", "complainant.mobile"),
            ("filing.files[1].upload_id", "file.3"),
            ("filing.files", "file.1"),
        ] {
            assert_eq!(place(&FieldError::new(field, Reason::Required), &files), wanted, "{field}");
        }
    }

    #[test]
    fn what_was_typed_becomes_a_filing() {
        let typed = |pairs: &[(&str, &str)]| {
            Typed(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let filing = filing(
            &typed(&[
                ("center", "430102"),
                ("kind", "COMPLAINT"),
                ("identity", "PROTECTED"),
                ("subject.kind", "CASE"),
                ("subject.number", " 430102202611230000011 "),
                ("grounds", "DRAGGING"),
                ("grounds", "NO_SUCH_GROUND"),
                ("body", "示例"),
            ]),
            &[],
        );
        assert_eq!(filing.grounds, [i32::from(Ground::Dragging)]);
        assert_eq!(filing.subject.unwrap().number, "430102202611230000011");
        assert_eq!(filing.identity, i32::from(Identity::Protected));
    }
}
