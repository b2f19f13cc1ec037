//! The gateway's way to a service: over HTTP/2 to another process, or a direct call in the same one.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt as _};

/// How much of one call, or of its answer, may wait to be read, in bytes.
pub(crate) const STREAM_WINDOW: u32 = 128 * 1024;
/// How much of all calls of a connection may. Followers who do not read must leave room for everybody else; and of half
/// of it, at 256 for each short message, the HTTP/2 library allows so many messages to wait before it ends the connection,
/// and with it every call.
pub(crate) const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;

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
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_local_error_reset_streams(None)
        // An answer that names every bad field of a long request travels in the trailers.
        .http2_max_header_list_size(1 << 20)
        .tcp_nodelay(true);
    Ok(Channel::new(endpoint.connect_lazy().map_err(BoxError::from)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::{Bytes, to_bytes};
    use futures::stream;
    use tokio::net::TcpListener;
    use tonic::service::Routes;
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;

    use super::*;

    /// More than the HTTP/2 library lets wait of its own accord.
    const MESSAGES: usize = 5_000;

    async fn answer() -> axum::body::Body {
        let messages = (0..MESSAGES).map(|_| Ok::<_, Infallible>(Bytes::from_static(b"few")));
        axum::body::Body::from_stream(stream::iter(messages))
    }

    async fn length(answer: http::Response<Body>) -> usize {
        to_bytes(axum::body::Body::new(answer.into_body()), usize::MAX).await.unwrap().len()
    }

    #[tokio::test]
    async fn short_messages_that_nobody_reads_end_no_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Routes::from(Router::new().fallback(answer));
        tokio::spawn(Server::builder().add_routes(routes).serve_with_incoming(TcpIncoming::from(listener)));
        let service = remote("test", &address).unwrap();
        let ask = || service.clone().oneshot(http::Request::post("/").body(Body::empty()).unwrap());
        let unread = ask().await.unwrap();
        assert_eq!(length(ask().await.unwrap()).await, 3 * MESSAGES);
        assert_eq!(length(unread).await, 3 * MESSAGES);
    }
}
