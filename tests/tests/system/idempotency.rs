//! The same request again is answered again; other content under its key is refused.

use reqwest::Method;
use serde_json::json;
use yimen_tests::{Center, sample};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_means_the_same_request() {
    let center = Center::start().await;
    let mut body = sample("road-excavation", "430103");
    // The form is a map: with several fields in it, an unordered digest would differ.
    assert!(body["form"].as_object().is_some_and(|form| form.len() >= 3), "{body}");
    let key = [("Idempotency-Key", "again")];
    let send = |body| center.send(Method::POST, "/api/v1/applications", None, &key, Some(body));
    let first = send(body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    for _ in 0..20 {
        assert_eq!(send(body.clone()).await.body, first.body);
    }
    body["subject"] = json!("另一件事");
    let other = send(body).await;
    assert_eq!((other.status, &other.body["fields"][0]["reason"]), (400, &json!("REQUEST_ID_REUSED")));
    center.stop().await;
}
