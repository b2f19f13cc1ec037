//! Asking a question, and following it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_proto::complaints::v1::{AskQuestionRequest, FollowQuestionRequest, Question};

use super::{Asking, Filed, Key, answerer, in_groups, is_theirs};
use crate::http::problem::status_of;
use crate::pages::ask::Departments;
use crate::pages::form::{Control, Field, Form, Typed, same_name};
use crate::pages::shell::{Shell, Switch};
use crate::pages::visitor::{Names, Visitor, see_other};

const FOLLOW: (&str, &str) = ("/questions/follow", "question.follow");

/// A question, as whoever asked it sees it.
#[derive(Template)]
#[template(path = "heard/question.html")]
pub struct Followed {
    pub s: Shell,
    pub number: String,
    pub title: String,
    pub state: String,
    pub facts: Vec<(String, String)>,
    pub body: String,
    pub answer: String,
}

/// `GET /questions/new?center=430102`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(empty(&visitor).await)
}

async fn empty(visitor: &Visitor) -> Result<Response> {
    let mut typed = Typed::default();
    for name in ["center", "item"] {
        typed.set(name.to_owned(), visitor.param(name).to_owned());
    }
    visitor.settle(&mut typed);
    page(visitor, &typed, None).await
}

/// `POST /questions/new`
pub async fn send(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(sent(&visitor, typed).await)
}

async fn sent(visitor: &Visitor, mut typed: Typed) -> Result<Response> {
    visitor.settle(&mut typed);
    let of = |name: &str| typed.get(name).trim().to_owned();
    let message = AskQuestionRequest {
        request_id: of("request_id"),
        center: of("center"),
        department: of("department"),
        item: of("item"),
        title: of("title"),
        body: of("body"),
        may_publish: !of("may_publish").is_empty(),
    };
    match visitor.ask.ask_question(message).await {
        Ok(answer) => {
            let s = visitor.shell.clone().at("questions").switched_by(Switch::None);
            let page = Filed {
                title: s.t("question.asked").to_owned(),
                follow: FOLLOW.0,
                number: answer.number,
                shown_code: in_groups(&answer.lookup_code),
                lookup_code: answer.lookup_code,
                due: s.with("question.asked_due", "date", s.date(&answer.due_on)),
                s,
            };
            visitor.page(StatusCode::CREATED, &page)
        }
        Err(error) if is_theirs(&error) => page(visitor, &typed, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn page(visitor: &Visitor, typed: &Typed, refused: Option<&Error>) -> Result<Response> {
    let centers = visitor.ask.centers().await?;
    let Some(center) = centers.iter().find(|center| center.code == typed.get("center")) else {
        // Where it is asked is chosen on the page before.
        return Ok(see_other("/questions"));
    };
    let departments = visitor.ask.departments(&center.code).await?;
    let s = visitor.shell.clone().at("questions");
    let mut form = form(&s, departments.all(s.text.lang()), typed);
    let mut status = StatusCode::OK;
    if let Some(error) = refused {
        form.refuse(error, s.text, &Names::default(), same_name);
        status = status_of(error);
    }
    let page = Asking {
        title: s.with("question.new", "center", s.pick(&center.name_zh, &center.name_en)),
        intro: s.t("question.new_intro").to_owned(),
        hint: String::new(),
        form,
        s,
    };
    visitor.page(status, &page)
}

fn form(s: &Shell, departments: Vec<(String, String)>, typed: &Typed) -> Form {
    let any = std::iter::once((String::new(), s.t("question.any_department").to_owned()));
    let fields = vec![
        Field::new(Control::Line, "title", s.t("question.title")).required().hint(s.with(
            "form.at_most",
            "n",
            100,
        )),
        Field::new(Control::Paragraph, "body", s.t("question.body")).required().hint(s.with(
            "form.at_most",
            "n",
            2_000,
        )),
        Field::new(Control::Select, "department", s.t("question.department")).choices(any.chain(departments)),
        Field::new(Control::Checks, "may_publish", s.t("question.may_publish"))
            .hint(s.t("question.may_publish_hint"))
            .choices([("1".to_owned(), s.t("question.may_publish_yes").to_owned())]),
    ];
    Form::new("question", "/questions/new", s.t("question.send"))
        .hidden("center", typed.get("center"))
        .hidden("item", typed.get("item"))
        .hidden("request_id", typed.get("request_id"))
        .group("", fields.into_iter().map(|field| field.typed(typed)).collect())
}

/// `GET /questions/follow`
pub async fn lookup(visitor: Visitor) -> Response {
    visitor.answer(super::lookup(&visitor, "questions", FOLLOW, &Typed::default(), None))
}

/// `POST /questions/follow`
pub async fn follow(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(followed(&visitor, &typed).await)
}

async fn followed(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    let again = |error: &Error| super::lookup(visitor, "questions", FOLLOW, typed, Some(error));
    let key = match Key::read(typed) {
        Ok(key) => key,
        Err(error) => return again(&error),
    };
    let asked = FollowQuestionRequest { number: key.number.clone(), code: key.code.clone() };
    let question = match visitor.ask.follow_question(asked).await {
        Ok(question) => question,
        Err(error) if is_theirs(&error) => return again(&error),
        Err(error) => return Err(error),
    };
    let departments = visitor.ask.departments(&question.center).await?;
    let s = visitor.shell.clone().at("questions");
    visitor.page(StatusCode::OK, &view(s, question, &departments, key.pairs()))
}

/// What the page shows of a question.
pub fn view(s: Shell, question: Question, departments: &Departments, key: Vec<(String, String)>) -> Followed {
    let s = s.switched_by(Switch::Form(FOLLOW.0.to_owned(), key));
    let with = answerer(&question.department, departments, &s);
    let date = |iso: &str| if iso.is_empty() { String::new() } else { s.date(iso) };
    let facts = [
        ("question.with", with),
        ("question.asked_at", s.time(&question.ask_time)),
        ("question.due_on", date(&question.due_on)),
        ("question.answered_at", question.answer_time.map(|at| s.time(&Some(at))).unwrap_or_default()),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    Followed {
        state: s.name("question_state", question.state().as_str_name()),
        facts: known.map(|(key, value)| (s.t(key).to_owned(), value)).collect(),
        number: question.number,
        title: question.title,
        body: question.body,
        answer: question.answer,
        s,
    }
}
