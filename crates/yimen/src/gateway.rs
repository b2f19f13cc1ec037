//! The program as a client of a running center, through the gateway's HTTP/JSON interface.
//!
//! Every call that changes something carries an `Idempotency-Key`, so a call whose answer was lost
//! is simply made again: the center answers it once.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// How often a call is made before the gateway counts as unreachable.
const ATTEMPTS: u32 = 8;
/// The wait before the first repetition; each later one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A way to a running center, with or without a credential.
#[derive(Clone)]
pub struct Gateway {
    http: reqwest::Client,
    base: String,
    credential: Option<String>,
}

/// Why a call has no answer that it could be.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The center said no.
    Refused(Refusal),
    /// The center said nothing, however often it was asked. Whether it did what was asked is open.
    Unreachable(String),
}

/// A refusal, as `application/problem+json` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// The code to branch on.
    pub reason: String,
    /// The sentence for people.
    pub detail: String,
    /// What is wrong with which field.
    pub fields: Vec<FieldFault>,
}

/// One faulty field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldFault {
    /// Its path, as in proto.
    pub field: String,
    /// The code to branch on.
    pub reason: String,
    /// The sentence for people.
    pub detail: String,
    /// The limit it broke, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

impl Failure {
    /// Whether the center refused for this reason.
    pub fn is(&self, reason: &str) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.reason == reason)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Unreachable(sentence) => f.write_str(sentence),
            Failure::Refused(refusal) => {
                write!(f, "{} {}", refusal.reason, refusal.detail)?;
                for fault in &refusal.fields {
                    write!(f, " {}: {}", fault.field, fault.detail)?;
                }
                Ok(())
            }
        }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

/// A call, before it is made.
struct Call<'c> {
    method: Method,
    path: &'c str,
    query: &'c str,
    key: Option<&'c str>,
    content_type: &'c str,
    headers: &'c [(&'c str, &'c str)],
    body: Bytes,
}

impl<'c> Call<'c> {
    /// A call with JSON, or with nothing.
    fn new(method: Method, path: &'c str, body: Bytes) -> Self {
        Self { method, path, query: "", key: None, content_type: "application/json", headers: &[], body }
    }
}

/// What one attempt came to.
enum Attempt {
    Answered(Value),
    Refused(StatusCode, Refusal),
    Lost(String),
}

