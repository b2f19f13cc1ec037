//! The same center as `deploy/processes` starts it: separate processes of the real program, with PostgreSQL
//! and RabbitMQ. Only that nothing is started again by itself: a test wants to see who is missed.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use lapin::options::{BasicPublishOptions, QueueDeleteOptions};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::{Mutex, OwnedMutexGuard};
use yimen::check::Pools;
use yimen::definitions;
use yimen_platform::Config;
use yimen_platform::rpc::ActorSigner;

use crate::echo::Echo;
use crate::{BANK, PASSWORD, bank_secret};

/// The queues bear the services' names, so that one broker serves one center at a time.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);
/// How long a process may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const GATEWAY: &str = "gateway";
const PORTS: Range<u16> = 20_000..30_000;

/// Where PostgreSQL and RabbitMQ are.
#[derive(Clone)]
pub struct Place {
    /// A database of a user who may create databases.
    pub database_url: String,
    /// A vhost whose `yimen.*` queues may be deleted.
    pub amqp_url: String,
}

impl Place {
    /// What the environment names; none if the tests are to run embedded.
    pub fn named() -> Option<Self> {
        let named = |key| std::env::var(key).ok();
        Some(Self {
            database_url: named("YIMEN_TEST_DATABASE_URL")?,
            amqp_url: named("YIMEN_TEST_AMQP_URL")?,
        })
    }
}

/// A database that nobody else uses.
pub struct Database {
    server_url: String,
    name: String,
}

impl Database {
    /// Makes one, where the tests' PostgreSQL is.
    pub async fn create(place: &Place) -> Self {
        let name = format!("yimen_test_{}", uuid::Uuid::now_v7().simple());
        administer(&place.database_url, format!("create database {name}")).await;
        Self { server_url: place.database_url.clone(), name }
    }

    /// Its address.
    pub fn url(&self) -> String {
        let (server, _) = self.server_url.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.name)
    }

    /// Removes it.
    pub async fn drop(self) {
        administer(&self.server_url, format!("drop database {} with (force)", self.name)).await;
    }
}

/// Where each service of a copy listens, and its gateway.
type Listens = BTreeMap<&'static str, SocketAddr>;

/// A running deployment on a database of its own.
pub struct Servers {
    place: Place,
    database: Option<Database>,
    objects: PathBuf,
    settings: Vec<(String, String)>,
    /// Every copy of the whole, the first of which has the doors that are asked.
    copies: Vec<Listens>,
    /// Where `deploy/processes` keeps its process ids and logs, in a folder for each copy; none once they have
    /// stopped.
    processes: Option<TempDir>,
    _turn: OwnedMutexGuard<()>,
}

impl Servers {
    /// Migrates a new database and starts every service and the gateway; `more` are further variables
    /// of their environment.
    pub async fn start(place: Place, more: &[(&str, &str)]) -> Self {
        let turn = TURN.clone().lock_owned().await;
        forget_queues(&place.amqp_url).await;
        let database = Database::create(&place).await;
        let objects = std::env::temp_dir().join(format!("yimen-tests-{}", uuid::Uuid::now_v7()));
        let signer = ActorSigner::generate();
        let mut servers = Self {
            database: Some(database),
            objects,
            settings: Vec::new(),
            copies: vec![listens()],
            processes: Some(tempfile::tempdir().expect("a temporary directory")),
            place,
            _turn: turn,
        };
        servers.settings = servers.common(&signer);
        servers.settings.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        servers.start_all().await;
        servers
    }

    /// Where the gateway listens.
    pub fn address(&self) -> SocketAddr {
        self.listen(GATEWAY)
    }

    /// Starts another copy of every service and of the gateway, and gives where that one listens.
    pub async fn add_copy(&mut self) -> SocketAddr {
        let listens = listens();
        let gateway = listens[GATEWAY];
        self.copies.push(listens);
        self.deploy(self.copies.len() - 1, "start", &names().collect::<Vec<_>>()).await;
        gateway
    }

    /// Where a service, or the gateway, listens.
    pub fn listen(&self, name: &str) -> SocketAddr {
        self.copies[0][name]
    }

    /// Kills a process as a power cut would.
    pub async fn kill(&mut self, name: &str) {
        let directory = self.directory(0);
        let script =
            format!("kill -KILL $(cat {name}.pid) && tail -s 0.05 --pid=$(cat {name}.keeper) -f /dev/null");
        let killed = Command::new("sh").args(["-c", &script]).current_dir(directory).status().await;
        assert!(killed.expect("sh starts").success(), "{name} runs");
    }

    /// Starts a process again and waits until it is ready.
    pub async fn restart(&mut self, name: &'static str) {
        self.deploy(0, "start", &[name]).await;
    }

    /// Asks every process to stop; only the first copy can be started again.
    pub async fn stop_all(&mut self) {
        for copy in (0..self.copies.len()).rev() {
            self.deploy(copy, "stop", &[]).await;
        }
        self.copies.truncate(1);
    }

    /// Starts every process and waits until all are ready.
    pub async fn start_all(&mut self) {
        self.deploy(0, "start", &[]).await;
    }

    /// Puts a message that is no event into a service's queue.
    pub async fn mislead(&self, service: &str) {
        let broker = connect(&self.place.amqp_url).await;
        let channel = broker.create_channel().await.expect("a channel");
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let queue = format!("yimen.{service}");
        let published =
            channel.basic_publish("".into(), queue.into(), options, b"\xff\xff", properties).await;
        published.expect("it is sent").await.expect("it is taken");
    }

    /// Has every event delivered again, to everybody and in another order, until it is stopped.
    pub fn echo(&self) -> Echo {
        Echo::start(self.place.amqp_url.clone())
    }

