//! gRPC from outside, handed on as it is: only the headers that say who calls are ours.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::{StreamExt as _, stream};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, FORWARDED, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{Extensions, HeaderMap, Version};
use http_body::Frame;
use http_body_util::{BodyStream, StreamBody};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::service::Routes;
use tower::ServiceExt as _;
use tracing::Instrument as _;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::rpc::policy::{self, Policy};
use yimen_platform::rpc::{Body as GrpcBody, to_status};
use yimen_platform::telemetry;

use crate::door::{self, Door};
use crate::http::route::service_of;

/// Hands gRPC calls on.
#[derive(Clone)]
pub struct Proxy {
    door: Door,
    /// What the gateway answers itself: reflection and health.
    own: Routes,
}

impl Proxy {
    /// A proxy behind `door`.
    ///
    /// # Errors
    /// When the contract's descriptors cannot be served.
    pub fn new(door: Door) -> Result<Self, String> {
        let describe = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(yimen_proto::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let v1 = describe().build_v1().map_err(|error| error.to_string())?;
        let v1alpha = describe().build_v1alpha().map_err(|error| error.to_string())?;
        // The reporter starts with the whole process as serving, and nothing here changes it.
        let (_reporter, health) = tonic_health::server::health_reporter();
        let own = Routes::new(v1).add_service(v1alpha).add_service(health).prepare();
        Ok(Self { door, own })
    }

    async fn answer(self, request: http::Request<GrpcBody>) -> http::Response<GrpcBody> {
        let path = request.uri().path();
        if path.starts_with("/grpc.reflection.") || path.starts_with("/grpc.health.v1.Health/") {
            return match self.own.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
        }
        match self.forward(request).await {
            Ok(response) => response,
            Err(status) => status.into_http(),
        }
    }

    async fn forward(
        &self,
        request: http::Request<GrpcBody>,
    ) -> std::result::Result<http::Response<GrpcBody>, Status> {
        let path = request.uri().path();
        admit(path)?;
        let channel = self.door.open_channel(service_of(path.trim_start_matches('/'))).map_err(refusal)?;
        let peer = door::peer(request.extensions());
        let credential = door::bearer(request.headers()).map_err(refusal)?;
        let caller = self.door.caller(request.headers(), peer, credential).await.map_err(refusal)?;

        let (mut parts, body) = request.into_parts();
        strip(&mut parts.headers);
        self.door.announce(&caller, &mut parts.headers);
        parts.extensions = Extensions::new();
        parts.version = Version::HTTP_2;
        let is_watched = is_server_streaming(parts.uri.path());
        let response = channel.oneshot(http::Request::from_parts(parts, body)).await?;
        Ok(if is_watched { until(self.door.stop().clone(), response) } else { response })
    }
}

/// Middleware: a gRPC call goes to the proxy, whatever its path; everything else goes on.
pub async fn dispatch(State(proxy): State<Proxy>, request: Request, next: Next) -> Response {
    if !is_grpc(request.headers()) {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let method = if policy::at(path).is_some() { path.to_owned() } else { "other".to_owned() };
    let span = tracing::info_span!("grpc", otel.name = %method);
    telemetry::set_parent(&span, request.headers().get("traceparent").and_then(|value| value.to_str().ok()));
    proxy.answer(request.map(GrpcBody::new)).instrument(span).await.map(Body::new)
}

fn is_server_streaming(path: &str) -> bool {
    policy::methods().any(|method| method.is_server_streaming() && policy::path(&method) == path)
}

/// An answer of many messages that ends with `UNAVAILABLE` when the process stops, so that its reader
/// goes on elsewhere.
fn until(stop: CancellationToken, response: http::Response<GrpcBody>) -> http::Response<GrpcBody> {
    response.map(|body| {
        let frames = stream::unfold(Some(BodyStream::new(body)), move |open| {
            let stop = stop.clone();
            async move {
                let mut frames = open?;
                tokio::select! {
                    frame = frames.next() => frame.map(|frame| (frame, Some(frames))),
                    () = stop.cancelled() => {
                        let mut trailers = HeaderMap::new();
                        let status = refusal(Error::unavailable("the gateway stops"));
                        let written = status.add_header(&mut trailers);
                        Some((written.map(|()| Frame::trailers(trailers)), None))
                    }
                }
            }
        });
        GrpcBody::new(StreamBody::new(frames))
    })
}

/// Whether it is a call that a client from outside may make at all.
fn admit(path: &str) -> std::result::Result<(), Status> {
    match policy::at(path) {
        Some(Policy::Internal) => Err(refusal(Error::denied(Reason::NoPolicy))),
        Some(_) => Ok(()),
        None if policy::methods().any(|method| policy::path(&method) == path) => {
            Err(refusal(Error::denied(Reason::NoPolicy)))
        }
        None => Err(Status::unimplemented("There is no such method.")),
    }
}

/// Takes away what only the door may say, and what belongs to this connection alone.
fn strip(headers: &mut HeaderMap) {
    for name in
        [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, FORWARDED, HOST, CONNECTION, TRANSFER_ENCODING, UPGRADE]
    {
        headers.remove(name);
    }
    let ours: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("yimen-") || name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in ours {
        headers.remove(name);
    }
}

/// gRPC, and not gRPC-Web, which is framed in another way.
fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

fn refusal(error: Error) -> Status {
    to_status(&error)
}
