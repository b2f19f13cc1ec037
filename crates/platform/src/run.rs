//! Starting and stopping: the same services in one process or in many.

use std::convert::Infallible;
use std::future::{Future, IntoFuture as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower::{BoxError, ServiceExt as _};

use crate::bus::Bus;
use crate::bus::amqp::{self, AmqpBus};
use crate::bus::local::LocalBus;
use crate::chores::Chore;
use crate::clock::Clock;
use crate::config::Config;
use crate::context::{Context, Definition, Service};
use crate::messages::relay;
use crate::objects::Objects;
use crate::rpc::{ActorSigner, ActorVerifier, Body, Channel, Channels, Guard, channel};
use crate::store::{self, Embedded, Pool, Store};
use crate::telemetry;

/// The name of the service that signs actors.
const SIGNING_SERVICE: &str = "identity";
/// How long calls that were taken may go on when the process stops: as long as the gateway waits for
/// an answer.
const GRACE: Duration = Duration::from_secs(30);
/// Calls that one gateway may have open at a service. Each follower of tasks or warnings holds one as long as it
/// follows.
const CALLS_OF_A_GATEWAY: u32 = 20_000;

/// Everything that runs in this process, until [`Process::stop`].
pub struct Process {
    address: SocketAddr,
    /// Ends the listener and the consumers.
    stop: CancellationToken,
    work: TaskTracker,
    /// Ends the relays, which outlive the work so that its events still leave.
    stop_relays: CancellationToken,
    relays: TaskTracker,
    pools: Vec<Pool>,
    embedded: Option<Embedded>,
}

impl Process {
    fn new(address: SocketAddr, stop: CancellationToken) -> Self {
        Self {
            address,
            stop,
            work: TaskTracker::new(),
            stop_relays: CancellationToken::new(),
            relays: TaskTracker::new(),
            pools: Vec::new(),
            embedded: None,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The pools in use, for the checker of an embedded center.
    pub fn pool(&self) -> Option<&Pool> {
        self.pools.first()
    }

    /// Takes no new work, finishes what was taken, sends what is in the outboxes, and ends. Calls that
    /// have not ended after half a minute are cut off.
    ///
    /// # Errors
    /// When the embedded database does not stop in order.
    pub async fn stop(self) -> Result<(), String> {
        self.stop.cancel();
        self.work.close();
        if tokio::time::timeout(GRACE, self.work.wait()).await.is_err() {
            tracing::warn!("Calls that had not ended after half a minute were cut off.");
        }
        self.stop_relays.cancel();
        self.relays.close();
        self.relays.wait().await;
        if let (Some(embedded), Some(pool)) = (self.embedded, self.pools.first()) {
            return embedded.stop(pool).await;
        }
        for pool in &self.pools {
            pool.close();
        }
        Ok(())
    }

    fn relay(&self, store: &Store, bus: &Arc<dyn Bus>) {
        self.relays.spawn(relay::run(store.clone(), bus.clone(), self.stop_relays.clone()));
        self.relays.spawn(relay::tend(store.clone(), self.stop_relays.clone()));
    }

    fn do_chores(&self, store: &Store, chores: Vec<Chore>) {
        for chore in chores {
            self.work.spawn(chore.run(store.clone(), self.stop.clone()));
        }
    }

    /// Listens for everyone.
    fn listen(&self, listener: TcpListener, router: Router) {
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(self.stop.clone().cancelled_owned());
        self.work.spawn(serve(server.into_future()));
    }

    /// Listens for the gateways, each of which has one connection for all its callers.
    fn listen_to_gateways(&self, listener: TcpListener, router: Router) {
        let server = Server::builder()
            .accept_http1(true)
            .max_concurrent_streams(CALLS_OF_A_GATEWAY)
            // It is a gateway's: callers who hang up or send nonsense must not end the calls of all others.
            .http2_max_pending_accept_reset_streams(usize::try_from(CALLS_OF_A_GATEWAY).ok())
            .http2_max_local_error_reset_streams(None)
            .initial_stream_window_size(channel::STREAM_WINDOW)
            .initial_connection_window_size(channel::CONNECTION_WINDOW)
            .add_routes(Routes::from(router))
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                self.stop.clone().cancelled_owned(),
            );
        self.work.spawn(serve(server));
    }
}

async fn serve<E: std::fmt::Display>(server: impl Future<Output = Result<(), E>>) {
    if let Err(error) = server.await {
        tracing::error!(%error, "The listener failed.");
    }
}

/// Brings the schemas of `definitions` up to date and declares their queues if a broker is configured.
///
/// # Errors
/// A sentence that says what to do.
pub async fn migrate(definitions: &[Definition], config: &Config) -> Result<(), String> {
    for definition in definitions {
        let pool = store::connect(config.service_database_url(definition.name)?, 1).await?;
        definition.migrations.run(&pool).await?;
        pool.close();
    }
    let Some(url) = config.amqp_url.as_deref() else { return Ok(()) };
    let bus = AmqpBus::connect(url).await?;
    let scratch = Arc::new(Config { objects: std::env::temp_dir().join("yimen-migrate"), ..config.clone() });
    for definition in definitions {
        // What a service listens to is known only once it is built; building does nothing else.
        let pool = store::connect(config.service_database_url(definition.name)?, 1).await?;
        let context = context(
            definition,
            &pool,
            &scratch,
            Arc::new(crate::clock::SystemClock),
            Some(ActorSigner::generate()),
            CancellationToken::new(),
        )?;
        let service = (definition.build)(context).await?;
        bus.declare(definition.name, &service.subscriptions.kinds()).await?;
        pool.close();
    }
    Ok(())
}

/// Starts every service in this process, with the embedded database and the local bus, behind the
/// door that `gateway` builds.
///
/// # Errors
/// A sentence that says what to do.
pub async fn embedded(
    definitions: &[Definition],
    config: Config,
    data: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    gateway: impl FnOnce(Channels) -> Result<Router, String>,
) -> Result<Process, String> {
    let listener = bind(config.listen).await?;
    let embedded = Embedded::start(data).await?;
    let pool = embedded.pool().await?;
    let config = Arc::new(config);
    let signer = ActorSigner::generate();
    let stop = CancellationToken::new();
    let bus = Arc::new(LocalBus::default());
    let mut channels = Channels::until(stop.clone());
    let (mut subscribers, mut stores) = (Vec::new(), Vec::new());
    for definition in definitions {
        definition.migrations.run(&pool).await?;
        let context = context(definition, &pool, &config, clock.clone(), Some(signer.clone()), stop.clone())?;
        let store = context.store.clone();
        let service = (definition.build)(context).await?;
        service.subscriptions.register().await.map_err(|error| error.to_string())?;
        let guard = Guard::new(definition.name, service.routes.prepare(), signer.verifier(), clock.clone());
        channels.insert(definition.name, Channel::new(guard.map_err(BoxError::from)));
        subscribers.push(service.subscriptions);
        stores.push((store, service.chores));
    }
    bus.connect(subscribers);
    let bus: Arc<dyn Bus> = bus;
    let mut process = Process::new(listener.local_addr().map_err(|error| error.to_string())?, stop);
    for (store, chores) in stores {
        process.relay(&store, &bus);
        process.do_chores(&store, chores);
    }
    let door = gateway(channels)?.merge(admin(vec![pool.clone()], Some(bus)));
    process.listen(listener, door);
    process.pools.push(pool);
    process.embedded = Some(embedded);
    Ok(process)
}

/// Starts one service in this process, with PostgreSQL and RabbitMQ.
///
/// # Errors
/// A sentence that says what to do.
pub async fn service(
    definition: &Definition,
    config: Config,
    clock: Arc<dyn Clock>,
) -> Result<Process, String> {
    let listener = bind(config.service_listen(definition.name)).await?;
    let pool = store::connect(config.service_database_url(definition.name)?, config.pool_size).await?;
    definition.migrations.check(&pool).await?;
    let amqp_url = config.amqp_url()?.to_owned();
    let (signer, verifier) = keys(definition.name, &config)?;
    let bus: Arc<dyn Bus> = Arc::new(AmqpBus::connect(&amqp_url).await?);
    let config = Arc::new(config);
    let stop = CancellationToken::new();
    let context = context(definition, &pool, &config, clock.clone(), signer, stop.clone())?;
    let store = context.store.clone();
    let Service { routes, subscriptions, chores } = (definition.build)(context).await?;
    subscriptions.register().await.map_err(|error| error.to_string())?;

    let mut process = Process::new(listener.local_addr().map_err(|error| error.to_string())?, stop);
    process.relay(&store, &bus);
    process.do_chores(&store, chores);
    if !subscriptions.kinds().is_empty() {
        process.work.spawn(amqp::consume(amqp_url, subscriptions, process.stop.clone()));
    }
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let guard = Guard::new(definition.name, routes.add_service(health_service).prepare(), verifier, clock);
    process.listen_to_gateways(listener, grpc_router(guard).merge(admin(vec![pool.clone()], Some(bus))));
    process.pools.push(pool);
    Ok(process)
}

/// Starts the gateway in this process; it finds the services by their configured addresses.
///
/// # Errors
/// A sentence that says what to do.
pub async fn gateway(
    definitions: &[Definition],
    config: Config,
    gateway: impl FnOnce(Channels) -> Result<Router, String>,
) -> Result<Process, String> {
    let listener = bind(config.listen).await?;
    let stop = CancellationToken::new();
    let mut channels = Channels::until(stop.clone());
    for definition in definitions {
        let address = config.service_address(definition.name);
        channels.insert(definition.name, channel::remote(definition.name, &address)?);
    }
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let process = Process::new(address, stop);
    process.listen(listener, gateway(channels)?.merge(admin(Vec::new(), None)));
    Ok(process)
}

/// Waits for Ctrl-C or the operator's TERM.
///
/// # Errors
/// When the signals cannot be listened to.
pub async fn until_told_to_stop() -> std::io::Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = term.recv() => Ok(()),
    }
}

