//! Materials in motion: asked for once, returned for, replaced; and what that does to opinions.

use serde_json::{Value, json};
use yimen_platform::Clock as _;
use yimen_platform::clock::SystemClock;
use yimen_tests::{Answer, Center, sample, text};

fn file(code: &str, content: &str) -> Value {
    json!({"code": code, "file": {"file_name": "补.txt", "content": content}})
}

fn task<'a>(approval: &'a Value, short: &str) -> &'a Value {
    let department = format!("430102-{short}");
    approval["tasks"].as_array().unwrap().iter().find(|task| task["department"] == department).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_material_reopens_what_relied_on_it() {
    let center = Center::start().await;
    let clerk = center.staff("430102-clerk1").await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", "430102")).await;
    let (number, code) = (text(&handed_in["number"]), text(&handed_in["lookup_code"]));
    let path = |action: &str| format!("/api/v1/applications/{number}/{action}");
    let tracking = format!("/api/v1/applications/{number}?code={code}");
    let due_on = (SystemClock.now() + chrono::TimeDelta::days(20)).date_naive().to_string();
    let provide = async |content: &str| {
        let body = json!({"code": code, "materials": [file("layout-plan", content)]});
        center.ok(&path("materials"), None, body).await;
    };

    // One notice names everything; a second needs a reason (行政许可法 art. 32).
    let mut notice =
        json!({"problems": [{"material": "layout-plan", "problem": "缺少比例尺"}], "due_on": due_on});
    center.ok(&path("supplement-notice"), Some(&clerk), notice.clone()).await;
    assert_eq!(center.get(&tracking, None).await.body["state"], "SUPPLEMENT_REQUESTED");
    provide("6KGl5YWFMQ==").await;
    let second = center.post(&path("supplement-notice"), Some(&clerk), notice.clone()).await;
    assert!(second.body.to_string().contains("SECOND_SUPPLEMENT_NEEDS_REASON"), "{second:?}");
    notice["repeat_reason"] = json!("补交的材料又有新的问题");
    center.ok(&path("supplement-notice"), Some(&clerk), notice).await;
    provide("6KGl5YWFMg==").await;
    center.ok(&path("accept"), Some(&clerk), json!({})).await;

    let approval = format!("/api/v1/joint-approvals/{number}");
    let mut keys = Vec::new();
    for short in ["scjg", "xfjy", "cgj", "sthj"] {
        keys.push(center.api_key(&format!("430102-{short}")).await.0);
    }
    let [lead, fire, city, added] = keys.as_slice() else { panic!("four departments") };
    let opened = center.until(&approval, Some(lead), |answer| answer.status == 200).await;
    let first = opened["materials_revision"].clone();
    let opinions = format!("{approval}/opinions");
    for key in [fire, city] {
        center.ok(&opinions, Some(key), json!({"kind": "APPROVE", "materials_revision": first})).await;
    }

    // The lead asks for a better plan: fire safety relied on the old one, the city's look did not.
    let back = json!({
        "kind": "RETURN", "reason": "布局图与现场不符", "materials": ["layout-plan"], "materials_revision": first,
    });
    center.ok(&opinions, Some(lead), back).await;
    let forward = json!({"forward": true, "due_on": due_on});
    center.ok(&format!("{approval}/returns/430102-scjg"), Some(lead), forward).await;
    let asked = |answer: &Answer| answer.body["owed"].as_array().is_some_and(|owed| !owed.is_empty());
    center.until(&tracking, None, asked).await;
    provide("6KGl5YWFMw==").await;
    let newer = |answer: &Answer| answer.body["materials_revision"] != first;
    let now = center.until(&approval, Some(lead), newer).await;
    assert_eq!((&task(&now, "xfjy")["state"], &task(&now, "xfjy")["reopened"]), (&json!("OPEN"), &json!(1)));
    assert_eq!(task(&now, "cgj")["state"], "OPINED");
    let stale =
        center.post(&opinions, Some(fire), json!({"kind": "APPROVE", "materials_revision": first})).await;
    assert_eq!(stale.body["reason"], "STALE_MATERIALS", "{stale:?}");

    // Midway one more department, with a reason, once; then its opinion is required like any other.
    let add = format!("{approval}/departments");
    let mut asked = json!({"department": "430102-sthj", "limit_days": 3});
    assert_eq!(center.post(&add, Some(lead), asked.clone()).await.status, 400);
    asked["reason"] = json!("油烟排放须征求意见");
    assert_eq!(center.post(&add, Some(fire), asked.clone()).await.body["reason"], "NOT_THE_LEAD");
    center.ok(&add, Some(lead), asked.clone()).await;
    assert_eq!(center.post(&add, Some(lead), asked).await.body["reason"], "DEPARTMENT_ALREADY_IN");
    let seen = center.get(&approval, Some(added)).await.body;
    assert_eq!(task(&seen, "sthj")["added_reason"], "油烟排放须征求意见");

    // The applicant takes it back: nobody opines any more.
    center.ok(&path("withdraw"), None, json!({"code": code, "reason": "计划有变"})).await;
    let ended = |answer: &Answer| answer.body["state"] != "RUNNING";
    let revision = center.until(&approval, Some(lead), ended).await["materials_revision"].clone();
    let late =
        center.post(&opinions, Some(added), json!({"kind": "APPROVE", "materials_revision": revision})).await;
    assert_eq!(late.body["reason"], "STATE_FORBIDS", "{late:?}");
    center.stop().await;
}
