//! The whole system under test, and clients of its gateway.
//!
//! The cast: a [`Center`] is a running deployment with the project's catalog; it is embedded in the
//! test's process, or, when `YIMEN_TEST_DATABASE_URL` and `YIMEN_TEST_AMQP_URL` name a PostgreSQL and a
//! RabbitMQ, [`servers::Servers`]: one process per service. A [`collector::Collector`] takes the spans
//! of whoever is told to send them there.
//!
//! A test is a client like any other: it signs in, it speaks HTTP/JSON or gRPC, and it sees only what
//! the door shows. At the end of every test the independent checker looks at what was written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod alone;
pub mod broker;
pub mod collector;
pub mod echo;
pub mod servers;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use yimen::catalog::Catalog;
use yimen::check::{self, Finding, Pools};
use yimen::definitions;
use yimen::gateway::Gateway;
use yimen_platform::clock::{ShiftedClock, SystemClock};
use yimen_platform::run::{self, Process};
use yimen_platform::signature::{KEY_ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};
use yimen_platform::store::Connection;
use yimen_platform::{Clock, Config};
use yimen_proto::approval::v1::approval_client::ApprovalClient;

use servers::Servers;

/// The operator's and every member of staff's password in the tests.
pub const PASSWORD: &str = "correct horse battery";
/// The id of the bank's key.
pub const BANK: &str = "testbank";
/// How long what events bring about may take: a process that died holds its events for a while.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the checker waits for events that are on their way.
const CHECK_WAIT: Duration = Duration::from_secs(30);

/// The secret that the bank signs with.
pub fn bank_secret() -> Secret {
    Secret::from([0xab; 32])
}

/// A running center with the project's catalog.
pub struct Center {
    home: Home,
    client: Client,
    operator: String,
}

enum Home {
    Embedded { process: Process, objects: PathBuf, clock: Arc<ShiftedClock> },
    Servers(Servers),
}

/// An answer of the gateway.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON body; null if it has none.
    pub body: Value,
}

impl Center {
    /// Starts an empty center and imports organization and catalog through its gateway.
    pub async fn start() -> Self {
        let home = match servers::Place::named() {
            Some(place) => Home::Servers(Servers::start(place, &[]).await),
            None => embedded(SystemClock.now(), |_| ()).await,
        };
        Self::open(home).await
    }

    /// The same, always embedded, at another time: see [`Self::set_clock`].
    pub async fn at(time: DateTime<Utc>) -> Self {
        Self::open(embedded(time, |_| ()).await).await
    }

