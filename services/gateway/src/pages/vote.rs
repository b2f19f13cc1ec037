//! Casting a ballot of a democratic review. Who holds the code votes; the page asks for nothing else and keeps nothing.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_proto::complaints::v1::appraisal_round::Phase;
use yimen_proto::complaints::v1::{AppraisalRound, Ballot, CastBallotRequest, Mark, OpenBallotRequest};

use super::form::{Control, Field, Form, Typed, same_name};
use super::shell::{Shell, Switch};
use super::visitor::{Names, Visitor, say, see_other};
use crate::http::problem::status_of;

/// The name in the form of the mark about the unit at a place.
const MARK: &str = "mark.";

/// Where the code is typed that somebody got on paper.
#[derive(Template)]
#[template(path = "vote_code.html")]
pub struct Code {
    pub s: Shell,
    pub form: Form,
}

/// A choice about a unit.
#[derive(Clone, Debug)]
pub struct ChoiceView {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A unit on the ballot.
#[derive(Clone, Debug)]
pub struct UnitView {
    pub name: String,
    /// The name of its mark in the form.
    pub field: String,
    pub choices: Vec<ChoiceView>,
}

/// The ballot.
#[derive(Template)]
#[template(path = "vote.html")]
pub struct Paper {
    pub s: Shell,
    pub action: String,
    pub title: String,
    pub group: String,
    pub close_time: String,
    /// How many units may be named on each list; 0 where each is rated.
    pub nominations: u32,
    pub units: Vec<UnitView>,
    /// Why it was refused.
    pub refusal: String,
}

/// What is said instead of a ballot: that it was cast, or why none is taken.
#[derive(Template)]
#[template(path = "voted.html")]
pub struct Said {
    pub s: Shell,
    pub title: String,
    pub round: String,
    pub message: String,
    /// Whether a ballot was cast now.
    pub done: bool,
    /// Where the results are, or will be.
    pub results: String,
}

/// `GET /vote`
pub async fn ask(visitor: Visitor) -> Response {
    visitor.answer(code(&visitor, &Typed::default(), None))
}

/// `POST /vote`: on to the ballot.
pub async fn enter(visitor: Visitor, typed: Typed) -> Response {
    let token = plain(typed.get("token"));
    if token.is_empty() {
        return visitor.answer(code(&visitor, &typed, Some(&Error::field("token", Reason::Required))));
    }
    match visitor.ask.open_ballot(OpenBallotRequest { token: token.clone() }).await {
        Ok(_) => see_other(&format!("/vote/{token}")),
        Err(error) => visitor.answer(code(&visitor, &typed, Some(&error))),
    }
}

/// `GET /vote/{token}`
pub async fn show(visitor: Visitor, Path(token): Path<String>) -> Response {
    visitor.answer(shown(&visitor, &token).await)
}

/// `POST /vote/{token}`
pub async fn cast(visitor: Visitor, Path(token): Path<String>, typed: Typed) -> Response {
    visitor.answer(sent(&visitor, &token, &typed).await)
}

/// What can stand in an address of what was typed.
fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

fn code(visitor: &Visitor, typed: &Typed, refused: Option<&Error>) -> Result<Response> {
    let s = visitor.shell.clone().at("reviews");
    let token = Field::new(Control::Line, "token", s.t("vote.code"));
    let token = token.required().hint(s.t("vote.code_hint")).typed(typed).known_as("off");
    let mut form = Form::new("vote", "/vote", s.t("vote.open")).group("", vec![token]);
    let mut status = StatusCode::OK;
    if let Some(error) = refused {
        form.refuse(error, s.text, &Names::default(), same_name);
        status = status_of(error);
    }
    visitor.page(status, &Code { s, form })
}

async fn shown(visitor: &Visitor, token: &str) -> Result<Response> {
    let ballot = match visitor.ask.open_ballot(OpenBallotRequest { token: token.to_owned() }).await {
        Ok(ballot) => ballot,
        Err(error) => return unopened(visitor, error),
    };
    let round = ballot.round.clone().unwrap_or_default();
    let refused = match round.phase() {
        Phase::Voting if ballot.spent => Some(Error::precondition(Reason::AlreadyVoted)),
        Phase::Voting => None,
        Phase::Preparing => Some(
            Error::precondition(Reason::VoteEarly).with("opens_at", visitor.shell.time(&round.open_time)),
        ),
        Phase::Closed | Phase::Counted | Phase::Published => Some(
            Error::precondition(Reason::VoteLate).with("closes_at", visitor.shell.time(&round.close_time)),
        ),
        Phase::Cancelled | Phase::Unspecified => {
            Some(Error::precondition(Reason::StateForbids).with("state", round.phase().as_str_name()))
        }
    };
    match refused {
        // It is no fault of the reader who looks: the page is there, and says how it stands.
        Some(error) => visitor.page(StatusCode::OK, &said(visitor, &round, &error)),
        None => visitor.page(StatusCode::OK, &paper(visitor, token, &ballot, &Typed::default(), None)),
    }
}

async fn sent(visitor: &Visitor, token: &str, typed: &Typed) -> Result<Response> {
    let ballot = match visitor.ask.open_ballot(OpenBallotRequest { token: token.to_owned() }).await {
        Ok(ballot) => ballot,
        Err(error) => return unopened(visitor, error),
    };
    let round = ballot.round.clone().unwrap_or_default();
    let mark = |(place, unit): (usize, &yimen_proto::complaints::v1::AppraisedUnit)| Mark {
        department: unit.department.clone(),
        choice: typed.get(&format!("{MARK}{place}")).to_owned(),
    };
    let marks = (1..).zip(&round.units).map(mark).filter(|mark| !mark.choice.is_empty()).collect();
    match visitor.ask.cast_ballot(CastBallotRequest { token: token.to_owned(), marks }).await {
        Ok(_) => {
            let s = thanked(visitor, &round);
            let page = Said {
                title: s.t("vote.thanks").to_owned(),
                round: round.title,
                message: s.t("vote.thanks_text").to_owned(),
                done: true,
                results: format!("/reviews/{}", round.round),
                s,
            };
            visitor.page(StatusCode::CREATED, &page)
        }
        Err(error) if error.reason() == Reason::InvalidRequest => {
            let page = paper(visitor, token, &ballot, typed, Some(&error));
            visitor.page(status_of(&error), &page)
        }
        Err(error) if error.kind() == Kind::FailedPrecondition => {
            visitor.page(status_of(&error), &said(visitor, &round, &error))
        }
        Err(error) => Err(error),
    }
}

/// A code that opens nothing leads back to where it is typed.
fn unopened(visitor: &Visitor, error: Error) -> Result<Response> {
    match error.reason() {
        Reason::BallotTokenUnknown | Reason::InvalidRequest => code(visitor, &Typed::default(), Some(&error)),
        _ => Err(error),
    }
}

/// The frame of a page that has no other language by a link: its address has the code.
fn thanked(visitor: &Visitor, round: &AppraisalRound) -> Shell {
    let results = format!("/reviews/{}", round.round);
    let other = if visitor.shell.is_english() { "zh" } else { "en" };
    visitor.shell.clone().at("reviews").switched_by(Switch::Link(format!("{results}?lang={other}")))
}

fn said(visitor: &Visitor, round: &AppraisalRound, error: &Error) -> Said {
    let s = visitor.shell.clone().at("reviews");
    Said {
        title: s.t("vote.refused").to_owned(),
        round: round.title.clone(),
        message: say(error, s.text, &Names::default()),
        done: false,
        results: format!("/reviews/{}", round.round),
        s,
    }
}

fn paper(visitor: &Visitor, token: &str, ballot: &Ballot, typed: &Typed, refused: Option<&Error>) -> Paper {
    let s = visitor.shell.clone().at("reviews");
    page(s, token, ballot, typed, refused)
}

/// The ballot, with what was marked before it was refused.
pub fn page(s: Shell, token: &str, ballot: &Ballot, typed: &Typed, refused: Option<&Error>) -> Paper {
    let round = ballot.round.clone().unwrap_or_default();
    let mut values: Vec<(String, String)> = match (&round.rated, &round.lists) {
        (Some(rated), _) => rated
            .levels()
            .map(|level| level.as_str_name().to_owned())
            .map(|code| (s.name("vote_choice", &code), code))
            .collect(),
        _ => ["BEST", "WORST"].map(|code| (s.name("vote_choice", code), code.to_owned())).into(),
    };
    values.push((s.t("vote.blank").to_owned(), String::new()));
    let unit = |(place, unit): (usize, yimen_proto::complaints::v1::AppraisedUnit)| {
        let field = format!("{MARK}{place}");
        let marked = typed.get(&field).to_owned();
        let choice = |(label, value): &(String, String)| ChoiceView {
            value: value.clone(),
            label: label.clone(),
            chosen: *value == marked,
        };
        let choices = values.iter().map(choice).collect();
        UnitView { name: s.pick(&unit.name_zh, &unit.name_en).to_owned(), field, choices }
    };
    let refusal = refused.map(|error| {
        let first = error.fields().first().map(|fault| fault.message(s.text.lang()));
        first.unwrap_or_else(|| say(error, s.text, &Names::default()))
    });
    Paper {
        action: format!("/vote/{}", plain(token)),
        title: round.title.clone(),
        group: s.name("voter_group", ballot.group().as_str_name()),
        close_time: s.time(&round.close_time),
        nominations: round.lists.map(|lists| lists.nominations).unwrap_or_default(),
        units: (1..).zip(round.units.clone()).map(unit).collect(),
        refusal: refusal.unwrap_or_default(),
        s,
    }
}