impl Gateway {
    /// A way without a credential, as citizens have it.
    ///
    /// # Errors
    /// A sentence about an address that is not `http://…`.
    pub fn new(address: &str) -> Result<Self, String> {
        let base = address.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") || reqwest::Url::parse(&base).is_err() {
            return Err(format!(
                "The gateway's address {address} cannot be used; write it as http://host:port."
            ));
        }
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(3))
            .tcp_nodelay(true)
            .build()
            .map_err(|error| format!("No HTTP client can be made ({error}); check the proxy settings."))?;
        Ok(Self { http, base, credential: None })
    }

    /// The same way in the name of whoever holds `credential`.
    #[must_use]
    pub fn as_holder_of(&self, credential: String) -> Self {
        Self { credential: Some(credential), ..self.clone() }
    }

    /// Signs in, and gives the way in the name of this member of staff.
    ///
    /// # Errors
    /// What the center says of the login.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<Self, Failure> {
        let answer = self
            .post("/api/v1/sessions", None, &serde_json::json!({ "login": login, "password": password }))
            .await?;
        Ok(self.as_holder_of(text(&answer, "session_token").to_owned()))
    }

    /// Asks; `query` is the part after the question mark.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn get(&self, path: &str, query: &str) -> Result<Value, Failure> {
        self.call(&Call { query, ..Call::new(Method::GET, path, Bytes::new()) }).await
    }

    /// Changes something, once: `key` names the change.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn post(&self, path: &str, key: Option<&str>, message: &Value) -> Result<Value, Failure> {
        self.post_json(path, key, message.to_string().into()).await
    }

    /// Changes something under a new key.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn change(&self, path: &str, message: &Value) -> Result<Value, Failure> {
        self.post(path, Some(&Uuid::now_v7().to_string()), message).await
    }

    /// As [`Gateway::post`], with a message that is JSON already.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn post_json(&self, path: &str, key: Option<&str>, body: Bytes) -> Result<Value, Failure> {
        self.call(&Call { key, ..Call::new(Method::POST, path, body) }).await
    }

    /// Posts JSON with the headers that sign it, as a bank does.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn post_signed(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Value, Failure> {
        self.call(&Call { headers, ..Call::new(Method::POST, path, body.into()) }).await
    }

    /// Hands in a file ahead of an application and gives its upload id.
    ///
    /// # Errors
    /// What the center says, or that it says nothing.
    pub async fn upload(&self, file_name: &str, content: Bytes) -> Result<String, Failure> {
        let query = format!("file_name={}", encoded(file_name));
        let call = Call {
            query: &query,
            content_type: "application/octet-stream",
            ..Call::new(Method::POST, "/api/v1/uploads", content)
        };
        let answer = self.call(&call).await?;
        Ok(text(&answer, "upload_id").to_owned())
    }

    async fn call(&self, call: &Call<'_>) -> Result<Value, Failure> {
        let mut wait = FIRST_WAIT;
        let mut lost = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.attempt(call).await {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Refused(status, refusal) if !worth_repeating(status) => {
                    return Err(Failure::Refused(refusal));
                }
                // A fault of the center or too many calls; an answer, if it stays at that.
                Attempt::Refused(
                    StatusCode::INTERNAL_SERVER_ERROR | StatusCode::TOO_MANY_REQUESTS,
                    refusal,
                ) if attempt == ATTEMPTS => {
                    return Err(Failure::Refused(refusal));
                }
                Attempt::Refused(_, refusal) => lost = refusal.detail,
                Attempt::Lost(why) => lost = why,
            }
            if attempt < ATTEMPTS {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        Err(Failure::Unreachable(format!(
            "The gateway at {} does not answer ({lost}); start it or correct --gateway.",
            self.base
        )))
    }

    async fn attempt(&self, call: &Call<'_>) -> Attempt {
        let mut url = format!("{}{}", self.base, call.path);
        if !call.query.is_empty() {
            url = format!("{url}?{}", call.query);
        }
        let mut request = self.http.request(call.method.clone(), url).header("accept-language", "en");
        if let Some(credential) = &self.credential {
            request = request.bearer_auth(credential);
        }
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        if call.method == Method::POST {
            request = request.header("content-type", call.content_type).body(call.body.clone());
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::Lost(cause(&error)),
        };
        let status = response.status();
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(error) => return Attempt::Lost(cause(&error)),
        };
        if status.is_success() {
            return match serde_json::from_slice(&body) {
                Ok(answer) => Attempt::Answered(answer),
                Err(_) => Attempt::Lost("the answer is not JSON".to_owned()),
            };
        }
        let refusal = serde_json::from_slice(&body).unwrap_or_else(|_| Refusal {
            reason: format!("HTTP_{}", status.as_u16()),
            detail: format!("The center answered {status}."),
            fields: Vec::new(),
        });
        Attempt::Refused(status, refusal)
    }
}

/// Whether the same call may succeed later.
fn worth_repeating(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// What lies at the bottom of a failed request, without its address and what it carried.
fn cause(error: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(deeper) = at.source() {
        at = deeper;
    }
    at.to_string()
}

/// A text member of an answer; empty if it is not there.
pub fn text<'v>(answer: &'v Value, name: &str) -> &'v str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A list member of an answer; empty if it is not there.
pub fn list<'v>(answer: &'v Value, name: &str) -> &'v [Value] {
    answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Text as it stands in a query.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert!(Gateway::new("http://127.0.0.1:8080/").is_ok());
        for wrong in ["127.0.0.1:8080", "ftp://host", "http://", ""] {
            assert!(Gateway::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(encoded("计划 a+b.txt"), "%E8%AE%A1%E5%88%92%20a%2Bb.txt");
    }

    #[test]
    fn what_may_succeed_later_is_repeated() {
        for (status, repeated) in
            [(429, true), (500, true), (503, true), (400, false), (409, false), (413, false)]
        {
            assert_eq!(worth_repeating(StatusCode::from_u16(status).unwrap()), repeated, "{status}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", refused.local_addr().unwrap());
        drop(refused);
        tokio::time::pause();
        let failure = Gateway::new(&address).unwrap().get("/api/v1/centers", "").await.unwrap_err();
        assert!(matches!(failure, Failure::Unreachable(_)));
    }
}
