//! The whole system under test: a center that runs embedded, and clients of its gateway.
//!
//! A test is a client like any other: it signs in, it speaks HTTP/JSON, and it sees only what the
//! door shows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use yimen_platform::clock::SystemClock;
use yimen_platform::run::{self, Process};
use yimen_platform::{Clock, Config};

/// The operator's and every member of staff's password in the tests.
pub const PASSWORD: &str = "correct horse battery";

/// A running center with the project's catalog.
pub struct Center {
    process: Process,
    client: Client,
    operator: String,
    objects: PathBuf,
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
        let objects = std::env::temp_dir().join(format!("yimen-tests-{}", uuid::Uuid::now_v7()));
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            objects: objects.clone(),
            operator_password: Some(PASSWORD.to_owned()),
            ..Config::default()
        };
        let definitions = [yimen_identity::DEFINITION, yimen_intake::DEFINITION, yimen_approval::DEFINITION];
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let process = run::embedded(&definitions, config.clone(), None, clock.clone(), |channels| {
            yimen_gateway::router(channels, &config, clock)
        })
        .await
        .expect("the center starts");
        let mut center = Self { process, client: Client::new(), operator: String::new(), objects };
        center.operator = center.sign_in("operator").await;
        let organization = read_toml(&root().join("catalog/organization.toml"));
        center.ok("/api/v1/organization", Some(&center.operator), organization).await;
        let items: Vec<Value> =
            files(&root().join("catalog/items")).iter().map(|path| read_toml(path)).collect();
        center.ok("/api/v1/catalog", Some(&center.operator), json!({ "items": items })).await;
        center
    }

    /// Stops it in order.
    pub async fn stop(self) {
        self.process.stop().await.expect("the center stops in order");
        std::fs::remove_dir_all(&self.objects).expect("its files can be removed");
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

    /// Sends anything.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("http://{}{path}", self.process.address()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the gateway answers");
        let status = response.status().as_u16();
        let body = response.bytes().await.expect("the answer is whole");
        Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    /// Asks again until `done` says so: what events bring about comes soon, not at once.
    pub async fn until(&self, path: &str, token: Option<&str>, done: impl Fn(&Answer) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("the folder is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files
}

fn read_toml(path: &Path) -> Value {
    let content = std::fs::read_to_string(path).expect("the file can be read");
    toml::from_str(&content).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
