//! What the supervisor's office hears: its complaints, and the whole way of one on one page, from what was said
//! to the measure and its publication. Whoever a complaint is about is not shown it, here as everywhere.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, Result};
use yimen_proto::complaints::v1::accountability_case::Measure;
use yimen_proto::complaints::v1::complaint::State;
use yimen_proto::complaints::v1::{
    AccountabilityCase, Accused, Complaint, ComplaintAttachment, GetComplaintRequest,
    ListAccountabilityCasesRequest, ListComplaintsRequest,
};

use super::super::ask::Departments;
use super::super::form::Choice;
use super::super::heard::followed::{self, AnswerView, StepView};
use super::super::heard::handler;
use super::super::shell::Shell;
use super::super::visitor::Visitor;
use super::application::size;

const STATES: [State; 7] = [
    State::Registered,
    State::Handling,
    State::Answered,
    State::Told,
    State::Reviewing,
    State::Reviewed,
    State::Closed,
];

/// A complaint in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub kind: String,
    pub about: String,
    pub filed: String,
    pub due_on: String,
    pub handler: String,
    pub state: String,
}

/// The list.
#[derive(Template)]
#[template(path = "staff/complaints.html")]
pub struct Complaints {
    pub s: Shell,
    pub states: Vec<Choice>,
    pub state: String,
    pub rows: Vec<Row>,
    /// The token of the next page; empty on the last.
    pub next: String,
}

/// What a complaint led to, for one unit or person.
#[derive(Clone, Debug)]
pub struct CaseView {
    pub number: String,
    pub held: String,
    pub state: String,
    /// From the finding to the publication, what has happened so far.
    pub way: Vec<(String, String)>,
}

/// A file that came with it.
pub struct FileView {
    pub position: u32,
    pub name: String,
    pub size: String,
}

/// One complaint.
#[derive(Template)]
#[template(path = "staff/complaint.html")]
pub struct Shown {
    pub s: Shell,
    pub number: String,
    pub kind: String,
    pub state: String,
    pub identity: String,
    pub facts: Vec<(String, String)>,
    pub body: String,
    pub files: Vec<FileView>,
    pub accused: Vec<String>,
    pub similar: Vec<String>,
    pub joined: Vec<String>,
    pub answers: Vec<AnswerView>,
    pub cases: Vec<CaseView>,
    pub history: Vec<StepView>,
}

/// `GET /staff/complaints?state=HANDLING&page=…`
pub async fn list(visitor: Visitor) -> Response {
    visitor.answer(listed(&visitor).await)
}

/// `GET /staff/complaints/{number}`
pub async fn show(visitor: Visitor, Path(number): Path<String>) -> Response {
    visitor.answer(shown(&visitor, number).await)
}

async fn listed(visitor: &Visitor) -> Result<Response> {
    let center = visitor.staff()?.center.clone();
    let state = STATES.into_iter().find(|state| state.as_str_name() == visitor.param("state"));
    let asked = ListComplaintsRequest {
        center: String::new(),
        state: state.unwrap_or_default().into(),
        page_size: 50,
        page_token: visitor.param("page").to_owned(),
    };
    let answer = visitor.ask.list_complaints(asked).await?;
    let departments = visitor.ask.departments(&center).await?;
    let s = visitor.shell.clone().at("staff_complaints");
    let choice = |found: State| Choice {
        value: found.as_str_name().to_owned(),
        label: s.name("complaint_state", found.as_str_name()),
        chosen: state == Some(found),
    };
    let page = Complaints {
        states: STATES.into_iter().map(choice).collect(),
        state: state.map(|state| state.as_str_name().to_owned()).unwrap_or_default(),
        rows: answer.complaints.iter().map(|complaint| row(complaint, &departments, &s)).collect(),
        next: answer.next_page_token,
        s,
    };
    visitor.page(StatusCode::OK, &page)
}

