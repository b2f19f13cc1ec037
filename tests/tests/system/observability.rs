//! What an operator sees: metrics, health, and one trace for one application.

use std::time::{Duration, Instant};

use serde_json::json;
use yimen_tests::collector::Collector;
use yimen_tests::servers::{Place, Servers};
use yimen_tests::{Center, sample, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_tells_how_it_is() {
    let mut center = Center::start().await;
    center.ok("/api/v1/applications", None, sample("birth-registration", "430102")).await;
    let mut places = vec![center.address()];
    if let Some(servers) = center.servers() {
        places.extend(["identity", "intake", "approval"].map(|name| servers.listen(name)));
    }
    for place in &places {
        for path in ["livez", "readyz"] {
            assert!(reqwest::get(format!("http://{place}/{path}")).await.unwrap().status().is_success());
        }
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let mut metrics = String::new();
        for place in &places {
            let page = reqwest::get(format!("http://{place}/metrics")).await.unwrap();
            metrics.push_str(&page.text().await.unwrap());
        }
        center.get("/api/v1/items", None).await;
        let names =
            ["yimen_outbox_depth", "yimen_outbox_age_seconds", "yimen_rpc_seconds", "yimen_http_seconds"];
        if names.iter().all(|name| metrics.contains(name)) {
            break;
        }
        assert!(Instant::now() < deadline, "not everything is in {metrics}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    center.stop().await;
}

/// Spans leave a process only when its environment says where to; an embedded center's are looked at
/// by the tests of the program.
#[tokio::test(flavor = "multi_thread")]
async fn one_applications_trace_spans_all_services() {
    let Some(place) = Place::named() else { return };
    let collector = Collector::start().await;
    let more = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ];
    let more: Vec<(&str, &str)> = more.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let center = Center::on(Servers::start(place, &more).await).await;
    let clerk = center.staff("430102-clerk1").await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let number = text(&handed_in["number"]);
    center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    let whole = || {
        collector.traces().into_iter().any(|spans| {
            let has =
                |process: &str| spans.iter().any(|(name, _)| name.contains(&format!("yimen-{process}")));
            ["gateway", "identity", "intake", "approval"].into_iter().all(has)
        })
    };
    while !whole() {
        assert!(Instant::now() < deadline, "no trace spans all services: {:#?}", collector.traces());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    center.stop().await;
}
