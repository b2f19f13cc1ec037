//! Short messages: one for each transition, at most once, whatever the carrier does.

use serde_json::{Value, json};
use yimen_tests::{Center, sample, text};

/// A center whose carrier behaves so, with a clerk.
async fn center(behaviour: Value) -> (Center, String) {
    let center = Center::start().await;
    let operator = center.operator().to_owned();
    center.ok("/api/v1/simulator", Some(&operator), behaviour).await;
    let clerk = center.staff("430102-clerk1").await;
    (center, clerk)
}

/// The messages about a case, when `done` says of them all that they are where they should be.
async fn messages(
    center: &Center,
    clerk: &str,
    number: &str,
    transitions: &[&str],
    state: &str,
) -> Vec<Value> {
    let path = format!("/api/v1/messages?number={number}");
    let there = |answer: &yimen_tests::Answer| {
        let messages = answer.body["messages"].as_array().cloned().unwrap_or_default();
        transitions.iter().all(|wanted| {
            messages.iter().any(|message| message["transition"] == *wanted && message["state"] == state)
        })
    };
    let found = center.until(&path, Some(clerk), there).await;
    found["messages"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_is_told_of_every_step_once() {
    let (center, clerk) = center(json!({})).await;
    let (number, _) = center.accepted("real-estate-transfer", "430102", &clerk).await;
    let lead = center.staff("430102-zrzy-approver").await;
    center.decided(&number, &lead, "REFUSED").await;
    let told = ["SUBMITTED", "ACCEPTED", "FEE_ASSESSED", "COMPLETED"];
    let messages = messages(&center, &clerk, &number, &told, "DELIVERED").await;
    assert_eq!(messages.len(), told.len(), "{messages:?}");
    for message in &messages {
        assert!(text(&message["mobile"]).contains("****"), "{message}");
    }

    // The carrier saw each once, signed, without the outcome and its reasons.
    let seen = center.get("/api/v1/simulator/messages?page_size=200", Some(center.operator())).await.body;
    let seen = seen["messages"].as_array().unwrap();
    assert_eq!(seen.len(), told.len(), "{seen:?}");
    for message in seen {
        let text = text(&message["text"]);
        assert!(text.starts_with("【长沙市芙蓉区政务服务中心】") && text.contains(&number), "{text}");
        assert!(!text.contains("不符合条件") && !text.contains("不予许可"), "{text}");
    }

    // Tried out without sending; what is wrong is named.
    let preview = "/api/v1/message-templates/COMPLETED/preview";
    let values =
        json!({"variables": {"item": "开办餐饮店", "number": number, "link": "https://hall.example/rate/x"}});
    let shown = center.ok(preview, Some(&clerk), values).await;
    assert_eq!(shown["segments"], 2, "{shown}");
    let wrong = center.post(preview, Some(&clerk), json!({"variables": {"item": "x", "link": "x"}})).await;
    assert_eq!(wrong.body["fields"][0]["field"], "variables.number", "{wrong:?}");
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_sent_waits_for_a_person() {
    let (center, clerk) = center(json!({"timed_out_permille": 1000})).await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let number = text(&handed_in["number"]);
    let unknown = messages(&center, &clerk, &number, &["SUBMITTED"], "UNKNOWN").await;
    let operator = center.operator().to_owned();
    center.ok("/api/v1/simulator", Some(&operator), json!({})).await;

    // Another center's clerk may not; then it is sent again, because a person said so.
    let resolve = format!("/api/v1/messages/{}/resolve", text(&unknown[0]["message"]));
    let resend = json!({"action": "RESEND", "reason": "申请人说没有收到"});
    let stranger = center.staff("430103-clerk1").await;
    assert_eq!(center.post(&resolve, Some(&stranger), resend.clone()).await.body["reason"], "OTHER_CENTER");
    center.ok(&resolve, Some(&clerk), resend.clone()).await;
    messages(&center, &clerk, &number, &["SUBMITTED"], "DELIVERED").await;
    let again = center.post(&resolve, Some(&clerk), resend).await;
    assert_eq!(again.body["reason"], "STATE_FORBIDS", "{again:?}");
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_good_is_said_to_have_failed() {
    let (center, clerk) = center(json!({"failed_permille": 1000})).await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let number = text(&handed_in["number"]);
    messages(&center, &clerk, &number, &["SUBMITTED"], "FAILED_PERMANENT").await;
    center.stop().await;
}
