//! A process dies in the middle of its work: what was acknowledged is there, and everything goes on.

use std::time::{Duration, Instant};

use serde_json::json;
use yimen_tests::{Center, sample, text};

/// Processes die one by one only where there are several; an embedded center is killed whole by the
/// tests of the program.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_is_missed_and_catches_up() {
    let mut center = Center::start().await;
    if center.servers().is_none() {
        return center.stop().await;
    }
    let clerk = center.staff("430102-clerk1").await;
    let (lead, _) = center.api_key("430102-scjg").await;
    let mut numbers = Vec::new();
    for dead in ["approval", "intake", "identity"] {
        let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
        let number = text(&handed_in["number"]);
        let accept = format!("/api/v1/applications/{number}/accept");
        if dead == "approval" {
            // It hears of the acceptance when it is back.
            center.servers().unwrap().kill(dead).await;
            center.ok(&accept, Some(&clerk), json!({})).await;
        } else {
            center.ok(&accept, Some(&clerk), json!({})).await;
            center.servers().unwrap().kill(dead).await;
        }
        let path = if dead == "approval" { "/api/v1/tasks" } else { "/api/v1/window/applications" };
        let away = center.get(path, Some(if dead == "approval" { &lead } else { &clerk })).await;
        assert_eq!(
            (away.status, away.body["reason"].as_str()),
            (503, Some("UNAVAILABLE")),
            "{dead}: {away:?}"
        );
        center.servers().unwrap().restart(dead).await;
        numbers.push(number);
    }
    for number in &numbers {
        let approval = format!("/api/v1/joint-approvals/{number}");
        center.until(&approval, Some(&lead), |answer| answer.status == 200).await;
    }
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_goes_to_the_dead_letters_and_stops_nobody() {
    let mut center = Center::start().await;
    let Some(servers) = center.servers() else { return center.stop().await };
    servers.mislead("approval").await;
    let metrics = format!("http://{}/metrics", servers.listen("approval"));
    let counted = async || reqwest::get(&metrics).await.unwrap().text().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !counted().await.contains("yimen_dead_letters_total{service=\"approval\"} 1") {
        assert!(Instant::now() < deadline, "{}", counted().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let clerk = center.staff("430102-clerk1").await;
    let (lead, _) = center.api_key("430102-scjg").await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let number = text(&handed_in["number"]);
    center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    center
        .until(&format!("/api/v1/joint-approvals/{number}"), Some(&lead), |answer| answer.status == 200)
        .await;
    center.stop().await;
}
