//! The one way in: whoever calls, over gRPC, HTTP or a page, is identified here and nowhere else.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};
use tower::timeout::TimeoutLayer;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer as _, ServiceExt as _};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::lang::Lang;
use yimen_kernel::reason::Reason;
use yimen_platform::rpc::actor::header_value;
use yimen_platform::rpc::{ACTOR_HEADER, Body, Channel, Channels, SOURCE_HEADER, from_status, to_status};
use yimen_platform::{Clock, Config, telemetry};
use yimen_proto::approval::v1::approval_client::ApprovalClient;
use yimen_proto::complaints::v1::appraisals_client::AppraisalsClient;
use yimen_proto::complaints::v1::complaints_client::ComplaintsClient;
use yimen_proto::complaints::v1::consultations_client::ConsultationsClient;
use yimen_proto::complaints::v1::ratings_client::RatingsClient;
use yimen_proto::complaints::v1::scrutinies_client::ScrutiniesClient;
use yimen_proto::identity::v1::AuthenticateRequest;
use yimen_proto::identity::v1::identity_client::IdentityClient;
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::notification::v1::notification_client::NotificationClient;

/// How long a question may take before it is answered with `UNAVAILABLE`.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is taken from a service, in bytes: a page of 200 items with their guides.
pub const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// A way to a service whose failures say what they mean to a client.
pub type Way = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// The way to the services, and who is let through.
#[derive(Clone)]
pub struct Door {
    channels: Channels,
    behind_proxy: bool,
    clock: Arc<dyn Clock>,
}

/// Who stands before the door.
#[derive(Clone, Debug, Default)]
pub struct DoorCaller {
    /// What identity signed for the caller; none for a citizen without an account.
    pub actor: Option<HeaderValue>,
    /// What stands for the caller's network address in rate limits.
    pub source: String,
    /// The language the caller reads.
    pub lang: Lang,
}

impl Door {
    /// A door to these services.
    pub fn new(channels: Channels, config: &Config, clock: Arc<dyn Clock>) -> Self {
        Self { channels, behind_proxy: config.behind_proxy, clock }
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Cancelled when the process stops.
    pub fn stop(&self) -> &CancellationToken {
        self.channels.stop()
    }

    /// Whether a reverse proxy stands before the gateway, which then speaks HTTPS to the outside.
    pub fn behind_proxy(&self) -> bool {
        self.behind_proxy
    }

    /// Finds out who calls. `credential` is the session token or API key as the client sent it.
    ///
    /// # Errors
    /// What identity says of a credential that is not good, `UNAVAILABLE` if it cannot be asked.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        credential: Option<&str>,
    ) -> Result<DoorCaller> {
        Ok(DoorCaller {
            actor: self.actor(credential).await?,
            source: self.source(peer, headers),
            lang: lang(headers),
        })
    }

    /// The signed actor behind a credential. Identity is asked at every call, so that a revocation
    /// holds from the next call on.
    ///
    /// # Errors
    /// What identity says of a credential that is not good, `UNAVAILABLE` if it cannot be asked.
    pub async fn actor(&self, credential: Option<&str>) -> Result<Option<HeaderValue>> {
        let Some(credential) = credential else { return Ok(None) };
        let mut request = Request::new(AuthenticateRequest { credential: credential.to_owned() });
        trace(request.metadata_mut().as_mut());
        let answer = self.identity()?.authenticate(request).await.map_err(|status| from_status(&status))?;
        header_value(&answer.into_inner().signed_actor)
            .map(Some)
            .ok_or_else(|| Error::internal("the signed actor is no header value"))
    }

    /// What stands for the caller's network address in rate limits: the same for the same address
    /// in every process, and not the address itself. An IPv6 caller counts by its /64, because
    /// whoever has one address of it has all.
    pub fn source(&self, peer: SocketAddr, headers: &HeaderMap) -> String {
        let forwarded = if self.behind_proxy { forwarded_for(headers) } else { None };
        let mut digest = Sha256::new();
        digest.update(b"yimen source 1\0");
        match forwarded.unwrap_or(peer.ip()).to_canonical() {
            IpAddr::V4(address) => digest.update(address.octets()),
            IpAddr::V6(address) => {
                let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
                digest.update(network.octets());
            }
        }
        let mut digits = hex::encode(digest.finalize());
        digits.truncate(16);
        digits
    }