fn context(
    definition: &Definition,
    pool: &Pool,
    config: &Arc<Config>,
    clock: Arc<dyn Clock>,
    signer: Option<ActorSigner>,
    stop: CancellationToken,
) -> Result<Context, String> {
    let objects = Objects::local(&config.objects).map_err(|error| {
        format!(
            "The folder for files {} cannot be used ({error}); set YIMEN_OBJECTS to one that can.",
            config.objects.display()
        )
    })?;
    Ok(Context {
        store: Store::new(pool.clone(), definition.name, clock.clone()),
        objects,
        clock,
        config: config.clone(),
        signer: signer.filter(|_| definition.name == SIGNING_SERVICE),
        stop,
    })
}

fn keys(name: &str, config: &Config) -> Result<(Option<ActorSigner>, ActorVerifier), String> {
    if name == SIGNING_SERVICE {
        let digits = config.actor_private_key.as_deref().ok_or(
            "Identity has no key to sign with: run `yimen keys` and set YIMEN_ACTOR_PRIVATE_KEY for identity.",
        )?;
        let signer = ActorSigner::from_hex(digits)?;
        let verifier = signer.verifier();
        return Ok((Some(signer), verifier));
    }
    let digits = config.actor_public_key.as_deref().ok_or_else(|| {
        format!("{name} has no key to check callers with: run `yimen keys` and set YIMEN_ACTOR_PUBLIC_KEY for every service.")
    })?;
    Ok((None, ActorVerifier::from_hex(digits)?))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("{address} cannot be listened on ({error}); stop what uses it or choose another port.")
    })
}

