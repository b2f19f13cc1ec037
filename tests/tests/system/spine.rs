//! One application through the door: handed in, accepted, decided by every department, completed.

use serde_json::json;
use yimen_tests::{Center, sample, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_application_goes_from_the_door_to_the_result() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;

    // Handed in on line, twice under one key: one application.
    let body = sample("restaurant-opening", "430102");
    let key = [("Idempotency-Key", "spine-1")];
    let send = || center.send(reqwest::Method::POST, "/api/v1/applications", None, &key, Some(body.clone()));
    let (first, again) = (send().await, send().await);
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.body, again.body);
    let number = text(&first.body["number"]);
    let code = text(&first.body["lookup_code"]);
    assert_eq!((number.len(), &number[..6]), (21, "430102"));

    // Only number and code together open it.
    let tracking = format!("/api/v1/applications/{number}?code={code}");
    assert_eq!(center.get(&tracking, None).await.body["state"], "SUBMITTED");
    let wrong = center.get(&format!("/api/v1/applications/{number}?code=22222222"), None).await;
    assert_eq!((wrong.status, wrong.body["reason"].as_str()), (404, Some("WRONG_NUMBER_OR_CODE")));

    // What was promised is handed in.
    let seen = center.get(&tracking, None).await.body;
    for owed in seen["owed"].as_array().into_iter().flatten() {
        let file = json!({"code": owed["code"], "file": {"file_name": "补.txt", "content": "6KGl5YWF"}});
        let path = format!("/api/v1/applications/{number}/materials");
        center.ok(&path, None, json!({"code": code, "materials": [file]})).await;
    }

    // Nobody accepts without being a clerk of this center.
    let accept = format!("/api/v1/applications/{number}/accept");
    assert_eq!(center.post(&accept, None, json!({})).await.status, 401);
    let stranger = center.staff("430103-clerk1").await;
    assert_eq!(center.post(&accept, Some(&stranger), json!({})).await.body["reason"], "OTHER_CENTER");
    center.ok(&accept, Some(&clerk), json!({})).await;

    // Every department of the plan says yes.
    let mut approvers = Vec::new();
    for department in ["scjg", "cgj", "xfjy"] {
        approvers.push(center.staff(&format!("430102-{department}-approver")).await);
    }
    let lead = &approvers[0];
    let approval = format!("/api/v1/joint-approvals/{number}");
    let opened = center.until(&approval, Some(lead), |answer| answer.status == 200).await;
    let revision = opened["materials_revision"].clone();
    for token in &approvers {
        let opinion = json!({"kind": "APPROVE", "materials_revision": revision});
        center.ok(&format!("{approval}/opinions"), Some(token), opinion).await;
    }

    // The plan sends two departments to the place, so the lead must first call them there.
    let grant = json!({"outcome": "GRANTED", "materials_revision": revision});
    let early = center.post(&format!("{approval}/decision"), Some(lead), grant).await;
    assert_eq!(early.body["reason"], "INSPECTION_REQUIRED", "{early:?}");
    let refusal =
        json!({"outcome": "REFUSED", "reasons": "示例：场所不符合条件", "materials_revision": revision});
    center.ok(&format!("{approval}/decision"), Some(lead), refusal).await;

    // Intake hears of it and completes.
    let done = center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;
    assert_eq!(done["outcome"], "REFUSED");
    let deliver = json!({"method": "COUNTER", "recipient": "示例"});
    center.ok(&format!("/api/v1/applications/{number}/deliver"), Some(&clerk), deliver).await;
    assert_eq!(center.get(&tracking, None).await.body["state"], "DELIVERED");
    let documents = center.get(&tracking, None).await.body["documents"].as_array().unwrap().len();
    assert!(documents >= 4, "receipt, acceptance, decision and delivery are there: {documents}");
    center.stop().await;
}
