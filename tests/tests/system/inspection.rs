//! The joint visit: proposed by the lead, answered, recorded and signed by department systems; then
//! the lead grants.

use serde_json::{Value, json};
use yimen_platform::Clock as _;
use yimen_platform::clock::SystemClock;
use yimen_tests::{Center, sample, text};

const SHORTS: [&str; 3] = ["scjg", "xfjy", "cgj"];

#[tokio::test(flavor = "multi_thread")]
async fn one_visit_for_all_and_then_the_grant() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    let mut keys = Vec::new();
    for short in SHORTS {
        keys.push(center.api_key(&format!("430102-{short}")).await.0);
    }
    let [lead, fire, city] = keys.as_slice() else { panic!("three departments") };

    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let (number, code) = (text(&handed_in["number"]), text(&handed_in["lookup_code"]));
    let tracking = format!("/api/v1/applications/{number}?code={code}");
    center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    let approval = format!("/api/v1/joint-approvals/{number}");
    let opened = center.until(&approval, Some(lead), |answer| answer.status == 200).await;
    assert_eq!(opened["inspection_required"], true, "{opened}");

    // Only the lead proposes.
    let time = SystemClock.now() + chrono::TimeDelta::seconds(5);
    let proposal = json!({
        "time": time.to_rfc3339(), "place": "示例路1号", "departments": ["430102-scjg", "430102-xfjy"],
    });
    let visit = format!("{approval}/inspection");
    assert_eq!(center.post(&visit, Some(fire), proposal.clone()).await.body["reason"], "NOT_THE_LEAD");
    center.ok(&visit, Some(lead), proposal).await;

    // Who was not asked does not answer; the record waits for the answers.
    let yes = json!({"confirm": true});
    let uninvited = center.post(&format!("{visit}/answer"), Some(city), yes.clone()).await;
    assert_eq!(uninvited.body["reason"], "NOT_IN_INSPECTION");
    let record = |staff: Value| {
        json!({
            "attendance": [
                {"department": "430102-scjg", "staff": ["甲", "乙"]},
                {"department": "430102-xfjy", "staff": staff},
            ],
            "findings": "现场与材料一致（示例）。",
        })
    };
    let early = center.post(&format!("{visit}/record"), Some(lead), record(json!(["丙", "丁"]))).await;
    assert_eq!(early.body["reason"], "INSPECTION_ANSWERS_MISSING", "{early:?}");
    for key in [lead, fire] {
        center.ok(&format!("{visit}/answer"), Some(key), yes.clone()).await;
    }

    // One person is not enough (行政许可法 art. 34(3)).
    let alone = center.post(&format!("{visit}/record"), Some(lead), record(json!(["丙"]))).await;
    assert_eq!(alone.body["reason"], "INSPECTION_STAFF", "{alone:?}");
    center.ok(&format!("{visit}/record"), Some(lead), record(json!(["丙", "丁"]))).await;
    for key in [lead, fire] {
        center.ok(&format!("{visit}/signature"), Some(key), json!({"conclusion": "PASSED"})).await;
    }

    // Every opinion, what was promised, and then the grant.
    let tracked = center.get(&tracking, None).await.body;
    for owed in tracked["owed"].as_array().into_iter().flatten() {
        let file = json!({"code": owed["code"], "file": {"file_name": "补.txt", "content": "6KGl5YWF"}});
        let path = format!("/api/v1/applications/{number}/materials");
        center.ok(&path, None, json!({"code": code, "materials": [file]})).await;
    }
    let settled = |answer: &yimen_tests::Answer| {
        answer.body["promised"].as_array().is_none_or(|promised| promised.is_empty())
    };
    let revision = center.until(&approval, Some(lead), settled).await["materials_revision"].clone();
    let grant = json!({"outcome": "GRANTED", "materials_revision": revision});
    let early = center.post(&format!("{approval}/decision"), Some(lead), grant.clone()).await;
    assert_eq!(early.body["reason"], "OPINIONS_MISSING", "{early:?}");
    for key in &keys {
        let opinion = json!({"kind": "APPROVE", "materials_revision": revision});
        center.ok(&format!("{approval}/opinions"), Some(key), opinion).await;
    }
    center.ok(&format!("{approval}/decision"), Some(lead), grant).await;
    let done = center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;
    assert_eq!(done["outcome"], "GRANTED");
    center.stop().await;
}
