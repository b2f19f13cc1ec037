//! Being heard: complaints (投诉) and questions (咨询), filed and followed by anyone.
//!
//! What is filed gives a number and a lookup code, which are shown once and sent in the body of a form, as
//! those of an application are.

mod ask;
mod complaint;
mod file;
pub mod followed;
mod published;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DocumentNumber, Fields, Kind, LookupCode};

#[cfg(test)]
pub use ask::view as question_page;
#[cfg(test)]
pub use followed::page as complaint_page;

use super::Pages;
use super::ask::Departments;
use super::form::{Control, Field, Form, Typed, same_name};
use super::shell::Shell;
use super::upload::FORM_MAX;
use super::visitor::{Names, Visitor};
use crate::http::problem::status_of;

/// Everything under `/complaints` and `/questions`.
pub fn routes() -> Router<Pages> {
    let with_files = DefaultBodyLimit::max(FORM_MAX);
    Router::new()
        .route("/complaints", get(published::complaints))
        .route("/complaints/new", get(file::show).post(file::send).layer(with_files))
        .route("/complaints/follow", get(complaint::show).post(complaint::open))
        .route("/complaints/act", get(complaint::back).post(complaint::act))
        .route("/questions", get(published::answers))
        .route("/questions/new", get(ask::show).post(ask::send))
        .route("/questions/follow", get(ask::lookup).post(ask::follow))
}

/// A page that asks one thing.
#[derive(Template)]
#[template(path = "heard/form.html")]
pub struct Asking {
    pub s: Shell,
    pub title: String,
    pub intro: String,
    pub hint: String,
    pub form: Form,
}

/// Number and lookup code, shown once.
#[derive(Template)]
#[template(path = "heard/filed.html")]
pub struct Filed {
    pub s: Shell,
    pub title: String,
    /// Where it is followed.
    pub follow: &'static str,
    pub number: String,
    pub lookup_code: String,
    /// As it is shown, in two groups of four.
    pub shown_code: String,
    /// What is done by when.
    pub due: String,
}

/// Who answers a question: a department, or the window where there is none.
pub fn answerer(department: &str, departments: &Departments, s: &Shell) -> String {
    match department {
        "" => s.t("question.window").to_owned(),
        department => departments.name(department, s.text.lang()),
    }
}

/// Who handles a complaint: a department, or the supervisor's office where there is none.
pub fn handler(department: &str, departments: &Departments, s: &Shell) -> String {
    match department {
        "" => s.t("complaint.office").to_owned(),
        department => departments.name(department, s.text.lang()),
    }
}

/// A lookup code in two groups of four.
pub fn in_groups(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

/// Number and code as they were typed.
struct Key {
    number: String,
    code: String,
}

impl Key {
    fn read(typed: &Typed) -> Result<Self> {
        let mut fields = Fields::new();
        let number = fields.take("number", DocumentNumber::parse(typed.get("number")));
        let code = fields.take("code", LookupCode::parse(typed.get("code")));
        fields.build(|| {
            let (number, code) = number.zip(code)?;
            Some(Self { number: number.to_string(), code: code.as_str().to_owned() })
        })
    }

    fn pairs(&self) -> Vec<(String, String)> {
        vec![("number".to_owned(), self.number.clone()), ("code".to_owned(), self.code.clone())]
    }
}

/// The question for number and lookup code, sent to `action`, with what is wrong with those given.
fn lookup(
    visitor: &Visitor,
    here: &'static str,
    (action, title): (&str, &str),
    typed: &Typed,
    refused: Option<&Error>,
) -> Result<Response> {
    let s = visitor.shell.clone().at(here);
    let number =
        Field::new(Control::Line, "number", s.t("heard.number")).required().typed(typed).known_as("off");
    let code = Field::new(Control::Line, "code", s.t("track.code")).required().known_as("off");
    let mut form = Form::new("follow", action, s.t("heard.open"))
        .group("", vec![number, code.hint(s.t("track.code_hint"))]);
    let mut status = StatusCode::OK;
    if let Some(error) = refused {
        form.refuse(error, s.text, &Names::default(), same_name);
        status = status_of(error);
    }
    let page = Asking {
        title: s.t(title).to_owned(),
        intro: s.t("heard.follow_intro").to_owned(),
        hint: s.t("heard.lost").to_owned(),
        form,
        s,
    };
    visitor.page(status, &page)
}

/// Whether an error is about what was sent, and not about us.
fn is_theirs(error: &Error) -> bool {
    !matches!(error.kind(), Kind::Internal | Kind::Unavailable)
}

/// The fields of an enum's values, named in the reader's language.
fn named<T: Copy>(
    s: &Shell,
    kind: &str,
    values: &[T],
    code: impl Fn(T) -> &'static str,
) -> Vec<(String, String)> {
    values.iter().map(|value| (code(*value).to_owned(), s.name(kind, code(*value)))).collect()
}
