//! Credentials: a key works until it is revoked, and not one call longer.

use serde_json::json;
use yimen_proto::approval::v1::ListTasksRequest;
use yimen_tests::{Center, call};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_dead_at_the_next_call() {
    let center = Center::start().await;
    let (key, id) = center.api_key("430102-scjg").await;
    let mut client = center.approval().await;
    assert_eq!(center.get("/api/v1/tasks", Some(&key)).await.status, 200);
    client.list_tasks(call(&key, ListTasksRequest::default())).await.unwrap();

    // The list tells keys apart and shows none.
    let listed = center.get("/api/v1/centers/430102/api-keys", Some(center.operator())).await.body;
    assert!(listed.to_string().contains(&id) && !listed.to_string().contains(&key), "{listed}");

    let path = format!("/api/v1/api-keys/{id}/revoke");
    assert_eq!(center.post(&path, Some(&key), json!({})).await.status, 403, "a key administers nothing");
    center.ok(&path, Some(center.operator()), json!({})).await;
    let refused = center.get("/api/v1/tasks", Some(&key)).await;
    assert_eq!((refused.status, refused.body["reason"].as_str()), (401, Some("CREDENTIAL_REVOKED")));
    let refused = client.list_tasks(call(&key, ListTasksRequest::default())).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_stopped() {
    let center = Center::start().await;
    let handed_in =
        center.ok("/api/v1/applications", None, yimen_tests::sample("birth-registration", "430102")).await;
    let number = yimen_tests::text(&handed_in["number"]);
    // A wrong code and an unknown number are one answer.
    let wrong = center.get(&format!("/api/v1/applications/{number}?code=ZZZZZZZZ"), None).await;
    let mut unknown = Vec::new();
    for check_digit in 0..10 {
        let path = format!("/api/v1/applications/43010220260101000001{check_digit}?code=ZZZZZZZZ");
        unknown.push(center.get(&path, None).await);
    }
    // Nine are no numbers at all; the tenth is nobody's.
    unknown.retain(|answer| answer.status != 400);
    let [unknown] = unknown.as_slice() else { panic!("{unknown:?}") };
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    let mut last = wrong;
    for _ in 0..40 {
        last = center.get(&format!("/api/v1/applications/{number}?code=ZZZZZZZZ"), None).await;
        if last.status == 429 {
            break;
        }
    }
    assert_eq!((last.status, last.body["reason"].as_str()), (429, Some("TOO_MANY_ATTEMPTS")));
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_the_own_access() {
    let center = Center::start().await;
    let refused =
        center.post("/api/v1/staff/operator/active", Some(center.operator()), json!({"active": false})).await;
    assert_eq!((refused.status, refused.body["reason"].as_str()), (409, Some("OWN_ACCESS")));
    let manager = center.staff("430102-manager").await;
    let refused =
        center.post("/api/v1/staff/430102-manager/active", Some(&manager), json!({"active": false})).await;
    assert_eq!(refused.body["reason"], "OWN_ACCESS");
    center.ok("/api/v1/staff/430102-clerk1/active", Some(&manager), json!({"active": false})).await;
    center.stop().await;
}
