//! The bank of the demo: a simulator that signs what it reports, as a bank does.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use yimen_platform::signature::{KEY_ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};

use crate::gateway::{Failure, Gateway};

/// The id of the key that bank and center agreed on.
const KEY_ID: &str = "simulated-bank";

/// A bank with its key.
pub(super) struct Bank(Secret);

impl Bank {
    /// A bank with a new key.
    pub(super) fn open() -> Self {
        Self(Secret::from(rand::random::<[u8; 32]>()))
    }

    /// What the center has to know of it.
    pub(super) fn keys(&self) -> BTreeMap<String, Secret> {
        BTreeMap::from([(KEY_ID.to_owned(), self.0.clone())])
    }

    /// Reports a payment to the center.
    pub(super) async fn report(
        &self,
        door: &Gateway,
        now: DateTime<Utc>,
        payment: &Value,
    ) -> Result<Value, Failure> {
        let body = payment.to_string();
        let signed = self.0.sign(now, body.as_bytes());
        let (timestamp, signature) = signed.map_err(|error| Failure::Unreachable(error.to_string()))?;
        let headers =
            [(KEY_ID_HEADER, KEY_ID), (TIMESTAMP_HEADER, &timestamp), (SIGNATURE_HEADER, &signature)];
        door.post_signed("/api/v1/callbacks/bank", &headers, body).await
    }
}
