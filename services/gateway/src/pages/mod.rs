//! Pages for people with a browser: citizens of every age, and those who work in the hall.
//!
//! The cast: the [`visitor::Visitor`] is whoever opens a page, in Chinese or English, signed in or
//! not; the [`shell::Shell`] is what stands around every page; [`ask::Ask`] puts the page's
//! questions to the services in the visitor's name; a [`form::Form`] is what the visitor fills in.
//! Each page has one file with what it shows, and one template with how it looks.
//!
//! The pages work without script. A form that changes something is sent with POST, is taken only
//! from our own pages ([`origin`]), and carries a name of its change, so that sending it twice
//! changes things once. A number together with its lookup code never stands in an address; the one secret that does
//! is a link to rate, which says nothing of anybody. What
//! was typed is never lost: a refused form comes back as it was, with the faults at their fields.

mod apply;
mod ask;
mod assets;
mod cookies;
mod form;
mod guide;
mod heard;
mod home;
mod items;
mod moment;
mod origin;
mod plan;
mod printed;
mod qr;
mod rate;
mod ratings;
mod reviews;
mod shell;
mod staff;
mod steps;
mod text;
mod track;
mod upload;
mod visitor;
mod vote;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use yimen_kernel::error::Error;
use yimen_kernel::{Lang, Reason};

use crate::door::Door;
use text::Text;
use visitor::Visitor;

/// What every page works with.
#[derive(Clone)]
pub struct Pages {
    door: Door,
    zh: Text,
    en: Text,
    /// The address under which citizens reach the pages.
    public_url: Arc<str>,
}

impl Pages {
    fn text(&self, lang: Lang) -> Text {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// The pages; what is printed leads below `public_url`.
///
/// # Errors
/// A sentence that says what to do.
pub fn router(door: Door, public_url: &str) -> Result<Router, String> {
    let public_url = public_url.into();
    let pages = Pages { door, zh: Text::of(Lang::Zh)?, en: Text::of(Lang::En)?, public_url };
    let with_files = DefaultBodyLimit::max(upload::FORM_MAX);
    let router = Router::new()
        .route("/", get(home::show))
        .route("/items", get(items::show))
        .route("/items/{code}", get(guide::show))
        .route("/apply/{code}", get(apply::show).post(apply::check).layer(with_files))
        .route("/apply/{code}/edit", post(apply::edit))
        .route("/apply/{code}/submit", post(apply::submit))
        .route("/track", get(track::show).post(track::open))
        .route("/track/materials", get(track::back).post(track::provide).layer(with_files))
        .route("/track/withdraw", get(track::back).post(track::withdraw))
        .route("/track/document", get(track::back).post(track::document))
        .route("/rate/{token}", get(rate::show).post(rate::send))
        .route("/ratings", get(ratings::show))
        .route("/vote", get(vote::ask).post(vote::enter))
        .route("/vote/{token}", get(vote::show).post(vote::cast))
        .route("/reviews", get(reviews::list))
        .route("/reviews/{round}", get(reviews::show))
        .route("/reviews/sessions/{scrutiny}", get(reviews::session))
        .route("/assets/{name}", get(assets::serve))
        .merge(heard::routes())
        .merge(staff::routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .layer(from_fn(origin::guard))
        .with_state(pages);
    Ok(router)
}

async fn nothing_here(visitor: Visitor) -> Response {
    let refused = Error::not_found(Reason::PageNotFound);
    let mut response = visitor.answer(Err(refused));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
