//! The pages, before services that are played by a function.

mod flows;
mod heard;
mod render;
mod sample;
mod vote;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use chrono::DateTime;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use tonic::Status;
use tower::{BoxError, ServiceExt as _};
use yimen_kernel::Reason;
use yimen_kernel::error::Error;
use yimen_platform::Config;
use yimen_platform::clock::StillClock;
use yimen_platform::rpc::{Body as GrpcBody, Channel, Channels, to_status};
use yimen_proto::identity::v1 as identity;
use yimen_proto::policy::v1::Role;

use crate::door::Door;

/// The one session that the played identity knows.
const SESSION: &str = "good";

/// A call as a service saw it: the method's name and its messages.
#[derive(Clone)]
struct Call {
    method: String,
    messages: Vec<Bytes>,
}

impl Call {
    fn message<M: Message + Default>(&self) -> M {
        M::decode(self.messages[0].clone()).unwrap()
    }
}

type Played = Result<Vec<u8>, Error>;

/// The pages and what they asked.
struct Hall {
    router: Router,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hall {
    /// A hall with the sample centers and items; `play` answers everything else.
    fn new(play: impl Fn(&Call) -> Played + Send + Sync + 'static) -> Self {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let play = Arc::new(play);
        let mut channels = Channels::default();
        for service in ["identity", "intake", "approval", "complaints"] {
            let (calls, play) = (calls.clone(), play.clone());
            let answered = tower::service_fn(move |request: Request<GrpcBody>| {
                let (calls, play) = (calls.clone(), play.clone());
                async move {
                    let call = read(request).await?;
                    let played = known(&call).unwrap_or_else(|| play(&call));
                    calls.lock().unwrap().push(call);
                    Ok::<_, BoxError>(answer(played))
                }
            });
            channels.insert(service, Channel::new(answered));
        }
        let clock = StillClock::new(DateTime::from_timestamp(1_795_417_440, 0).unwrap());
        let door = Door::new(channels, &Config::default(), clock);
        Self {
            router: crate::http::observe::around(super::router(door, "https://hall.example").unwrap()),
            calls,
        }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
    }

    fn called(&self, method: &str) -> Vec<Call> {
        self.calls.lock().unwrap().iter().filter(|call| call.method == method).cloned().collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String {
        let from = self.body.split(&format!("type=\"hidden\" name=\"{name}\" value=\"")).nth(1).unwrap();
        from.split('"').next().unwrap().to_owned()
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).header("accept-language", "en").body(Body::empty()).unwrap()
}

fn post(path: &str, pairs: &[(&str, &str)]) -> Request<Body> {
    let encode = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            out.push_str(&format!("%{byte:02X}"));
            out
        })
    };
    let body: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Request::post(path)
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.join("&")))
        .unwrap()
}

/// A form with files: name, file name (empty for what is typed), content.
fn multipart(path: &str, parts: &[(&str, &str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, file_name, content) in parts {
        let file = if file_name.is_empty() && !name.starts_with("file.") {
            String::new()
        } else {
            format!("; filename=\"{file_name}\"")
        };
        body.push_str(&format!(
            "--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--cut--\r\n");
    Request::post(path)
        .header("accept-language", "en")
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(Body::from(body))
        .unwrap()
}

fn signed_in(mut request: Request<Body>) -> Request<Body> {
    let cookie = format!("yimen_session={SESSION}");
    request.headers_mut().insert("cookie", HeaderValue::try_from(cookie).unwrap());
    request
}

fn encoded(message: &impl Message) -> Option<Played> {
    Some(Ok(message.encode_to_vec()))
}

/// What every page asks.
fn known(call: &Call) -> Option<Played> {
    match call.method.as_str() {
        "Authenticate" => {
            let asked: identity::AuthenticateRequest = call.message();
            if asked.credential != SESSION {
                return Some(Err(Error::unauthenticated(Reason::SessionExpired)));
            }
            let claims = identity::ActorClaims {
                subject: "430102-clerk1".into(),
                name: "<b>Clerk</b>".into(),
                roles: vec![Role::Clerk.into(), Role::Approver.into()],
                center: "430102".into(),
                department: "430102-scjg".into(),
                ..identity::ActorClaims::default()
            };
            let signed = identity::SignedActor { claims: claims.encode_to_vec(), signature: vec![0; 64] };
            encoded(&identity::AuthenticateResponse { signed_actor: signed.encode_to_vec() })
        }
        "ListCenters" => encoded(&sample::centers()),
        "ListDepartments" => encoded(&sample::departments()),
        "GetItem" => encoded(&sample::item()),
        "ListItems" => encoded(&sample::items()),
        _ => None,
    }
}

async fn read(request: Request<GrpcBody>) -> Result<Call, BoxError> {
    let (parts, body) = request.into_parts();
    let mut body = body.collect().await?.to_bytes();
    let mut messages = Vec::new();
    while body.has_remaining() {
        let (_flag, length) = (body.get_u8(), body.get_u32() as usize);
        messages.push(body.split_to(length));
    }
    let method = parts.uri.path().rsplit('/').next().unwrap().to_owned();
    Ok(Call { method, messages })
}

fn answer(played: Played) -> Response<GrpcBody> {
    match played {
        Err(error) => Status::into_http(to_status(&error)),
        Ok(message) => {
            let mut framed = BytesMut::new();
            framed.put_u8(0);
            framed.put_u32(u32::try_from(message.len()).unwrap());
            framed.put_slice(&message);
            let trailers =
                HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
            let body = Full::new(framed.freeze()).with_trailers(async move { Some(Ok(trailers)) });
            Response::builder().header("content-type", "application/grpc").body(GrpcBody::new(body)).unwrap()
        }
    }
}

#[test]
fn a_played_actor_is_read_as_a_real_one() {
    let signed = identity::SignedActor::default().encode_to_vec();
    let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(signed);
    assert!(HeaderValue::try_from(text).is_ok());
}
