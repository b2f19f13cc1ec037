//! Messages over SMPP to a server that nobody here wrote: `tests/interop/smpp/run` starts it and says where.

use std::time::Duration;

use serde_json::{Value, json};
use yimen_platform::config::{CarrierConfig, CarrierKind};
use yimen_tests::{Center, text};

/// What the server says that it did.
struct Server(std::path::PathBuf);

impl Server {
    fn events(&self, kind: &str, to: &str) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.0).unwrap();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["event"] == kind && (to.is_empty() || event["to"] == to)).collect()
    }
}

/// A case that messages can be about.
const NUMBER: &str = "430102202611230000011";

/// Sends the notice of a fee, which takes two parts, to a number, and gives its id.
async fn send(center: &Center, mobile: &str) -> String {
    let variables = json!({"number": NUMBER, "amount": "123456", "code": "43010226000000000012", "limit_on": "2026-12-09"});
    let asked = json!({"center": "430102", "mobile": mobile, "variables": variables});
    let sent =
        center.post("/api/v1/message-templates/FEE_ASSESSED/test", Some(center.operator()), asked).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    text(&sent.body["message"])
}

async fn becomes(center: &Center, clerk: &str, message: &str, state: &str) {
    let is = |answer: &yimen_tests::Answer| {
        let messages = answer.body["messages"].as_array().unwrap();
        messages.iter().any(|known| known["message"] == message && known["state"] == state)
    };
    center.until("/api/v1/messages?page_size=100", Some(clerk), is).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_server_gets_every_message_whole_and_at_most_once() {
    let (Ok(address), Ok(log)) = (std::env::var("YIMEN_TEST_SMPP"), std::env::var("YIMEN_TEST_SMPP_LOG"))
    else {
        eprintln!("skipped: YIMEN_TEST_SMPP names no server; tests/interop/smpp/run starts one");
        return;
    };
    let server = Server(log.into());
    let center = Center::with(|config| {
        let carrier = CarrierConfig {
            address: Some(address),
            system_id: Some("yimen".to_owned()),
            password: Some("secret".to_owned()),
            source: Some("10690001".to_owned()),
            ..CarrierConfig::of(CarrierKind::Smpp)
        };
        config.carriers = [("smsc".to_owned(), carrier)].into();
    })
    .await;
    let clerk = center.staff("430102-clerk1").await;

    // Whole, with its receipts; to a number that does not exist; not arrived.
    let arrived = send(&center, "13000000001").await;
    becomes(&center, &clerk, &arrived, "DELIVERED").await;
    let whole = server.events("message", "13000000001");
    let said = text(&whole[0]["text"]);
    assert!(said.starts_with('【') && said.contains(NUMBER) && said.ends_with("缴费通知书。"), "{said}");
    let parts = server.events("submit", "13000000001");
    assert_eq!(parts.len(), said.encode_utf16().count().div_ceil(67), "{said}");
    assert!(parts.iter().all(|part| part["coding"] == 8 && part["registered"] != 0), "{parts:?}");
    assert_eq!(server.events("bound", "")[0]["version"], 0x34);
    let nobody = send(&center, "13000000004").await;
    becomes(&center, &clerk, &nobody, "FAILED_PERMANENT").await;
    let lost = send(&center, "13000000005").await;
    becomes(&center, &clerk, &lost, "FAILED_PERMANENT").await;

    // Too busy: certainly not taken, so it is tried again.
    let later = send(&center, "13000000002").await;
    let refused = async || server.events("submit", "13000000002").len() == 1;
    wait(refused).await;
    becomes(&center, &clerk, &later, "QUEUED").await;
    center.set_clock(center.now() + chrono::Duration::seconds(31)).await;
    becomes(&center, &clerk, &later, "DELIVERED").await;

    // The line breaks between handing over and answer: nobody knows, and it is not handed over again.
    let unknown = send(&center, "13000000003").await;
    becomes(&center, &clerk, &unknown, "UNKNOWN").await;

    // A new link for the next one; then the server goes away and comes back.
    let next = send(&center, "13000000011").await;
    center.set_clock(center.now() + chrono::Duration::seconds(31)).await;
    becomes(&center, &clerk, &next, "DELIVERED").await;
    send(&center, "13000000009").await;
    wait(async || server.events("listening", "").len() == 2).await;
    let after = send(&center, "13000000021").await;
    center.set_clock(center.now() + chrono::Duration::seconds(31)).await;
    becomes(&center, &clerk, &after, "DELIVERED").await;
    assert_eq!(server.events("submit", "13000000003").len(), 1);

    // Who writes back TD is asked nothing more that no law asks for.
    let replied = send(&center, "13000000006").await;
    becomes(&center, &clerk, &replied, "DELIVERED").await;
    let opted_out = async || {
        let count: i64 =
            sqlx::query_scalar("select count(*) from notification.opt_out where mobile = '13000000006'")
                .fetch_one(&mut *center.database().await)
                .await
                .unwrap();
        count == 1
    };
    wait(opted_out).await;
    center.stop().await;
}

/// Waits until something elsewhere has happened.
async fn wait(happened: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !happened().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("it happens");
}
