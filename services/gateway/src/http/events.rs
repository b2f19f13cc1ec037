//! Streams of the contract as server-sent events, which a browser follows and goes on with by itself.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http::HeaderMap;
use prost_reflect::{DynamicMessage, Value};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

use super::route::{CURSOR, Route};
use super::{call, json, transcode};
use crate::door::{self, Door};

/// The header with which a client goes on, as the `id` of the last event that it has seen.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// Answers with the events of `route`, until the client leaves or the process stops.
pub async fn answer(door: Door, route: Arc<Route>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    match follow(&door, &route, request).await {
        Ok(events) => {
            let events = events.take_until(door.stop().clone().cancelled_owned());
            Sse::new(events).keep_alive(KeepAlive::default()).into_response()
        }
        Err(refusal) => transcode::refused(refusal, lang),
    }
}

async fn follow(
    door: &Door,
    route: &Route,
    request: Request,
) -> Result<impl Stream<Item = Result<Event>> + use<>> {
    let last = last_event_id(request.headers())?;
    let (caller, mut message) = transcode::understand(door, route, request).await?;
    if let Some(last) = last {
        message.set_field_by_name(CURSOR, Value::String(last));
    }
    let answers = call::stream(door, &caller, route, &message).await?;
    Ok(answers.and_then(async |message| event(&message)).inspect_err(|error| {
        tracing::info!(reason = error.reason().as_str(), "A stream of events has ended.");
    }))
}

fn event(message: &DynamicMessage) -> Result<Event> {
    let data = String::from_utf8(json::write(message)?).map_err(Error::internal)?;
    let cursor = message.get_field_by_name(CURSOR);
    let cursor = cursor.as_ref().and_then(|cursor| cursor.as_str()).unwrap_or_default();
    Ok(Event::default().id(cursor).data(data))
}

/// Where the client goes on; it knows better than the address that it was first given.
fn last_event_id(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(last) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let last = last.to_str().map_err(|_| Error::field(CURSOR, Reason::UnknownCursor))?;
    Ok(Some(last.to_owned()))
}
