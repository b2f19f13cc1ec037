//! Short messages of a window's center; those of which nobody knows whether they were sent come first.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::notification::v1::message::State;
use yimen_proto::notification::v1::resolve_message_request::Action;
use yimen_proto::notification::v1::{ListMessagesRequest, ListSimulatedRequest, ResolveMessageRequest};

use super::super::form::{Choice, Typed};
use super::super::shell::Shell;
use super::super::visitor::{Visitor, see_other};

/// A message in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub message: String,
    pub number: String,
    pub transition: String,
    pub mobile: String,
    pub state: String,
    pub created: String,
    pub reason: String,
    /// Whether a person has to decide.
    pub unknown: bool,
    pub request_id: String,
}

/// The page.
#[derive(Template)]
#[template(path = "staff/messages.html")]
pub struct Messages {
    pub s: Shell,
    pub states: Vec<Choice>,
    pub state: String,
    pub rows: Vec<Row>,
    /// The token of the next page; empty on the last.
    pub next: String,
}

/// What the simulated carrier received.
#[derive(Clone, Debug)]
pub struct Seen {
    pub received: String,
    pub mobile: String,
    pub text: String,
    pub outcome: String,
}

/// The simulated carrier's page.
#[derive(Template)]
#[template(path = "staff/simulator.html")]
pub struct Simulator {
    pub s: Shell,
    pub rows: Vec<Seen>,
    /// The token of the next page; empty on the last.
    pub next: String,
}

const STATES: [State; 9] = [
    State::Unknown,
    State::AwaitingContact,
    State::Queued,
    State::Sending,
    State::Sent,
    State::Delivered,
    State::FailedPermanent,
    State::FailedTemporary,
    State::Suppressed,
];

/// `GET /staff/messages?state=UNKNOWN&page=…`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

/// `POST /staff/messages`: decides about one.
pub async fn resolve(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(resolved(&visitor, &typed).await)
}

/// `GET /staff/simulator?page=…`
pub async fn simulator(visitor: Visitor) -> Response {
    visitor.answer(simulated(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    visitor.staff()?;
    let state = match visitor.param("state") {
        "" => State::Unknown,
        name => State::from_str_name(name).unwrap_or_default(),
    };
    let asked = ListMessagesRequest {
        state: state.into(),
        page_size: 50,
        page_token: visitor.param("page").to_owned(),
        ..ListMessagesRequest::default()
    };
    let answer = visitor.ask.list_messages(asked).await?;
    let s = visitor.shell.clone().at("messages");
    let choice = |found: State| Choice {
        value: found.as_str_name().to_owned(),
        label: s.name("message_state", found.as_str_name()),
        chosen: state == found,
    };
    let rows = answer.messages.iter().map(|message| Row {
        message: message.message.clone(),
        number: message.number.clone(),
        transition: s.name("message_template", &message.template),
        mobile: message.mobile.clone(),
        state: s.name("message_state", message.state().as_str_name()),
        created: s.time(&message.create_time),
        reason: message.reason.clone(),
        unknown: message.state() == State::Unknown,
        request_id: visitor.new_request_id(),
    });
    let page = Messages {
        states: STATES.into_iter().map(choice).collect(),
        state: state.as_str_name().to_owned(),
        rows: rows.collect(),
        next: answer.next_page_token,
        s,
    };
    visitor.page(StatusCode::OK, &page)
}

async fn resolved(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    visitor.staff()?;
    let action = Action::from_str_name(typed.get("action")).unwrap_or_default();
    let message = ResolveMessageRequest {
        request_id: typed.get("request_id").to_owned(),
        message: typed.get("message").to_owned(),
        action: action.into(),
        reason: visitor.text().get("messages.by_page").to_owned(),
    };
    visitor.ask.resolve_message(message).await?;
    Ok(see_other("/staff/messages?done=message"))
}

async fn simulated(visitor: &Visitor) -> Result<Response> {
    visitor.staff()?;
    let asked = ListSimulatedRequest { page_size: 50, page_token: visitor.param("page").to_owned() };
    let answer = visitor.ask.list_simulated(asked).await?;
    let s = visitor.shell.clone().at("simulator");
    let rows = answer.messages.iter().map(|message| Seen {
        received: s.time(&message.receive_time),
        mobile: message.mobile.clone(),
        text: message.text.clone(),
        outcome: s.name("simulated", &message.outcome),
    });
    let page = Simulator { rows: rows.collect(), next: answer.next_page_token, s };
    visitor.page(StatusCode::OK, &page)
}
