//! A carrier over HTTP: signed JSON, as the messaging platforms of cities and provinces take it.
//!
//! `POST {"message", "mobile", "text"}` with the headers of [`yimen_platform::signature`]; the answer is
//! `{"id": …}`. A 4xx means never, but for 408 and 429; a 5xx that names no id may have been taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use yimen_platform::Clock;
use yimen_platform::config::CarrierConfig;
use yimen_platform::signature::{KEY_ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};

use super::{Carrier, Submission};
use crate::domain::message::Answer;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The carrier.
pub struct Http {
    client: reqwest::Client,
    address: String,
    key_id: String,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Taken {
    id: String,
}

impl Http {
    /// The carrier of this configuration.
    ///
    /// # Errors
    /// A sentence that names what the configuration lacks.
    pub fn new(name: &str, config: &CarrierConfig, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let lacks = |key: &str| format!("The carrier {name} has no {key}; set carriers.{name}.{key}.");
        let address = config.address.clone().ok_or_else(|| lacks("address"))?;
        reqwest::Url::parse(&address).map_err(|error| {
            format!("The carrier {name} has no usable address ({error}); correct carriers.{name}.address.")
        })?;
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| format!("The carrier {name} cannot be used ({error})."))?;
        Ok(Self {
            client,
            address,
            key_id: config.key_id.clone().ok_or_else(|| lacks("key_id"))?,
            secret: config.secret.clone().ok_or_else(|| lacks("secret"))?,
            clock,
        })
    }

    async fn post(&self, submission: &Submission) -> Result<Answer, reqwest::Error> {
        let Submission { message, mobile, text } = submission;
        let body = serde_json::json!({ "message": message, "mobile": mobile, "text": text }).to_string();
        let Ok((timestamp, signature)) = self.secret.sign(self.clock.now(), body.as_bytes()) else {
            return Ok(Answer::NotNow);
        };
        let request = self
            .client
            .post(&self.address)
            .header("content-type", "application/json")
            .header(KEY_ID_HEADER, &self.key_id)
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature);
        let response = request.body(body).send().await?;
        let status = response.status();
        Ok(match status.as_u16() {
            200..300 => match response.json::<Taken>().await {
                Ok(Taken { id }) if !id.is_empty() => Answer::taken(id),
                _ => Answer::Unknown,
            },
            408 | 429 => Answer::NotNow,
            400..500 => Answer::Never,
            _ => Answer::Unknown,
        })
    }
}

#[async_trait]
impl Carrier for Http {
    async fn submit(&self, submission: &Submission) -> Answer {
        match self.post(submission).await {
            Ok(answer) => answer,
            // Not even a connection: certainly not taken.
            Err(error) if error.is_connect() => Answer::NotNow,
            Err(_) => Answer::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use uuid::Uuid;
    use yimen_platform::clock::SystemClock;
    use yimen_platform::config::CarrierKind;

    fn carrier(address: String) -> Http {
        let config = CarrierConfig {
            address: Some(address),
            key_id: Some("city".into()),
            secret: Some(Secret::from([1; 32])),
            ..CarrierConfig::of(CarrierKind::Http)
        };
        Http::new("city", &config, Arc::new(SystemClock)).unwrap()
    }

    /// What a server that answers so makes of one message.
    async fn against(response: &'static str) -> (Answer, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/send", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let mut piece = [0; 4096];
                let length = stream.read(&mut piece).await.unwrap();
                request.extend_from_slice(&piece[..length]);
            }
            stream.write_all(response.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        let submission =
            Submission {
                message: Uuid::nil(), mobile: "13000000000".into(), text: "【中心】您好".into()
            };
        let answer = carrier(address).submit(&submission).await;
        (answer, server.await.unwrap())
    }

    #[tokio::test]
    async fn what_the_other_side_says_decides_whether_it_may_be_sent_again() {
        let (answer, request) =
            against("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"id\":\"c-1\"}").await;
        assert_eq!(answer, Answer::taken("c-1".into()));
        for header in ["yimen-key-id: city", "yimen-timestamp: ", "yimen-signature: "] {
            assert!(request.contains(header), "{request}");
        }
        for (response, expected) in [
            ("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", Answer::NotNow),
            ("HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n", Answer::Never),
            ("HTTP/1.1 502 Gone\r\ncontent-length: 0\r\n\r\n", Answer::Unknown),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Answer::Unknown),
            // It took the request and said nothing: nobody knows.
            ("", Answer::Unknown),
        ] {
            assert_eq!(against(response).await.0, expected, "{response}");
        }
    }

    #[tokio::test]
    async fn nobody_there_took_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/send", listener.local_addr().unwrap());
        drop(listener);
        let submission = Submission { message: Uuid::nil(), mobile: "13000000000".into(), text: "x".into() };
        assert_eq!(carrier(address).submit(&submission).await, Answer::NotNow);
    }
}