    /// The database, for the checker.
    pub async fn pools(&self) -> Pools {
        let config = Config { database_url: Some(self.database_url()), ..Config::default() };
        Pools::connect(&config).await.expect("the database can be read")
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        self.database.as_ref().expect("they run").url()
    }

    /// The process ids by the names of the services and the gateway, and by the copy from the second one on.
    pub fn pids(&self) -> BTreeMap<String, u32> {
        let pid = |copy: usize, name: &str| {
            let kept = std::fs::read_to_string(self.directory(copy).join(format!("{name}.pid")));
            kept.expect("it runs").trim().parse().expect("a process id")
        };
        let of_copy = |copy: usize| {
            names().map(move |name| {
                (if copy == 0 { name.to_owned() } else { format!("{name} {}", copy + 1) }, pid(copy, name))
            })
        };
        (0..self.copies.len()).flat_map(of_copy).collect()
    }

    /// A subcommand of the program with this deployment's configuration.
    pub fn command(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg(subcommand).args(arguments).kill_on_drop(true);
        self.configure(&mut command, 0);
        command
    }

    /// Has `deploy/processes` do something for a copy.
    async fn deploy(&self, copy: usize, action: &str, services: &[&str]) {
        let mut command = Command::new(crate::root().join("deploy/processes"));
        command.arg(action).arg(self.directory(copy)).args(services).stdout(Stdio::null());
        command.env("PROGRAM", program()).env("RESTART", "no");
        self.configure(&mut command, copy);
        let done = tokio::time::timeout(PATIENCE, command.status()).await.expect("it comes to an end");
        assert!(done.expect("it starts").success(), "deploy/processes {action}");
    }

    fn directory(&self, copy: usize) -> PathBuf {
        self.processes.as_ref().expect("they run").path().join(copy.to_string())
    }

    fn configure(&self, command: &mut Command, copy: usize) {
        command.stdin(Stdio::null());
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("YIMEN_") {
                command.env_remove(key);
            }
        }
        command.envs(self.settings.iter().map(|(key, value)| (key, value)));
        for (name, address) in &self.copies[copy] {
            if *name == GATEWAY {
                command.env("YIMEN_LISTEN", address.to_string());
            } else {
                let service = name.to_uppercase();
                command.env(format!("YIMEN_SERVICES__{service}__LISTEN"), address.to_string());
                command.env(format!("YIMEN_SERVICES__{service}__ADDRESS"), format!("http://{address}"));
            }
        }
    }

    /// Asks every process to stop, the gateway first, and removes what they left.
    pub async fn stop(mut self) {
        self.stop_all().await;
        self.processes = None;
        if let Some(database) = self.database.take() {
            database.drop().await;
        }
        if self.objects.exists() {
            std::fs::remove_dir_all(&self.objects).expect("its files can be removed");
        }
    }

    fn common(&self, signer: &ActorSigner) -> Vec<(String, String)> {
        vec![
            ("RUST_LOG".to_owned(), "warn".to_owned()),
            ("YIMEN_DATABASE_URL".to_owned(), self.database_url()),
            ("YIMEN_AMQP_URL".to_owned(), self.place.amqp_url.clone()),
            ("YIMEN_ACTOR_PRIVATE_KEY".to_owned(), signer.to_hex()),
            ("YIMEN_ACTOR_PUBLIC_KEY".to_owned(), signer.verifier().to_hex()),
            ("YIMEN_OPERATOR_PASSWORD".to_owned(), PASSWORD.to_owned()),
            (format!("YIMEN_BANK_KEYS__{}", BANK.to_uppercase()), bank_secret().into()),
            ("YIMEN_SMS_HOURS".to_owned(), "00:00-24:00".to_owned()),
            ("YIMEN_OBJECTS".to_owned(), self.objects.display().to_string()),
        ]
    }
}

impl Drop for Servers {
    /// A test that failed leaves nobody behind.
    fn drop(&mut self) {
        let Some(directory) = &self.processes else { return };
        let script = "kill -KILL $(cat */*.pid)";
        let _some_have_gone_already =
            std::process::Command::new("sh").args(["-c", script]).current_dir(directory.path()).status();
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    definitions().map(|definition| definition.name).into_iter().chain([GATEWAY])
}

/// The program: `YIMEN_TEST_PROGRAM`, or the one that cargo built beside who asks.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("YIMEN_TEST_PROGRAM") {
        return PathBuf::from(program);
    }
    let asker = std::env::current_exe().expect("the test has a path");
    let beside = asker.ancestors().skip(1).take(2).map(|directory| directory.join("yimen"));
    beside.into_iter().find(|program| program.is_file()).expect("`cargo build -p yimen` has been run")
}

fn listens() -> Listens {
    names().map(|name| (name, free_address())).collect()
}

/// An address that nobody listens on, another at every call, and below the ports that the system gives
/// to outgoing connections.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..PORTS.len())
        .find_map(|_| {
            let place =
                std::process::id().wrapping_mul(16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let port = PORTS.start + u16::try_from(place % u32::from(PORTS.end - PORTS.start)).ok()?;
            TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr()).ok()
        })
        .expect("a free port")
}

async fn administer(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("the user may create databases");
    connection.close().await.expect("PostgreSQL says good-bye");
}

/// Removes the queues that an earlier center left, with what is in them.
async fn forget_queues(url: &str) {
    let broker = connect(url).await;
    let channel = broker.create_channel().await.expect("a channel");
    for definition in definitions() {
        for suffix in ["", ".retry", ".dead"] {
            let queue = format!("yimen.{}{suffix}", definition.name);
            channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.expect("the queue goes");
        }
    }
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default()).await.expect("RabbitMQ answers")
}
