//! What every call passes before a service sees it: trace, actor, policy; and what is measured of it.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures::future::BoxFuture;
use tower::Service;
use tracing::Instrument as _;
use yimen_kernel::actor::Actor;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;

use super::actor::{self, ActorVerifier};
use super::channel::Body;
use super::{ACTOR_HEADER, SOURCE_HEADER, policy, status};
use crate::clock::Clock;
use crate::telemetry;

/// What stands for the caller's network address in rate limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source(pub String);

/// A service behind its guard.
#[derive(Clone)]
pub struct Guard<S> {
    inner: S,
    service: &'static str,
    verifier: ActorVerifier,
    clock: Arc<dyn Clock>,
}

impl<S> Guard<S> {
    /// Puts a guard before `inner`.
    pub fn new(service: &'static str, inner: S, verifier: ActorVerifier, clock: Arc<dyn Clock>) -> Self {
        Self { inner, service, verifier, clock }
    }

    fn admit(&self, request: &http::Request<Body>) -> Result<Actor> {
        let path = request.uri().path();
        let actor = match request.headers().get(ACTOR_HEADER) {
            None => Actor::anonymous(),
            Some(value) => {
                let signed = actor::from_header(value)
                    .ok_or_else(|| Error::new(Kind::Unauthenticated, Reason::NotSignedIn))?;
                self.verifier.verify(&signed, self.clock.now())?
            }
        };
        if path.starts_with("/grpc.health.v1.Health/") {
            return Ok(actor);
        }
        policy::at(path).ok_or_else(|| Error::denied(Reason::NoPolicy))?.admit(&actor)?;
        Ok(actor)
    }
}

impl<S> Service<http::Request<Body>> for Guard<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let started = Instant::now();
        let service = self.service;
        let method = request.uri().path().to_owned();
        let span =
            tracing::info_span!("rpc", otel.name = %format!("{service} {method}"), rpc.service = service);
        telemetry::set_parent(
            &span,
            request.headers().get("traceparent").and_then(|value| value.to_str().ok()),
        );
        let refusal = match self.admit(&request) {
            Ok(actor) => {
                let source = request.headers().get(SOURCE_HEADER).and_then(|value| value.to_str().ok());
                let source = Source(source.unwrap_or_default().to_owned());
                request.extensions_mut().insert(actor);
                request.extensions_mut().insert(source);
                None
            }
            Err(error) => Some(span.in_scope(|| status::to_status(&error))),
        };
        // The clone stays behind; the one that is ready answers.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        Box::pin(
            async move {
                let answer = match refusal {
                    Some(refusal) => Ok(refusal.into_http()),
                    None => ready.call(request).await,
                };
                let outcome = match &answer {
                    Ok(response) => response
                        .headers()
                        .get("grpc-status")
                        .and_then(|status| status.to_str().ok())
                        .unwrap_or("0")
                        .to_owned(),
                    Err(_) => "2".to_owned(),
                };
                // An unknown path is the caller's text: it names no series.
                let method = if policy::at(&method).is_some() { method } else { "unknown".to_owned() };
                metrics::histogram!("yimen_rpc_seconds", "service" => service, "method" => method, "code" => outcome)
                    .record(started.elapsed().as_secs_f64());
                answer
            }
            .instrument(span),
        )
    }
}
