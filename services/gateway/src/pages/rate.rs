//! 好差评: whoever was served rates by the link, without an account and without script.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::complaints::v1::rating::{Aspect, Level};
use yimen_proto::complaints::v1::rating_invitation::State;
use yimen_proto::complaints::v1::{
    OpenRatingLinkRequest, RateRequest, RateResponse, Rater, RatingInvitation,
};
use yimen_proto::intake::v1::GetItemRequest;

use super::form::{Control, Field, Form, Typed, same_name};
use super::shell::{Shell, Switch};
use super::visitor::{Names, Visitor};
use crate::http::problem::status_of;

const LEVELS: [Level; 5] = [
    Level::VerySatisfied,
    Level::Satisfied,
    Level::FairlySatisfied,
    Level::Dissatisfied,
    Level::VeryDissatisfied,
];

const ASPECTS: [Aspect; 9] = [
    Aspect::Attitude,
    Aspect::Speed,
    Aspect::Guidance,
    Aspect::Materials,
    Aspect::Procedure,
    Aspect::Fees,
    Aspect::Surroundings,
    Aspect::OnlineService,
    Aspect::Other,
];

/// What is rated.
#[derive(Clone, Debug, Default)]
pub struct Served {
    pub event: String,
    pub center: String,
    pub item: String,
    pub served_on: String,
    pub until_on: String,
}

/// The form.
#[derive(Template)]
#[template(path = "rate.html")]
pub struct Rate {
    pub s: Shell,
    pub served: Served,
    pub form: Form,
}

/// What became of it: thanks, or why nothing can be rated.
#[derive(Template)]
#[template(path = "rated.html")]
pub struct Rated {
    pub s: Shell,
    pub title: String,
    pub message: String,
    /// What follows; may be empty.
    pub follows: String,
    pub served: Option<Served>,
}

/// `GET /rate/{token}`
pub async fn show(visitor: Visitor, Path(token): Path<String>) -> Response {
    visitor.answer(shown(&visitor, &token).await)
}

/// `POST /rate/{token}`
pub async fn send(visitor: Visitor, Path(token): Path<String>, typed: Typed) -> Response {
    visitor.answer(sent(&visitor, &token, &typed).await)
}

async fn shown(visitor: &Visitor, token: &str) -> Result<Response> {
    let (s, served) = match invitation(visitor, token).await? {
        Invited::Open(s, served) => (s, served),
        Invited::Ended(response) => return Ok(response),
    };
    let typed = Typed(vec![("request_id".to_owned(), visitor.new_request_id())]);
    let form = form(&s, token, &typed);
    visitor.page(StatusCode::OK, &Rate { s, served, form })
}

/// What a link leads to.
enum Invited {
    Open(Shell, Served),
    /// A page that says why nothing can be rated.
    Ended(Response),
}

async fn invitation(visitor: &Visitor, token: &str) -> Result<Invited> {
    let asked = OpenRatingLinkRequest { token: token.to_owned() };
    let found = match visitor.ask.open_rating_link(asked).await {
        Ok(found) => found,
        Err(error) if error.reason() == Reason::RatingLinkUnknown => {
            return ended(visitor, "rate.unknown", StatusCode::NOT_FOUND, None, "").map(Invited::Ended);
        }
        Err(error) => return Err(error),
    };
    let s = visitor.shell.clone();
    let served = served(visitor, &s, &found).await?;
    Ok(match found.state() {
        State::Open => Invited::Open(s, served),
        State::Rated => Invited::Ended(ended(visitor, "rate.already", StatusCode::OK, Some(served), "")?),
        State::TooLate | State::Unspecified => {
            Invited::Ended(ended(visitor, "rate.too_late", StatusCode::OK, Some(served), "")?)
        }
    })
}

async fn served(visitor: &Visitor, s: &Shell, found: &RatingInvitation) -> Result<Served> {
    let centers = visitor.ask.centers().await?;
    let center = centers.iter().find(|center| center.code == found.center);
    let item =
        match visitor.ask.get_item(GetItemRequest { code: found.item.clone(), ..Default::default() }).await {
            Ok(item) => s.pick(&item.name_zh, &item.name_en).to_owned(),
            // An item that is no longer published was served all the same.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::InvalidArgument) => {
                found.item.clone()
            }
            Err(error) => return Err(error),
        };
    Ok(Served {
        event: s.name("rating_event", found.event().as_str_name()),
        center: center.map(|center| s.pick(&center.name_zh, &center.name_en).to_owned()).unwrap_or_default(),
        item,
        served_on: s.date(&found.served_on),
        until_on: s.date(&found.until_on),
    })
}

