//! Questions that wait for the window, a department or the supervisor's review.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DocumentNumber, Kind, Reason};
use yimen_proto::complaints::v1::question::State;
use yimen_proto::complaints::v1::{
    AnswerQuestionRequest, DirectQuestionRequest, GetQuestionRequest, ListQuestionsRequest,
    PublishQuestionRequest, Question, WithholdQuestionRequest,
};
use yimen_proto::identity::v1::ActorClaims;
use yimen_proto::policy::v1::Role;

use super::super::ask::Departments;
use super::super::form::{Choice, Control, Field, Form, Typed, same_name};
use super::super::heard::answerer;
use super::super::shell::Shell;
use super::super::visitor::{Names, Visitor, see_other};
use super::action;
use crate::http::problem::status_of;

const STATES: [State; 4] = [State::Asked, State::Answered, State::Published, State::Withheld];

/// A question in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub title: String,
    pub with: String,
    pub asked: String,
    pub due_on: String,
    pub state: String,
}

/// The list.
#[derive(Template)]
#[template(path = "staff/questions.html")]
pub struct Questions {
    pub s: Shell,
    pub states: Vec<Choice>,
    pub state: String,
    pub rows: Vec<Row>,
    /// The token of the next page; empty on the last.
    pub next: String,
}

/// One question.
#[derive(Template)]
#[template(path = "staff/question.html")]
pub struct Shown {
    pub s: Shell,
    pub number: String,
    pub title: String,
    pub state: String,
    pub facts: Vec<(String, String)>,
    pub body: String,
    pub answer: String,
    /// Title, question and answer as everyone reads them.
    pub published: Option<(String, String, String)>,
    pub forms: Vec<Form>,
}

/// `GET /staff/questions?state=ASKED&page=…`
pub async fn list(visitor: Visitor) -> Response {
    visitor.answer(listed(&visitor).await)
}

/// `GET /staff/questions/{number}`
pub async fn show(visitor: Visitor, Path(number): Path<String>) -> Response {
    visitor.answer(shown(&visitor, &number).await)
}

/// `POST /staff/questions/{number}`
pub async fn act(visitor: Visitor, Path(number): Path<String>, typed: Typed) -> Response {
    visitor.answer(acted(&visitor, &number, &typed).await)
}

async fn listed(visitor: &Visitor) -> Result<Response> {
    let center = visitor.staff()?.center.clone();
    let state = STATES.into_iter().find(|state| state.as_str_name() == visitor.param("state"));
    let asked = ListQuestionsRequest {
        state: state.unwrap_or_default().into(),
        page_size: 50,
        page_token: visitor.param("page").to_owned(),
    };
    let answer = visitor.ask.list_questions(asked).await?;
    let departments = visitor.ask.departments(&center).await?;
    let s = visitor.shell.clone().at("staff_questions");
    let choice = |found: State| Choice {
        value: found.as_str_name().to_owned(),
        label: s.name("question_state", found.as_str_name()),
        chosen: state == Some(found),
    };
    let page = Questions {
        states: STATES.into_iter().map(choice).collect(),
        state: state.map(|state| state.as_str_name().to_owned()).unwrap_or_default(),
        rows: answer.questions.iter().map(|question| row(question, &departments, &s)).collect(),
        next: answer.next_page_token,
        s,
    };
    visitor.page(StatusCode::OK, &page)
}

fn row(question: &Question, departments: &Departments, s: &Shell) -> Row {
    Row {
        number: question.number.clone(),
        title: question.title.clone(),
        with: answerer(&question.department, departments, s),
        asked: s.time(&question.ask_time),
        due_on: if question.due_on.is_empty() { String::new() } else { s.date(&question.due_on) },
        state: s.name("question_state", question.state().as_str_name()),
    }
}

async fn shown(visitor: &Visitor, number: &str) -> Result<Response> {
    visitor.page(StatusCode::OK, &load(visitor, &question_number(number)?).await?)
}

async fn load(visitor: &Visitor, number: &str) -> Result<Shown> {
    let claims = visitor.staff()?;
    let question = visitor.ask.get_question(GetQuestionRequest { number: number.to_owned() }).await?;
    let departments = visitor.ask.departments(&question.center).await?;
    let s = visitor.shell.clone().at("staff_questions");
    Ok(page(s, question, &departments, claims, &visitor.new_request_id()))
}

async fn acted(visitor: &Visitor, number: &str, typed: &Typed) -> Result<Response> {
    visitor.staff()?;
    let number = question_number(number)?;
    let error = match done(visitor, &number, typed).await {
        // Whoever directed it may not see it any more.
        Ok("question_directed") => return Ok(see_other("/staff/questions?done=question_directed")),
        Ok(done) => return Ok(see_other(&format!("/staff/questions/{number}?done={done}"))),
        Err(error) => error,
    };
    if matches!(error.kind(), Kind::Unauthenticated | Kind::PermissionDenied | Kind::NotFound) {
        return Err(error);
    }
    let mut page = load(visitor, &number).await?;
    let text = visitor.text();
    match page.forms.iter_mut().find(|form| form.id == typed.get("form")) {
        Some(form) => {
            form.refill(typed);
            form.refuse(&error, text, &Names::default(), same_name);
        }
        // Meanwhile somebody else did what makes this form needless.
        None => return Err(error),
    }
    visitor.page(status_of(&error), &page)
}