    /// A call to a service in the caller's name.
    pub fn request<T>(&self, caller: &DoorCaller, message: T) -> Request<T> {
        let mut request = Request::new(message);
        self.announce(caller, request.metadata_mut().as_mut());
        request
    }

    /// Writes who calls, and in which trace, into the headers of a call.
    pub fn announce(&self, caller: &DoorCaller, headers: &mut HeaderMap) {
        headers.remove(ACTOR_HEADER);
        if let Some(actor) = &caller.actor {
            headers.insert(ACTOR_HEADER, actor.clone());
        }
        headers.remove(SOURCE_HEADER);
        if let Ok(source) = HeaderValue::try_from(&caller.source) {
            headers.insert(SOURCE_HEADER, source);
        }
        trace(headers);
    }

    /// The way to a service, for calls that end within half a minute.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the service is not part of this deployment.
    pub fn channel(&self, service: &str) -> Result<Way> {
        let timed = TimeoutLayer::new(PATIENCE).layer(self.find(service)?);
        Ok(Way::new(timed.map_err(|error| out_of_reach(&error))))
    }

    /// The way to a service, for calls that take as long as they take: streams.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the service is not part of this deployment.
    pub fn open_channel(&self, service: &str) -> Result<Way> {
        Ok(Way::new(self.find(service)?.map_err(|error| out_of_reach(&error))))
    }

    fn find(&self, service: &str) -> Result<Channel> {
        self.channels
            .get(service)
            .ok_or_else(|| Error::unavailable(format!("{service} is not part of this deployment")))
    }
}

/// A client of each service: its method, its process and its type.
macro_rules! clients {
    ($($method:ident: $service:literal $client:ident;)*) => {
        impl Door {
            $(
                /// Its client.
                ///
                /// # Errors
                /// `UNAVAILABLE` if the service is not part of this deployment.
                pub fn $method(&self) -> Result<$client<Way>> {
                    Ok($client::new(self.channel($service)?).max_decoding_message_size(ANSWER_MAX))
                }
            )*
        }
    };
}

clients! {
    identity: "identity" IdentityClient;
    intake: "intake" IntakeClient;
    approval: "approval" ApprovalClient;
    notification: "notification" NotificationClient;
    complaints: "complaints" ComplaintsClient;
    consultations: "complaints" ConsultationsClient;
    ratings: "complaints" RatingsClient;
    appraisals: "complaints" AppraisalsClient;
    scrutinies: "complaints" ScrutiniesClient;
}

/// The caller's language, from `Accept-Language`.
pub fn lang(headers: &HeaderMap) -> Lang {
    headers
        .get(http::header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map(Lang::from_accept_language)
        .unwrap_or_default()
}

/// The credential in `Authorization: Bearer …`, if there is that header.
///
/// # Errors
/// `NOT_SIGNED_IN` for any other scheme, because a caller who tries to sign in and fails must not
/// go on as nobody.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(http::header::AUTHORIZATION) else { return Ok(None) };
    let refused = || Error::unauthenticated(Reason::NotSignedIn);
    let (scheme, credential) =
        value.to_str().map_err(|_| refused())?.trim().split_once(' ').ok_or_else(refused)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(refused());
    }
    Ok(Some(credential))
}

/// The address at the other end of the connection.
pub fn peer(extensions: &Extensions) -> SocketAddr {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |ConnectInfo(address)| *address)
}

/// The address that the nearest proxy saw: the entry that it added itself, on the right.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let nearest = headers.get_all("x-forwarded-for").iter().next_back()?;
    let entry = nearest.to_str().ok()?.rsplit(',').next()?.trim();
    entry.parse::<IpAddr>().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn trace(headers: &mut HeaderMap) {
    headers.remove("traceparent");
    if let Some(value) = telemetry::traceparent().and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert("traceparent", value);
    }
}

/// A service that did not answer is away, whatever broke on the way; clients see `UNAVAILABLE`.
fn out_of_reach(error: &BoxError) -> Status {
    tracing::warn!(%error, "A service did not answer.");
    to_status(&Error::new(Kind::Unavailable, Reason::Unavailable))
}
