//! The applications of a window's center, newest first.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::CaseNumber;
use yimen_kernel::error::Result;
use yimen_proto::intake::v1::application_state::Value as State;
use yimen_proto::intake::v1::decision::Outcome;
use yimen_proto::intake::v1::{ApplicationSummary, ListApplicationsRequest};

use super::super::form::Choice;
use super::super::shell::Shell;
use super::super::visitor::{Visitor, see_other};

/// An application in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub item: String,
    pub subject: String,
    pub applicant: String,
    pub state: String,
    pub state_code: String,
    pub outcome: String,
    pub submitted: String,
    pub second_supplement: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "staff/applications.html")]
pub struct Applications {
    pub s: Shell,
    pub states: Vec<Choice>,
    pub state: String,
    pub rows: Vec<Row>,
    /// The token of the next page; empty on the last.
    pub next: String,
    /// Whether this is not the first page.
    pub later: bool,
    /// A number that was looked for and is none.
    pub not_found: String,
}

const STATES: [State; 9] = [
    State::Submitted,
    State::Supplemented,
    State::SupplementRequested,
    State::Accepted,
    State::Decided,
    State::Completed,
    State::Delivered,
    State::Refused,
    State::Withdrawn,
];

/// `GET /staff/applications?state=SUBMITTED&page=…`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(page(&visitor).await)
}

async fn page(visitor: &Visitor) -> Result<Response> {
    visitor.staff()?;
    let looked_for = visitor.param("number").trim();
    if let Ok(number) = CaseNumber::parse(looked_for) {
        return Ok(see_other(&format!("/staff/applications/{number}")));
    }
    let state = STATES.into_iter().find(|state| state.as_str_name() == visitor.param("state"));
    let token = visitor.param("page");
    let asked = ListApplicationsRequest {
        center: String::new(),
        state: state.unwrap_or_default().into(),
        page_size: 50,
        page_token: token.to_owned(),
    };
    let answer = visitor.ask.list_applications(asked).await?;
    let s = visitor.shell.clone().at("applications");
    let choice = |found: State| Choice {
        value: found.as_str_name().to_owned(),
        label: s.name("application_state", found.as_str_name()),
        chosen: state == Some(found),
    };
    let page = Applications {
        states: STATES.into_iter().map(choice).collect(),
        state: state.map(|state| state.as_str_name().to_owned()).unwrap_or_default(),
        rows: answer.applications.iter().map(|summary| row(summary, &s)).collect(),
        next: answer.next_page_token,
        later: !token.is_empty(),
        not_found: looked_for.to_owned(),
        s,
    };
    visitor.page(StatusCode::OK, &page)
}

fn row(summary: &ApplicationSummary, s: &Shell) -> Row {
    let state = summary.state().as_str_name();
    Row {
        number: summary.number.clone(),
        item: s.pick(&summary.item_name_zh, &summary.item_name_en).to_owned(),
        subject: summary.subject.clone(),
        applicant: summary.applicant_name.clone(),
        state: s.name("application_state", state),
        state_code: state.to_ascii_lowercase(),
        outcome: match summary.outcome() {
            Outcome::Unspecified => String::new(),
            outcome => s.name("outcome", outcome.as_str_name()),
        },
        submitted: s.time(&summary.submit_time),
        second_supplement: summary.second_supplement,
    }
}