async fn done(visitor: &Visitor, number: &str, typed: &Typed) -> Result<&'static str> {
    let (request_id, number) = (typed.get("request_id").to_owned(), number.to_owned());
    let text = |name: &str| typed.get(name).to_owned();
    match typed.get("form") {
        "answer" => {
            let message = AnswerQuestionRequest { request_id, number, answer: text("answer") };
            visitor.ask.answer_question(message).await.map(|_| "question_answered")
        }
        "direct" => {
            let message = DirectQuestionRequest { request_id, number, department: text("department") };
            visitor.ask.direct_question(message).await.map(|_| "question_directed")
        }
        "publish" => {
            let (title, question, answer) = (text("title"), text("question"), text("answer"));
            let message = PublishQuestionRequest { request_id, number, title, question, answer };
            visitor.ask.publish_question(message).await.map(|_| "question_published")
        }
        "withhold" => {
            let message = WithholdQuestionRequest { request_id, number, reason: text("reason") };
            visitor.ask.withhold_question(message).await.map(|_| "question_withheld")
        }
        _ => Err(Error::new(Kind::InvalidArgument, Reason::MalformedBody)),
    }
}

/// What the page shows of a question, with what the caller may do; the service has the last word.
pub fn page(
    s: Shell,
    question: Question,
    departments: &Departments,
    claims: &ActorClaims,
    request_id: &str,
) -> Shown {
    let date = |iso: &str| if iso.is_empty() { String::new() } else { s.date(iso) };
    let facts = [
        ("question.with", answerer(&question.department, departments, &s)),
        ("question.asked_at", s.time(&question.ask_time)),
        ("question.due_on", date(&question.due_on)),
        ("question.answered_at", question.answer_time.map(|at| s.time(&Some(at))).unwrap_or_default()),
        ("question.withheld_reason", question.withheld_reason.clone()),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts = known.map(|(key, value)| (s.t(key).to_owned(), value)).collect();
    Shown {
        state: s.name("question_state", question.state().as_str_name()),
        facts,
        forms: forms(&question, departments, claims, request_id, &s),
        published: question.published.map(|it| (it.title, it.question, it.answer)),
        number: question.number,
        title: question.title,
        body: question.body,
        answer: question.answer,
        s,
    }
}

fn forms(
    question: &Question,
    departments: &Departments,
    claims: &ActorClaims,
    request_id: &str,
    s: &Shell,
) -> Vec<Form> {
    let place = format!("/staff/questions/{}", question.number);
    let form = |id: &str, title: &str| action(id, &place, request_id, s.t(title)).titled(s.t(title));
    let paragraph = |name: &str, label: &str, max: u32| {
        Field::new(Control::Paragraph, name, s.t(label)).required().hint(s.with("form.at_most", "n", max))
    };
    let has = |wanted: Role| claims.roles().any(|role| role == wanted);
    if question.state() == State::Asked {
        let window = (String::new(), s.t("question.window").to_owned());
        let others = std::iter::once(window).chain(departments.all(s.text.lang()));
        let others = others.filter(|(id, _)| *id != question.department);
        let to = Field::new(Control::Select, "department", s.t("question.department")).choices(others);
        let direct = form("direct", "question.direct").group("", vec![to]);
        let is_with_caller = match question.department.as_str() {
            "" => has(Role::Clerk),
            department => claims.department == department,
        };
        if !is_with_caller {
            return vec![direct];
        }
        let answer = vec![paragraph("answer", "question.answer", 5_000)];
        return vec![form("answer", "question.answer_it").group("", answer).open(true), direct];
    }
    if !has(Role::Supervisor) {
        return Vec::new();
    }
    let mut forms = Vec::new();
    if question.may_publish {
        let title = Field::new(Control::Line, "title", s.t("question.title")).required();
        let fields = vec![
            title.otherwise(&question.title),
            paragraph("question", "question.body", 2_000).otherwise(&question.body),
            paragraph("answer", "question.answer", 5_000).otherwise(&question.answer),
        ];
        let publish = form("publish", "question.publish").intro(s.t("question.publish_intro"));
        forms.push(publish.group("", fields).open(question.state() == State::Answered));
    }
    if question.state() != State::Withheld {
        forms.push(
            form("withhold", "question.withhold")
                .group("", vec![paragraph("reason", "complaint.reason", 1_000)]),
        );
    }
    forms
}

/// A number in an address, before anything is asked with it.
fn question_number(number: &str) -> Result<String> {
    DocumentNumber::parse(number)
        .map(|number| number.to_string())
        .map_err(|_| Error::not_found(Reason::QuestionUnknown))
}