/// A router that hands every call to a guarded service.
fn grpc_router(guard: Guard<Routes>) -> Router {
    let service = tower::service_fn(move |request: http::Request<axum::body::Body>| {
        let guard = guard.clone();
        async move {
            let answer = guard.oneshot(request.map(Body::new)).await;
            answer.map(|response| response.map(axum::body::Body::new))
        }
    });
    Router::new().fallback_service(infallible(service))
}

fn infallible<S>(service: S) -> S
where
    S: tower::Service<http::Request<axum::body::Body>, Error = Infallible>,
{
    service
}

/// What a process needs to be ready.
type Needs = (Arc<Vec<Pool>>, Option<Arc<dyn Bus>>);

/// `/metrics`, `/livez` and `/readyz`.
fn admin(pools: Vec<Pool>, bus: Option<Arc<dyn Bus>>) -> Router {
    Router::new()
        .route("/metrics", get(|| async { telemetry::metrics_page() }))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readiness))
        .with_state((Arc::new(pools), bus))
}

async fn readiness(State((pools, bus)): State<Needs>) -> (StatusCode, &'static str) {
    for pool in pools.iter() {
        if !answers(pool).await {
            return (StatusCode::SERVICE_UNAVAILABLE, "database unavailable");
        }
    }
    if bus.is_some_and(|bus| !bus.ready()) {
        return (StatusCode::SERVICE_UNAVAILABLE, "broker unavailable");
    }
    (StatusCode::OK, "ready")
}

async fn answers(pool: &Pool) -> bool {
    let question = async { sqlx::query("select 1").execute(&mut *pool.get().await.ok()?).await.ok() };
    tokio::time::timeout(Duration::from_secs(5), question).await.is_ok_and(|answer| answer.is_some())
}
