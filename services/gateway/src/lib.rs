//! The only door from outside: pages, HTTP/JSON and gRPC on one port. It owns no data.
//!
//! The cast: the [`door::Door`] finds out who calls, by asking identity at every call, and knows
//! the way to each service; [`grpc`] hands gRPC calls through untouched except for their headers;
//! [`http`] makes HTTP routes, JSON and the OpenAPI document from the options and comments in the
//! contract; [`pages`] are for people with a browser.
//!
//! The life of a call: it arrives with a credential or none; headers that only the door may write
//! are thrown away; identity turns the credential into a signed actor; the owning service checks
//! the signature and the method's policy and answers; a refusal goes out as gRPC status, as
//! `application/problem+json` or as a page, in the caller's language.

pub mod door;
pub mod grpc;
pub mod http;
pub mod pages;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use yimen_platform::rpc::Channels;
use yimen_platform::{Clock, Config};

use crate::door::Door;

/// Everything that the gateway answers. A gRPC call is known by its content type and goes to the
/// proxy; `/api` is for programs; all else is for people.
///
/// # Errors
/// A sentence that says what part of the contract or of the pages cannot be served.
pub fn router(channels: Channels, config: &Config, clock: Arc<dyn Clock>) -> Result<Router, String> {
    let door = Door::new(channels, config, clock);
    let proxy = grpc::Proxy::new(door.clone())?;
    let api = http::observe::around(http::router(door.clone())?);
    let pages = http::observe::around(pages::router(door, &config.public_url()?)?);
    let router = api.fallback_service(pages).layer(from_fn_with_state(proxy, grpc::dispatch));
    Ok(router.layer(from_fn(http::drain::drain)))
}
