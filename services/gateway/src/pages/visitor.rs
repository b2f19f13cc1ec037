//! Whoever opens a page: in which language, from where, signed in or not; and how a page, a
//! refusal or the way to another page is answered.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, VARY};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use prost::Message as _;
use uuid::{NoContext, Timestamp, Uuid};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::{Reason, Role};
use yimen_proto::identity::v1::{ActorClaims, SignedActor};

use super::ask::{Ask, Departments};
use super::form::Typed;
use super::shell::{Bar, Shell, Switch, in_language};
use super::text::Text;
use super::{Pages, cookies};
use crate::door::{self, DoorCaller};
use crate::http::problem::status_of;

/// Whoever opens a page.
#[derive(Clone)]
pub struct Visitor {
    /// What may be asked of the services in the visitor's name.
    pub ask: Ask,
    /// What stands around the page.
    pub shell: Shell,
    /// The address under which citizens reach the pages.
    pub public_url: Arc<str>,
    /// The session's token, if the browser sent one.
    pub session: Option<String>,
    who: Who,
    path: String,
    query: Vec<(String, String)>,
    chose_language: bool,
}

#[derive(Clone)]
enum Who {
    Nobody,
    /// The session is over or was never one.
    Over(Reason),
    /// Identity cannot be asked.
    Unknown,
    Staff(Box<ActorClaims>),
}

impl FromRequestParts<Pages> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Infallible> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|Query(pairs)| pairs);
        let query = query.unwrap_or_default();
        let asked =
            |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let chosen = asked("lang").and_then(cookies::language_of);
        let kept = cookies::get(&parts.headers, cookies::LANGUAGE);
        let lang = chosen
            .or_else(|| kept.as_deref().and_then(cookies::language_of))
            .unwrap_or_else(|| door::lang(&parts.headers));
        let text = pages.text(lang);

        let session = cookies::get(&parts.headers, cookies::SESSION);
        let (actor, who) = match pages.door.actor(session.as_deref()).await {
            Ok(None) => (None, Who::Nobody),
            Ok(Some(actor)) => match claims(&actor) {
                Some(claims) => (Some(actor), Who::Staff(Box::new(claims))),
                None => (None, Who::Unknown),
            },
            Err(error) if error.kind() == Kind::Unauthenticated => (None, Who::Over(error.reason())),
            Err(_) => (None, Who::Unknown),
        };
        let source = pages.door.source(door::peer(&parts.extensions), &parts.headers);
        let path = parts.uri.path().to_owned();
        let shell = Shell {
            text,
            switch: Switch::Link(in_language(&path, parts.uri.query().unwrap_or_default(), other(lang))),
            staff: match &who {
                Who::Staff(claims) => Some(Bar::of(claims)),
                _ => None,
            },
            done: asked("done").and_then(|key| text.find(&format!("done.{key}"))),
            here: "",
        };
        Ok(Self {
            public_url: pages.public_url.clone(),
            ask: Ask { door: pages.door.clone(), caller: DoorCaller { actor, source, lang } },
            shell,
            session,
            who,
            path,
            query,
            chose_language: chosen.is_some(),
        })
    }
}

fn other(lang: yimen_kernel::Lang) -> yimen_kernel::Lang {
    match lang {
        yimen_kernel::Lang::Zh => yimen_kernel::Lang::En,
        yimen_kernel::Lang::En => yimen_kernel::Lang::Zh,
    }
}

/// What identity signed. The services check the signature; the pages only show what it says.
fn claims(actor: &HeaderValue) -> Option<ActorClaims> {
    let signed = STANDARD_NO_PAD.decode(actor.as_bytes()).ok()?;
    let signed = SignedActor::decode(signed.as_slice()).ok()?;
    ActorClaims::decode(signed.claims.as_slice()).ok()
}

impl Visitor {
    /// The words in the visitor's language.
    pub fn text(&self) -> Text {
        self.shell.text
    }