    /// An embedded center with another configuration.
    pub async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::open(embedded(SystemClock.now(), configure).await).await
    }

    /// The same, on servers that were already started.
    pub async fn on(servers: Servers) -> Self {
        Self::open(Home::Servers(servers)).await
    }

    /// The same, with another catalog than the project's.
    pub async fn with_catalog(servers: Servers, catalog: &Catalog) -> Self {
        Self::furnished(Home::Servers(servers), catalog).await
    }

    async fn open(home: Home) -> Self {
        let catalog = Catalog::directory(&root().join("catalog")).expect("the catalog can be read");
        Self::furnished(home, &catalog).await
    }

    async fn furnished(home: Home, catalog: &Catalog) -> Self {
        let mut center = Self { home, client: Client::new(), operator: String::new() };
        center.operator = center.sign_in("operator").await;
        let gateway = Gateway::new(&format!("http://{}", center.address())).expect("an address");
        catalog.import(&gateway.as_holder_of(center.operator.clone())).await.expect("it is imported");
        center
    }

    /// Has the independent checker look, and stops everything in order.
    pub async fn stop(self) {
        let findings = self.findings().await;
        self.leave().await;
        for finding in findings {
            assert!(finding.holds(), "{finding}");
        }
    }

    /// What the independent checker finds.
    pub async fn findings(&self) -> Vec<Finding> {
        match &self.home {
            Home::Embedded { process, clock, .. } => {
                let pools = Pools::shared(process.pool().expect("an embedded center has a pool"));
                look(&pools, clock.now()).await
            }
            Home::Servers(servers) => look(&servers.pools().await, SystemClock.now()).await,
        }
    }

    /// Stops everything in order.
    pub async fn leave(self) {
        match self.home {
            Home::Embedded { process, objects, .. } => {
                process.stop().await.expect("the center stops in order");
                std::fs::remove_dir_all(objects).expect("its files can be removed");
            }
            Home::Servers(servers) => servers.stop().await,
        }
    }

    /// The servers, if it runs on them.
    pub fn servers(&mut self) -> Option<&mut Servers> {
        match &mut self.home {
            Home::Embedded { .. } => None,
            Home::Servers(servers) => Some(servers),
        }
    }

    /// The present moment of the center.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.home {
            Home::Embedded { clock, .. } => clock.now(),
            Home::Servers(_) => SystemClock.now(),
        }
    }

    /// The database of an embedded center, for what no door shows. While it is held, the center waits.
    pub async fn database(&self) -> Connection {
        match &self.home {
            Home::Embedded { process, .. } => {
                let pool = process.pool().expect("an embedded center has a pool");
                pool.get().await.expect("the center gives its connection back")
            }
            Home::Servers(_) => panic!("each service has its own"),
        }
    }

    /// Sets the clock of an embedded center, once everybody has heard what happened so far; sessions may
    /// end by it.
    pub async fn set_clock(&self, time: DateTime<Utc>) {
        match &self.home {
            Home::Embedded { clock, .. } => {
                self.heard().await;
                clock.set(time);
            }
            Home::Servers(_) => panic!("servers have the machine's time"),
        }
    }

    /// Waits until every event has left its outbox: embedded, it has then had its effect everywhere.
    async fn heard(&self) {
        let waiting: Vec<String> = definitions()
            .map(|service| format!("select id from {}.outbox where sent_at is null", service.name))
            .into();
        // The schemas are names of our own.
        let waiting = format!("select count(*) from ({}) waiting", waiting.join(" union all "));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(waiting.as_str()));
            if query.fetch_one(&mut *self.database().await).await.expect("the outboxes can be read") == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "events never left their outbox");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where the gateway listens.
    pub fn address(&self) -> SocketAddr {
        match &self.home {
            Home::Embedded { process, .. } => process.address(),
            Home::Servers(servers) => servers.address(),
        }
    }

    /// The operator's token.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// Signs in and gives the token.
    pub async fn sign_in(&self, login: &str) -> String {
        let answer = self.post("/api/v1/sessions", None, json!({"login": login, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        text(&answer.body["session_token"])
    }

    /// Gives a member of staff the password of the tests and signs in.
    pub async fn staff(&self, login: &str) -> String {
        let path = format!("/api/v1/staff/{login}/password");
        self.ok(&path, Some(&self.operator), json!({"password": PASSWORD})).await;
        self.sign_in(login).await
    }

    /// A new API key of a department's system, with its id.
    pub async fn api_key(&self, department: &str) -> (String, String) {
        let asked = json!({"department": department, "label": "测试"});
        let answer = self.ok("/api/v1/api-keys", Some(&self.operator), asked).await;
        (text(&answer["key"]), text(&answer["api_key"]["id"]))
    }

    /// A gRPC client of the gateway, as a department's system has it.
    pub async fn approval(&self) -> ApprovalClient<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address())).expect("an address");
        ApprovalClient::new(endpoint.connect().await.expect("the gateway listens"))
    }

    /// Sends a POST.
    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        self.send(Method::POST, path, token, &[], Some(body)).await
    }

    /// Sends a POST that must succeed.
    pub async fn ok(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let answer = self.post(path, token, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer.body
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(Method::GET, path, token, &[], None).await
    }

    /// Sends anything that is JSON.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.request(method, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// The bank reports a payment.
    pub async fn bank(&self, payment: &Value) -> Answer {
        let body = payment.to_string();
        let (timestamp, signature) =
            bank_secret().sign(self.now(), body.as_bytes()).expect("it can be signed");
        let request = self
            .request(Method::POST, "/api/v1/callbacks/bank")
            .header(KEY_ID_HEADER, BANK)
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature);
        answer(request.body(body)).await
    }

    /// Hands in the sample of an item and accepts it; gives the number and the tracking address.
    pub async fn accepted(&self, item: &str, center: &str, clerk: &str) -> (String, String) {
        let handed_in = self.ok("/api/v1/applications", None, sample(item, center)).await;
        let (number, code) = (text(&handed_in["number"]), text(&handed_in["lookup_code"]));
        self.ok(&format!("/api/v1/applications/{number}/accept"), Some(clerk), json!({})).await;
        let tracking = format!("/api/v1/applications/{number}?code={code}");
        (number, tracking)
    }

    /// The lead, alone in the plan, approves and decides.
    pub async fn decided(&self, number: &str, lead: &str, outcome: &str) {
        let approval = format!("/api/v1/joint-approvals/{number}");
        let opened = self.until(&approval, Some(lead), |answer| answer.status == 200).await;
        let revision = &opened["materials_revision"];
        let opinion = json!({"kind": "APPROVE", "materials_revision": revision});
        self.ok(&format!("{approval}/opinions"), Some(lead), opinion).await;
        let reasons = if outcome == "REFUSED" { "示例：不符合条件" } else { "" };
        let decision = json!({"outcome": outcome, "reasons": reasons, "materials_revision": revision});
        self.ok(&format!("{approval}/decision"), Some(lead), decision).await;
    }

    /// A request to the gateway, for a test that writes it itself.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address()))
    }

    /// Asks again until `done` says so: what events bring about comes soon, not at once.
    pub async fn until(&self, path: &str, token: Option<&str>, done: impl Fn(&Answer) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path, token).await;
            if done(&answer) {
                return answer.body;
            }
            assert!(Instant::now() < deadline, "{path} never came to it: {answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the gateway answers");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("the answer is whole");
    Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

