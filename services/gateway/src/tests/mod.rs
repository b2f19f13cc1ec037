//! The whole router, before services that are played by a function.

mod files;
mod grpc;
mod http;
mod wire;

use std::sync::{Arc, Mutex};

use ::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::Router;
use axum::body::Body;
use bytes::{Buf as _, Bytes};
use chrono::DateTime;
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use serde_json::Value;
use tonic::Status;
use tower::{BoxError, ServiceExt as _};
use yimen_kernel::error::Error;
use yimen_kernel::reason::Reason;
use yimen_platform::Config;
use yimen_platform::clock::StillClock;
use yimen_platform::rpc::{Body as GrpcBody, Channel, Channels, to_status};
use yimen_proto::identity::v1::{AuthenticateRequest, AuthenticateResponse};

const AUTHENTICATE: &str = "/yimen.identity.v1.Identity/Authenticate";
/// The one credential that the played identity knows.
const CREDENTIAL: &str = "good";

/// A call as a service saw it.
#[derive(Clone)]
struct Call {
    path: String,
    headers: HeaderMap,
    messages: Vec<Bytes>,
}

impl Call {
    fn message<M: Message + Default>(&self) -> M {
        M::decode(self.messages[0].clone()).unwrap()
    }
}

type Played = Result<Vec<Vec<u8>>, Status>;

/// A hall whose services answer every call with the same.
#[derive(Clone)]
struct Hall {
    router: Router,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hall {
    fn answering<M: Message>(messages: &[M]) -> Self {
        let messages: Vec<Vec<u8>> = messages.iter().map(Message::encode_to_vec).collect();
        Self::new(Config::default(), move |_| Ok(messages.clone()))
    }

    fn refusing(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self::new(Config::default(), move |_| Err(to_status(&error())))
    }

    fn new(config: Config, play: impl Fn(&Call) -> Played + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let play = Arc::new(play);
        let mut channels = Channels::default();
        for service in ["identity", "intake", "supervision", "complaints"] {
            let (calls, play) = (calls.clone(), play.clone());
            channels.insert(
                service,
                Channel::new(tower::service_fn(move |request: Request<GrpcBody>| {
                    let (calls, play) = (calls.clone(), play.clone());
                    async move {
                        let call = read(request).await?;
                        let played = if call.path == AUTHENTICATE { identify(&call) } else { play(&call) };
                        calls.lock().unwrap().push(call);
                        Ok::<_, BoxError>(answer(played))
                    }
                })),
            );
        }
        let clock = StillClock::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self { router: crate::router(channels, &config, clock).unwrap(), calls }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The calls that reached the services, without the questions to identity.
    fn calls(&self) -> Vec<Call> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| call.path != AUTHENTICATE).cloned().collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status, reason and faulty fields of a refusal.
    fn problem(&self) -> (u16, String, Vec<String>) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        let fields = json["fields"].as_array().unwrap().iter();
        let fields =
            fields.map(|f| format!("{}: {}", f["field"].as_str().unwrap(), f["reason"].as_str().unwrap()));
        (self.status.as_u16(), json["reason"].as_str().unwrap().to_owned(), fields.collect())
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()
}

fn signed_in(mut request: Request<Body>) -> Request<Body> {
    let value = HeaderValue::try_from(format!("Bearer {CREDENTIAL}")).unwrap();
    request.headers_mut().insert("authorization", value);
    request
}

fn identify(call: &Call) -> Played {
    let asked: AuthenticateRequest = call.message();
    if asked.credential != CREDENTIAL {
        return Err(to_status(&Error::unauthenticated(Reason::CredentialRevoked)));
    }
    Ok(vec![AuthenticateResponse { signed_actor: b"signed".to_vec() }.encode_to_vec()])
}

/// Takes a call apart: every message has a flag and its length before it.
async fn read(request: Request<GrpcBody>) -> Result<Call, BoxError> {
    let (parts, body) = request.into_parts();
    let mut body = body.collect().await?.to_bytes();
    let mut messages = Vec::new();
    while body.has_remaining() {
        let (_flag, length) = (body.get_u8(), body.get_u32() as usize);
        messages.push(body.split_to(length));
    }
    Ok(Call { path: parts.uri.path().to_owned(), headers: parts.headers, messages })
}

fn answer(played: Played) -> Response<GrpcBody> {
    match played {
        Err(status) => status.into_http(),
        Ok(messages) => {
            let body = Full::new(framed(&messages));
            let trailers =
                HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
            let body = GrpcBody::new(body.with_trailers(async move { Some(Ok(trailers)) }));
            Response::builder().header("content-type", "application/grpc").body(body).unwrap()
        }
    }
}

fn framed(messages: &[Vec<u8>]) -> Bytes {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.push(0);
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
    }
    bytes.into()
}
