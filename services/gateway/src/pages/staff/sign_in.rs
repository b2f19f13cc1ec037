//! Signing in and out.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use yimen_kernel::error::{Error, Result};
use yimen_proto::identity::v1::{SignInRequest, SignOutRequest};

use super::super::cookies;
use super::super::form::{Control, Field, Form, Typed, same_name};
use super::super::shell::Shell;
use super::super::visitor::{Names, Visitor, see_other};
use crate::http::problem::status_of;

/// The page.
#[derive(Template)]
#[template(path = "staff/sign_in.html")]
pub struct SignIn {
    pub s: Shell,
    pub form: Form,
    /// Why one is here, if one was sent here.
    pub told: String,
}

/// `GET /staff/sign-in`
pub async fn show(visitor: Visitor) -> Response {
    let key = match (visitor.param("expired").is_empty(), visitor.param("next").is_empty()) {
        (false, _) => "sign_in.expired",
        (true, false) => "sign_in.needed",
        (true, true) => "",
    };
    let told = visitor.text().find(key).unwrap_or_default();
    let form = form(&visitor, visitor.param("next"), "");
    visitor.answer(page(&visitor, StatusCode::OK, form, told))
}

fn page(visitor: &Visitor, status: StatusCode, form: Form, told: &str) -> Result<Response> {
    let s = visitor.shell.clone().at("staff");
    visitor.page(status, &SignIn { s, form, told: told.to_owned() })
}

/// What is asked; `login` as it was typed.
fn form(visitor: &Visitor, next: &str, login: &str) -> Form {
    let text = visitor.text();
    let known = Field::new(Control::Line, "login", text.get("sign_in.login")).otherwise(login);
    let secret = Field::new(Control::Secret, "password", text.get("sign_in.password"));
    let fields = vec![known.required().known_as("username"), secret.required().known_as("current-password")];
    Form::new("sign-in", "/staff/sign-in", text.get("sign_in.submit")).hidden("next", next).group("", fields)
}

/// `POST /staff/sign-in`
pub async fn sign_in(visitor: Visitor, typed: Typed) -> Response {
    let message = SignInRequest {
        login: typed.get("login").trim().to_owned(),
        password: typed.get("password").to_owned(),
    };
    let answer = visitor.ask.sign_in(message).await;
    let opened = answer.and_then(|answer| {
        let secure = visitor.ask.door.behind_proxy();
        let cookie = cookies::open_session(&answer.session_token, secure)
            .ok_or_else(|| Error::internal("a session token is no cookie value"))?;
        let mut response = see_other(inside(typed.get("next")));
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(response)
    });
    visitor.answer(opened.or_else(|error| {
        let mut form = form(&visitor, typed.get("next"), typed.get("login"));
        form.refuse(&error, visitor.text(), &Names::default(), same_name);
        page(&visitor, status_of(&error), form, "")
    }))
}

/// `POST /staff/sign-out`
pub async fn sign_out(visitor: Visitor) -> Response {
    if let Some(session_token) = visitor.session.clone() {
        // Without the cookie the session is lost to this browser even if identity is away.
        let _ended = visitor.ask.sign_out(SignOutRequest { session_token }).await;
    }
    let mut response = see_other("/staff/sign-in?done=signed_out");
    response.headers_mut().append(SET_COOKIE, cookies::close_session());
    visitor.answer(Ok(response))
}

/// Where one wanted to go, if it is a page of the staff: nobody is sent elsewhere by a link.
fn inside(next: &str) -> &str {
    let plain = next.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_'));
    if plain && next.starts_with("/staff/") && !next.starts_with("/staff/sign-") { next } else { "/staff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(inside("/staff/tasks/430102"), "/staff/tasks/430102");
        for next in
            ["", "https://evil", "//evil", "/staff/../x", "/staff/sign-out", "/staff\r\nX: y", "/items"]
        {
            assert_eq!(inside(next), "/staff", "{next}");
        }
    }
}