/// The form, with what was typed.
pub fn form(s: &Shell, token: &str, typed: &Typed) -> Form {
    let name = |kind: &'static str, value: &str| (value.to_owned(), s.name(kind, value));
    let level = Field::new(Control::Radio, "level", s.t("rate.level"))
        .required()
        .choices(LEVELS.map(|level| name("rating_level", level.as_str_name())))
        .typed(typed);
    let aspects = Field::new(Control::Checks, "aspects", s.t("rate.aspects"))
        .choices(ASPECTS.map(|aspect| name("rating_aspect", aspect.as_str_name())))
        .typed(typed);
    let text = Field::new(Control::Paragraph, "text", s.t("rate.text"))
        .hint(s.with("form.at_most", "n", 500))
        .typed(typed);
    let who = Field::new(Control::Line, "rater.name", s.t("rate.name")).known_as("name").typed(typed);
    let mut mobile =
        Field::new(Control::Line, "rater.mobile", s.t("rate.mobile")).known_as("tel").typed(typed);
    mobile.keyboard = "tel";
    let may_know = Field::new(Control::Checks, "department_may_know", s.t("rate.who_may_know"))
        .choices([("1".to_owned(), s.t("rate.department_may_know").to_owned())])
        .typed(typed);
    Form::new("rate", format!("/rate/{token}"), s.t("rate.send"))
        .hidden("request_id", typed.get("request_id"))
        .group("", vec![level, aspects, text])
        .group(s.t("rate.contact"), vec![who, mobile, may_know])
        .group_intro(s.t("rate.contact_intro"))
}

async fn sent(visitor: &Visitor, token: &str, typed: &Typed) -> Result<Response> {
    let rater =
        Rater { name: typed.get("rater.name").to_owned(), mobile: typed.get("rater.mobile").to_owned() };
    let aspects = typed.all("aspects");
    let message = RateRequest {
        request_id: typed.get("request_id").to_owned(),
        token: token.to_owned(),
        level: Level::from_str_name(typed.get("level")).unwrap_or_default().into(),
        aspects: aspects.iter().map(|code| Aspect::from_str_name(code).unwrap_or_default().into()).collect(),
        text: typed.get("text").to_owned(),
        rater: Some(rater),
        department_may_know: !typed.get("department_may_know").is_empty(),
    };
    match visitor.ask.rate(message).await {
        Ok(answer) => thanks(visitor, &answer),
        Err(error) if error.kind() == Kind::InvalidArgument && error.reason() == Reason::InvalidRequest => {
            refused(visitor, token, typed, &error).await
        }
        Err(error) => match error.reason() {
            // The same form came before, with other content: the first counts.
            Reason::AlreadyRated | Reason::RequestIdReused => {
                ended(visitor, "rate.already", StatusCode::CONFLICT, None, "")
            }
            Reason::RatingLate => ended(visitor, "rate.too_late", StatusCode::CONFLICT, None, ""),
            Reason::RatingLinkUnknown => ended(visitor, "rate.unknown", StatusCode::NOT_FOUND, None, ""),
            _ => Err(error),
        },
    }
}

async fn refused(visitor: &Visitor, token: &str, typed: &Typed, error: &Error) -> Result<Response> {
    let (s, served) = match invitation(visitor, token).await? {
        Invited::Open(s, served) => (s, served),
        Invited::Ended(response) => return Ok(response),
    };
    let mut form = form(&s, token, typed);
    form.refuse(error, s.text, &Names::default(), same_name);
    visitor.page(status_of(error), &Rate { s, served, form })
}

fn thanks(visitor: &Visitor, answer: &RateResponse) -> Result<Response> {
    let s = &visitor.shell;
    let follows = if answer.is_followed {
        s.with("rate.followed", "date", s.date(&answer.rectify_until))
    } else {
        String::new()
    };
    ended(visitor, "rate.thanks", StatusCode::CREATED, None, &follows)
}

fn ended(
    visitor: &Visitor,
    key: &str,
    status: StatusCode,
    served: Option<Served>,
    follows: &str,
) -> Result<Response> {
    let s = visitor.shell.clone();
    // What was sent is not sent again for another language.
    let s = if status == StatusCode::CREATED { s.switched_by(Switch::None) } else { s };
    let title = s.t(&format!("{key}_title")).to_owned();
    let message = s.t(key).to_owned();
    visitor.page(status, &Rated { s, title, message, follows: follows.to_owned(), served })
}
