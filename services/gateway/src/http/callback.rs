//! Callbacks: what an outside system posts and signs, handed byte for byte to the service that has the key.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use yimen_kernel::error::{Error, Result};
use yimen_platform::rpc::policy::{self, Policy};
use yimen_platform::signature::{KEY_ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use yimen_proto::policy::v1::SignedCallback;

use super::route::Route;
use super::transcode::{self, refused};
use super::{call, json};
use crate::door::{self, Door};

/// The largest body, in bytes.
const BODY_MAX: usize = 64 * 1024;
/// The same, as people read it.
const BODY_MAX_TEXT: &str = "64 KiB";

/// Every callback of the contract.
///
/// # Errors
/// A sentence that names the method whose callback cannot be served.
pub fn all() -> Result<Vec<Route>, String> {
    let extension = yimen_proto::pool().get_extension_by_name("yimen.policy.v1.callback");
    let extension = extension.ok_or("The contract knows no callbacks.")?;
    let address = |method: &MethodDescriptor| match method.options().get_extension(&extension).as_ref() {
        Value::String(address) if !address.is_empty() => Some(address.clone()),
        _ => None,
    };
    policy::methods()
        .filter_map(|method| Some((address(&method)?, method)))
        .map(|(pattern, method)| {
            let fits = policy::of(&method) == Some(Policy::Anyone)
                && method.input().full_name() == "yimen.policy.v1.SignedCallback";
            if !fits {
                return Err(format!(
                    "The callback of {} cannot be served: it takes a SignedCallback from anyone.",
                    method.full_name()
                ));
            }
            let (in_path, policy) = (Vec::new(), Policy::Anyone);
            Ok(Route { method, verb: Method::POST, pattern, in_path, success: 200, policy })
        })
        .collect()
}

/// Answers a callback with JSON.
pub async fn answer(door: Door, route: Arc<Route>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    match hand_on(&door, &route, request).await.and_then(|answer| json::write(&answer)) {
        Ok(json) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response(),
        Err(refusal) => refused(refusal, lang),
    }
}

async fn hand_on(door: &Door, route: &Route, request: Request) -> Result<DynamicMessage> {
    let caller = door.caller(request.headers(), door::peer(request.extensions()), None).await?;
    let (parts, body) = request.into_parts();
    let body = transcode::whole(&parts.headers, body, BODY_MAX, BODY_MAX_TEXT).await?;
    let header = |name| text(&parts.headers, name);
    let callback = SignedCallback {
        key_id: header(KEY_ID_HEADER),
        timestamp: header(TIMESTAMP_HEADER),
        signature: header(SIGNATURE_HEADER),
        body: body.into(),
    };
    let message = DynamicMessage::decode(route.method.input(), callback.encode_to_vec().as_slice());
    call::unary(door, &caller, route, &message.map_err(Error::internal)?).await
}

/// A header as text; one that is none cannot be a good signature and goes on as nothing.
fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
