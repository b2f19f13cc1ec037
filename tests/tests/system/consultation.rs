//! 咨询: a question's whole way, and what does not go.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Answer, Center, text};

const CENTER: &str = "430102";

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

fn question(may_publish: bool) -> Value {
    json!({
        "center": CENTER, "title": "开餐馆要带什么", "body": "示例：开一家小餐馆要办哪些手续？",
        "may_publish": may_publish,
    })
}

/// The clocks of a member of staff, once they are as wanted.
async fn clock(center: &Center, token: &str, number: &str, due_on: &str) {
    let wanted = |answer: &Answer| {
        let clocks = answer.body["clocks"].as_array().cloned().unwrap_or_default();
        clocks.iter().any(|clock| {
            clock["number"] == number && clock["kind"] == "CONSULTATION" && clock["promised_due_on"] == due_on
        })
    };
    center.until("/api/v1/clocks", Some(token), wanted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_directed_answered_and_published() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff("430102-clerk1").await;
    for login in ["430102-xfjy-approver", "430102-zjj-approver", "430102-supervisor"] {
        center.staff(login).await;
    }

    let nothing = center.post("/api/v1/questions", None, json!({})).await;
    assert_eq!((nothing.status, nothing.body["fields"].as_array().unwrap().len()), (400, 3), "{nothing:?}");
    let asked = center.ok("/api/v1/questions", None, question(true)).await;
    assert_eq!(asked["due_on"], "2026-03-09");
    let (number, code) = (text(&asked["number"]), text(&asked["lookup_code"]));
    let path = format!("/api/v1/questions/{number}");
    let follow = format!("{path}/follow?code={code}");
    let wrong = center.get(&format!("{path}/follow?code=22222222"), None).await;
    assert_eq!((wrong.status, text(&wrong.body["reason"]).as_str()), (404, "WRONG_NUMBER_OR_CODE"));

    // It is the window's, which directs it; its days go on counting.
    clock(&center, &clerk, &number, "2026-03-09").await;
    assert_eq!(
        center.get("/api/v1/questions", Some(&clerk)).await.body["questions"][0]["number"],
        json!(number)
    );
    // A session lasts no longer than a day.
    center.set_clock(noon("2026-03-04")).await;
    let clerk = center.sign_in("430102-clerk1").await;
    let fire = center.sign_in("430102-xfjy-approver").await;
    let other = center.sign_in("430102-zjj-approver").await;
    let supervisor = center.sign_in("430102-supervisor").await;
    assert_eq!(center.get(&path, Some(&fire)).await.body["reason"], "QUESTION_UNKNOWN");
    center.ok(&format!("{path}/direct"), Some(&clerk), json!({"department": "430102-xfjy"})).await;
    clock(&center, &fire, &number, "2026-03-09").await;
    let answer = json!({"answer": "示例：营业执照、食品经营许可和消防手续，一窗申请。"});
    for token in [&clerk, &other] {
        let refused = center.post(&format!("{path}/answer"), Some(token), answer.clone()).await;
        assert_eq!(refused.body["reason"], "QUESTION_UNKNOWN", "{refused:?}");
    }
    let office = center.post(&format!("{path}/answer"), Some(&supervisor), answer.clone()).await;
    assert_eq!(office.body["reason"], "ROLE_REQUIRED", "who reviews does not answer");

    // Late, it is a red light of the department; answered, its clock keeps the colour of its end.
    center.set_clock(noon("2026-03-10")).await;
    let fire = center.sign_in("430102-xfjy-approver").await;
    let supervisor = center.sign_in("430102-supervisor").await;
    let red = |answer: &Answer| {
        let warnings = answer.body["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().any(|warning| warning["number"] == json!(number) && warning["rung"] == "RED")
    };
    center.until("/api/v1/own-warnings", Some(&fire), red).await;
    let early = json!({"title": "示例", "question": "示例", "answer": "示例"});
    let unanswered = center.post(&format!("{path}/publish"), Some(&supervisor), early).await;
    assert_eq!(unanswered.body["reason"], "STATE_FORBIDS");
    center.ok(&format!("{path}/answer"), Some(&fire), answer).await;
    let own = center.get(&follow, None).await;
    assert_eq!((own.status, own.body["state"].as_str()), (200, Some("ANSWERED")), "{own:?}");
    assert!(!own.body.to_string().contains("approver"), "nor who answered: {own:?}");

    // Published in words that point at nobody, found by any of its words, and taken off again.
    let wording = |question: &str| json!({"title": "开办餐馆", "question": question, "answer": "营业执照、食品经营许可和消防手续。"});
    let personal =
        center.post(&format!("{path}/publish"), Some(&supervisor), wording("我的电话13000001234")).await;
    assert_eq!(personal.body["fields"][0]["reason"], "PERSONAL_DATA", "{personal:?}");
    center
        .ok(&format!("{path}/publish"), Some(&supervisor), wording("开小餐馆要办哪些手续 (CATERING)？"))
        .await;
    let found = async |words: &str| {
        let answers = center.get(&format!("/api/v1/answers?words={words}&center={CENTER}"), None).await;
        answers.body["answers"].as_array().unwrap().len()
    };
    assert_eq!(found("餐馆%20catering").await, 1);
    assert_eq!(found("餐馆%20婚姻").await, 0);
    assert_eq!(found("%25").await, 0, "a sign of the database's is a sign like others");
    center.ok(&format!("{path}/withhold"), Some(&supervisor), json!({"reason": "示例：规定已变"})).await;
    assert_eq!(found("餐馆").await, 0);
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_in_confidence_is_not_published_and_a_flood_stops_at_its_source() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff("430102-clerk1").await;
    let supervisor = center.staff("430102-supervisor").await;
    let elsewhere = center.staff("430103-supervisor").await;
    let asked = center.ok("/api/v1/questions", None, question(false)).await;
    let path = format!("/api/v1/questions/{}", text(&asked["number"]));
    center.ok(&format!("{path}/answer"), Some(&clerk), json!({"answer": "示例"})).await;
    let wording = json!({"title": "示例", "question": "示例", "answer": "示例"});
    let refused = center.post(&format!("{path}/publish"), Some(&supervisor), wording.clone()).await;
    assert_eq!(refused.body["reason"], "PUBLICATION_REFUSED");
    let unknown = center.post(&format!("{path}/publish"), Some(&elsewhere), wording).await;
    assert_eq!(unknown.body["reason"], "QUESTION_UNKNOWN");
    center.ok(&format!("{path}/withhold"), Some(&supervisor), json!({"reason": "示例：不同意公开"})).await;
    for _ in 1..10 {
        center.ok("/api/v1/questions", None, question(true)).await;
    }
    let flood = center.post("/api/v1/questions", None, question(true)).await;
    assert_eq!((flood.status, flood.body["reason"].as_str()), (429, Some("TOO_MANY_QUESTIONS")));
    center.stop().await;
}