fn row(complaint: &Complaint, departments: &Departments, s: &Shell) -> Row {
    let subject = complaint.subject.clone().unwrap_or_default();
    let about = match subject.department.as_str() {
        "" => [subject.number, subject.window, subject.login, subject.description]
            .into_iter()
            .find(|named| !named.is_empty())
            .unwrap_or_default(),
        department => departments.name(department, s.text.lang()),
    };
    let about_kind = s.name("complaint_subject", subject_kind(complaint));
    Row {
        number: complaint.number.clone(),
        kind: s.name("complaint_kind", complaint.kind().as_str_name()),
        about: format!("{about_kind}{}{about}", s.t("list.colon")),
        filed: s.time(&complaint.file_time),
        due_on: if complaint.due_on.is_empty() { String::new() } else { s.date(&complaint.due_on) },
        handler: match complaint.accepted_on.as_str() {
            "" => String::new(),
            _ => handler(&complaint.department, departments, s),
        },
        state: s.name("complaint_state", complaint.state().as_str_name()),
    }
}

fn subject_kind(complaint: &Complaint) -> &'static str {
    complaint.subject.as_ref().map_or("KIND_UNSPECIFIED", |subject| subject.kind().as_str_name())
}

async fn shown(visitor: &Visitor, number: String) -> Result<Response> {
    visitor.staff()?;
    let number = yimen_kernel::DocumentNumber::parse(&number)
        .map_err(|_| Error::not_found(Reason::ComplaintUnknown))?
        .to_string();
    let complaint = visitor.ask.get_complaint(GetComplaintRequest { number: number.clone() }).await?;
    let asked = ListAccountabilityCasesRequest {
        center: complaint.center.clone(),
        complaint: number,
        page_size: 50,
        page_token: String::new(),
    };
    let cases = visitor.ask.list_accountability_cases(asked).await?.accountability_cases;
    let departments = visitor.ask.departments(&complaint.center).await?;
    let s = visitor.shell.clone().at("staff_complaints");
    visitor.page(StatusCode::OK, &page(s, complaint, cases, &departments))
}

/// What the page shows of a complaint and what it led to.
pub fn page(
    s: Shell,
    complaint: Complaint,
    cases: Vec<AccountabilityCase>,
    departments: &Departments,
) -> Shown {
    Shown {
        kind: s.name("complaint_kind", complaint.kind().as_str_name()),
        state: s.name("complaint_state", complaint.state().as_str_name()),
        identity: s.name("complaint_identity", complaint.identity().as_str_name()),
        facts: followed::facts(&complaint, departments, &s),
        accused: complaint.accused.iter().map(|accused| named(accused, departments, &s)).collect(),
        answers: followed::answers(&complaint.answers, departments, &s),
        files: complaint.attachments.into_iter().map(file_view).collect(),
        cases: cases.into_iter().map(|case| case_view(case, departments, &s)).collect(),
        history: followed::history(&complaint.history, &s),
        number: complaint.number,
        body: complaint.body,
        similar: complaint.similar,
        joined: complaint.joined,
        s,
    }
}

fn file_view(file: ComplaintAttachment) -> FileView {
    FileView { position: file.position, name: file.file_name, size: size(file.size) }
}

fn named(accused: &Accused, departments: &Departments, s: &Shell) -> String {
    use yimen_proto::complaints::v1::accused::Kind;

    match accused.kind() {
        Kind::Department => departments.name(&accused.id, s.text.lang()),
        Kind::Window => s.with("complaint.at_window", "window", &accused.id),
        Kind::Person | Kind::Unspecified => accused.id.clone(),
    }
}

fn case_view(case: AccountabilityCase, departments: &Departments, s: &Shell) -> CaseView {
    let date = |iso: &str| if iso.is_empty() { String::new() } else { s.date(iso) };
    let measure = match case.measure() {
        Measure::Unspecified => String::new(),
        measure => s.name("accountability_measure", measure.as_str_name()),
    };
    let way = [
        ("accountability.opened_on", date(&case.opened_on)),
        ("accountability.finding", case.finding.clone()),
        ("accountability.measure", measure),
        ("accountability.evidence", case.evidence.clone()),
        ("accountability.carried_out_on", date(&case.carried_out_on)),
        ("accountability.published", case.public_text.clone()),
        ("accountability.dropped", case.drop_reason.clone()),
    ];
    let known = way.into_iter().filter(|(_, value)| !value.is_empty());
    CaseView {
        held: case.held.as_ref().map(|held| named(held, departments, s)).unwrap_or_default(),
        state: s.name("accountability_state", case.state().as_str_name()),
        way: known.map(|(key, value)| (s.t(key).to_owned(), value)).collect(),
        number: case.accountability_case,
    }
}