/// A gRPC call in the name of a key's or a session's owner.
pub fn call<T>(credential: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {credential}").parse().expect("a credential is a header value");
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// The first sample application for an item at a center.
pub fn sample(item: &str, center: &str) -> Value {
    let lines =
        std::fs::read_to_string(root().join("samples/applications.jsonl")).expect("the samples are there");
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a sample is JSON"))
        .find(|line| line["item"] == item && line["center"] == center)
        .unwrap_or_else(|| panic!("no sample of {item} at {center}"))
}

/// A string in an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}

async fn embedded(time: DateTime<Utc>, configure: impl FnOnce(&mut Config)) -> Home {
    let objects = std::env::temp_dir().join(format!("yimen-tests-{}", uuid::Uuid::now_v7()));
    let mut config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        objects: objects.clone(),
        operator_password: Some(PASSWORD.to_owned()),
        bank_keys: [(BANK.to_owned(), bank_secret())].into(),
        sms_hours: "00:00-24:00".to_owned(),
        ..Config::default()
    };
    configure(&mut config);
    let clock = ShiftedClock::starting(time);
    let process = run::embedded(&definitions(), config.clone(), None, clock.clone(), |channels| {
        yimen_gateway::router(channels, &config, clock.clone())
    })
    .await
    .expect("the center starts");
    Home::Embedded { process, objects, clock }
}

async fn look(pools: &Pools, as_of: DateTime<Utc>) -> Vec<Finding> {
    let options = check::Options { as_of, wait: CHECK_WAIT, acknowledged: Vec::new() };
    check::run(pools, &options).await.expect("the checker can read")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}