    /// A parameter of the address; empty if it is not there.
    pub fn param(&self, name: &str) -> &str {
        self.query.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN`, `SESSION_EXPIRED`, `UNAVAILABLE`.
    pub fn staff(&self) -> Result<&ActorClaims> {
        match &self.who {
            Who::Staff(claims) => Ok(claims),
            Who::Nobody => Err(Error::unauthenticated(Reason::NotSignedIn)),
            Who::Over(reason) => Err(Error::unauthenticated(*reason)),
            Who::Unknown => Err(Error::unavailable("identity cannot be asked")),
        }
    }

    /// A name for one change, so that it is made once however often its form is sent.
    pub fn new_request_id(&self) -> String {
        let now = self.ask.door.clock().now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())).to_string()
    }

    /// Names the change of a form, unless it has one. Only a name that we gave is a name: what else was sent could
    /// be somebody else's.
    pub fn settle(&self, typed: &mut Typed) {
        if Uuid::parse_str(typed.get("request_id")).is_err() {
            typed.set("request_id".to_owned(), self.new_request_id());
        }
    }

    /// A page.
    ///
    /// # Errors
    /// `INTERNAL` if it cannot be written.
    pub fn page(&self, status: StatusCode, template: &impl Template) -> Result<Response> {
        let body = template.render().map_err(|error| Error::internal(error.to_string()))?;
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_LANGUAGE, HeaderValue::from_static(self.shell.tag())),
            (VARY, HeaderValue::from_static("accept-language, cookie")),
        ];
        Ok((status, headers, body).into_response())
    }

    /// What the browser gets: the page, or a page that says why there is none.
    pub fn answer(&self, result: Result<Response>) -> Response {
        let mut response = result.unwrap_or_else(|error| self.refusal(&error));
        let headers = response.headers_mut();
        // With `no-referrer` browsers would hide from us that our own forms are ours.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        if self.chose_language {
            headers.append(SET_COOKIE, cookies::language(self.text().lang()));
        }
        response
    }

    /// A refusal as a page; whoever is not signed in is led to where one signs in.
    fn refusal(&self, error: &Error) -> Response {
        if error.kind() == Kind::Unauthenticated && self.path.starts_with("/staff") {
            let mut response = see_other(&format!("/staff/sign-in?next={}", self.path));
            if self.session.is_some() {
                response.headers_mut().append(SET_COOKIE, cookies::close_session());
                let place = format!("/staff/sign-in?expired=1&next={}", self.path);
                if let Ok(place) = HeaderValue::try_from(place) {
                    response.headers_mut().insert(LOCATION, place);
                }
            }
            return response;
        }
        if error.kind() == Kind::Internal {
            tracing::error!(cause = ?std::error::Error::source(error), "A page failed by our fault.");
        }
        let page = Refusal {
            title: self.text().name("refusal", kind_key(error.kind())),
            message: say(error, self.text(), &Names::default()),
            s: self.shell.clone(),
        };
        self.page(status_of(error), &page)
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// Goes on to another page.
pub fn see_other(place: &str) -> Response {
    let place = HeaderValue::try_from(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}

/// A page that says why there is no other.
#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal {
    s: Shell,
    title: String,
    message: String,
}

fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidArgument => "invalid",
        Kind::NotFound => "not_found",
        Kind::PermissionDenied => "denied",
        Kind::Unauthenticated => "unauthenticated",
        Kind::AlreadyExists | Kind::FailedPrecondition | Kind::Aborted => "conflict",
        Kind::ResourceExhausted => "exhausted",
        Kind::Unavailable => "unavailable",
        Kind::Internal => "internal",
    }
}

/// What stands for codes in the text of a refusal.
#[derive(Default)]
pub struct Names {
    /// Of the center.
    pub departments: Departments,
    /// Of the case's materials, by their code.
    pub materials: BTreeMap<String, String>,
}

/// A refusal in the visitor's language, with names instead of codes.
pub fn say(error: &Error, text: Text, names: &Names) -> String {
    let mut said = Error::new(error.kind(), error.reason());
    for (key, value) in error.metadata() {
        let named = match key.as_str() {
            "state" => {
                let key = format!("state.{}", value.to_ascii_lowercase());
                text.find(&key).unwrap_or(value).to_owned()
            }
            "departments" => names.departments.names(value, text),
            "materials" => {
                let name = |code: &str| names.materials.get(code).map_or(code, String::as_str).to_owned();
                value.split(", ").map(name).collect::<Vec<_>>().join(text.get("list.separator"))
            }
            "roles" => {
                let name =
                    |code: &str| Role::parse(code).map_or(code, |role| role.text(text.lang())).to_owned();
                value.split(", ").map(name).collect::<Vec<_>>().join(text.get("list.separator"))
            }
            "date" => super::moment::date(value, text.lang()),
            _ => value.clone(),
        };
        said = said.with(key.as_str(), named);
    }
    said.message(text.lang())
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::Lang;

    #[test]
    fn refusals_name_things_as_people_do() {
        let text = Text::of(Lang::En).unwrap();
        let names = Names {
            departments: Departments::sample(&[("430102-scjg", "x", "Market Regulation")]),
            materials: BTreeMap::from([("plan".to_owned(), "Layout plan".to_owned())]),
        };
        let error = Error::precondition(Reason::OpinionsMissing).with("departments", "430102-scjg, 430102-x");
        assert!(say(&error, text, &names).contains("Market Regulation, 430102-x"));
        let error = Error::precondition(Reason::MaterialsOutstanding).with("materials", "plan");
        assert!(say(&error, text, &names).contains("Layout plan"));
        let error = Error::precondition(Reason::StateForbids).with("state", "ACCEPTED");
        assert!(!say(&error, text, &names).contains("ACCEPTED"));
        let error = Error::denied(Reason::RoleRequired).with("roles", "CLERK");
        assert!(say(&error, text, &names).contains("window clerk"));
    }
}
