//! The gateway's way to a service: over HTTP/2 to another process, or a direct call in the same one.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt as _};

/// The body of a gRPC call and of its answer.
pub type Body = tonic::body::Body;

/// A way to one service; the generated clients take it as it is.
pub type Channel = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, BoxError>;

/// A way to each service, by its name.
#[derive(Clone, Default)]
pub struct Channels {
    ways: HashMap<&'static str, Channel>,
    stop: CancellationToken,
}

impl Channels {
    /// No way yet; `stop` is cancelled when the process stops.
    pub fn until(stop: CancellationToken) -> Self {
        Self { ways: HashMap::new(), stop }
    }

    /// Adds a way.
    pub fn insert(&mut self, service: &'static str, channel: Channel) {
        self.ways.insert(service, channel);
    }

    /// The way to `service`, if it is part of this deployment.
    pub fn get(&self, service: &str) -> Option<Channel> {
        self.ways.get(service).cloned()
    }

    /// Cancelled when the process stops: what goes on without end must then end.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

/// A way to a service at `address`; it connects when it is first used and again when it breaks.
///
/// # Errors
/// A sentence that says which address is wrong.
pub fn remote(service: &str, address: &str) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(|error| {
            format!("The address of {service} is not a URL ({error}); correct services.{service}.address.")
        })?
        .connect_timeout(Duration::from_secs(3))
        .http2_adaptive_window(true)
        // An answer that names every bad field of a long request travels in the trailers.
        .http2_max_header_list_size(1 << 20)
        .tcp_nodelay(true);
    Ok(Channel::new(endpoint.connect_lazy().map_err(BoxError::from)))
}
