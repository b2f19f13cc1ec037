//! HTTP/JSON from the contract: a request becomes the method's message, its answer becomes JSON.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_body_util::LengthLimitError;
use prost_reflect::{DynamicMessage, FieldDescriptor, Value};
use yimen_kernel::check::Fields;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::rpc::policy::Policy;

use super::problem::Problem;
use super::route::{REQUEST_ID, Route};
use super::{call, json, query};
use crate::door::{self, Door, DoorCaller};

/// The largest JSON body, in bytes.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// The same, as people read it.
const BODY_MAX_TEXT: &str = "2 MiB";
/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// The header that names the one change; `request_id` in the message.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Answers a request with JSON.
pub async fn answer(door: Door, route: Arc<Route>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    let answered = ask(&door, &route, request).await.and_then(|message| {
        let status = StatusCode::from_u16(route.success).unwrap_or_default();
        Ok((status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json::write(&message)?))
    });
    match answered {
        Ok(response) => response.into_response(),
        Err(refusal) => refused(refusal, lang),
    }
}

/// The refusal as a response.
pub fn refused(error: Error, lang: yimen_kernel::Lang) -> Response {
    let unsupported = error.metadata().contains_key(MEDIA_TYPE);
    let problem = Problem::new(error, lang);
    if unsupported { problem.status(StatusCode::UNSUPPORTED_MEDIA_TYPE) } else { problem }.into_response()
}

/// Metadata key that marks a body of another media type than JSON.
const MEDIA_TYPE: &str = "media_type";

/// Calls the method of `route` with what the request says.
///
/// # Errors
/// Everything that is wrong with the request, and what the service says.
pub async fn ask(door: &Door, route: &Route, request: Request) -> Result<DynamicMessage> {
    let (caller, message) = understand(door, route, request).await?;
    call::unary(door, &caller, route, &message).await
}

/// Who calls, and what the request says as a message of `route`'s method.
///
/// # Errors
/// Everything that is wrong with the request.
pub async fn understand(
    door: &Door,
    route: &Route,
    mut request: Request,
) -> Result<(DoorCaller, DynamicMessage)> {
    let peer = door::peer(request.extensions());
    let caller = door.caller(request.headers(), peer, door::bearer(request.headers())?).await?;
    admit(route, &caller)?;
    let segments = segments(&mut request).await?;
    let (parts, body) = request.into_parts();
    let mut message = if route.verb == Method::GET {
        DynamicMessage::new(route.method.input())
    } else {
        check_media_type(&parts.headers)?;
        json::read(&whole(&parts.headers, body, BODY_MAX, BODY_MAX_TEXT).await?, &route.method.input())?
    };
    let mut faults = Fields::new();
    put_segments(&mut message, route, segments, &mut faults);
    put_query(&mut message, route, &parts.uri, &mut faults)?;
    put_request_id(&mut message, route, &parts.headers, &mut faults);
    faults.finish()?;
    Ok((caller, message))
}

/// Turns a caller without an account away from what needs one, before the body is read; whether
/// the account is the right one is the service's own check.
fn admit(route: &Route, caller: &DoorCaller) -> Result<()> {
    match (&route.policy, &caller.actor) {
        (Policy::Roles(_), None) => Err(Error::unauthenticated(Reason::NotSignedIn)),
        _ => Ok(()),
    }
}

/// The parts of the path that stand for fields, by the fields' names.
async fn segments(request: &mut Request) -> Result<Vec<(String, String)>> {
    let broken = || Error::field("path", Reason::BadFormat);
    if query::decode(request.uri().path(), false).is_none() {
        return Err(broken());
    }
    let params: RawPathParams = request.extract_parts().await.map_err(|_| broken())?;
    Ok(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn put_segments(
    message: &mut DynamicMessage,
    route: &Route,
    segments: Vec<(String, String)>,
    faults: &mut Fields,
) {
    for (name, text) in segments {
        let Some(field) = route.in_path.iter().find(|field| field.name() == name) else { continue };
        put(message, field, &text, faults);
    }
}

fn put_query(message: &mut DynamicMessage, route: &Route, uri: &Uri, faults: &mut Fields) -> Result<()> {
    let mut parameters = query::parse(uri.query())?;
    for field in route.in_query() {
        if let Some(text) = query::take(&mut parameters, field.name()) {
            put(message, &field, &text, faults);
        }
    }
    query::nothing_else(&parameters)
}

fn put_request_id(message: &mut DynamicMessage, route: &Route, headers: &HeaderMap, faults: &mut Fields) {
    let Some(field) = route.method.input().get_field_by_name(REQUEST_ID) else { return };
    for key in headers.get_all(IDEMPOTENCY_KEY) {
        match key.to_str() {
            // The header's draft standard writes it as a quoted string, most clients do not.
            Ok(key) => put(message, &field, key.trim_matches('"'), faults),
            Err(_) => faults.add(REQUEST_ID, Reason::BadFormat),
        }
    }
}

/// Puts a value into its field; what stands there already must be the same.
fn put(message: &mut DynamicMessage, field: &FieldDescriptor, text: &str, faults: &mut Fields) {
    let Some(value) = faults.take(field.name(), json::scalar(&field.kind(), text)) else { return };
    let there: Option<Value> = message.has_field(field).then(|| message.get_field(field).into_owned());
    if there.is_some_and(|there| there != value) {
        faults.add(field.name(), Reason::Duplicate);
    } else {
        message.set_field(field, value);
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<()> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(Error::new(Kind::InvalidArgument, Reason::MalformedBody).with(MEDIA_TYPE, "application/json"))
}

/// The whole body, if it has at most `max` bytes; `max_text` says so to people.
///
/// # Errors
/// `BODY_TOO_LARGE`; `MALFORMED_BODY` for one that breaks off.
pub async fn whole(headers: &HeaderMap, body: Body, max: usize, max_text: &'static str) -> Result<Bytes> {
    let too_large = || Error::new(Kind::ResourceExhausted, Reason::BodyTooLarge).with("limit", max_text);
    if announced(headers).is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    let read = tokio::time::timeout(BODY_PATIENCE, axum::body::to_bytes(body, max)).await;
    let cut_short = || Error::new(Kind::InvalidArgument, Reason::MalformedBody);
    read.map_err(|_| cut_short())?.map_err(|error| {
        let limit = std::error::Error::source(&error).is_some_and(|cause| cause.is::<LengthLimitError>());
        if limit { too_large() } else { cut_short() }
    })
}

/// The length that the client announces.
pub fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
