//! What every HTTP request passes: a span, a measurement, security headers, and a net for panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method};
use tracing::Instrument as _;
use tracing::field::Empty;
use yimen_kernel::error::Error;
use yimen_platform::telemetry;

use super::problem::Problem;
use crate::door;

/// Only what this host serves, no inline script, no frame around it.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
/// Swagger UI sets styles on its elements.
const POLICY_DOCS: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                           object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Where Swagger UI is.
pub const DOCS: &str = "/api/docs";

/// Puts the middleware around a router.
pub fn around(router: Router) -> Router {
    router.layer(from_fn(observe))
}

async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The pattern, never the path: paths carry numbers of cases and queries carry lookup codes.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = method_name(request.method());
    let lang = door::lang(request.headers());
    let docs = request.uri().path().starts_with(DOCS);
    let span = tracing::info_span!(
        "http",
        otel.name = %format!("{method} {route}"),
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    telemetry::set_parent(&span, request.headers().get("traceparent").and_then(|value| value.to_str().ok()));
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = answer.unwrap_or_else(|_panic| {
        span.in_scope(|| Problem::new(Error::internal("a handler panicked"), lang).into_response())
    });
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    secure(response.headers_mut(), docs);
    metrics::histogram!("yimen_http_seconds", "route" => route, "method" => method, "status" => status.to_string())
        .record(started.elapsed().as_secs_f64());
    response
}

/// Adds what is missing; a handler that has set one of these knows better.
fn secure(headers: &mut HeaderMap, docs: bool) {
    let defaults: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, if docs { POLICY_DOCS } else { POLICY }),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        // Answers are about people.
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// A method that nobody defined is the caller's text: it names no series.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
