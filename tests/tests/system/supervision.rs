//! Done in time: each clock from its start to its effect, on a clock that is set.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Answer, Center, sample, text};

const CENTER: &str = "430102";

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

/// The clock of a kind, of a case.
async fn clock(
    center: &Center,
    token: &str,
    number: &str,
    kind: &str,
    done: impl Fn(&Value) -> bool,
) -> Value {
    let find = |body: &Value| {
        let clocks = body["clocks"].as_array().cloned().unwrap_or_default();
        clocks.into_iter().rfind(|clock| clock["kind"] == kind).filter(|clock| done(clock))
    };
    let path = format!("/api/v1/applications/{number}/clocks");
    let body = center.until(&path, Some(token), |answer| find(&answer.body).is_some()).await;
    find(&body).unwrap()
}

async fn warnings(center: &Center, number: &str) -> Vec<Value> {
    let list = center.get("/api/v1/warnings", None).await.body;
    let warnings = list["warnings"].as_array().cloned().unwrap_or_default();
    warnings.into_iter().filter(|warning| warning["number"] == number).collect()
}

/// 行政许可法 art. 32(1)(4), P4: over the Spring Festival, with a service that was down for ten days.
#[tokio::test(flavor = "multi_thread")]
async fn p4_five_working_days_of_silence_accept() {
    let center = Center::at(noon("2026-02-09")).await;
    let handed_in = center.ok("/api/v1/applications", None, sample("restaurant-opening", CENTER)).await;
    let (number, code) = (text(&handed_in["number"]), text(&handed_in["lookup_code"]));
    let tracking = format!("/api/v1/applications/{number}?code={code}");
    let supervisor = center.staff(&format!("{CENTER}-supervisor")).await;
    center.staff(&format!("{CENTER}-clerk1")).await;
    let running = clock(&center, &supervisor, &number, "ACCEPTANCE", |_| true).await;
    assert_eq!((&running["statutory_due_on"], &running["light"]), (&json!("2026-02-14"), &json!("GREEN")));

    // The last day, a Saturday that is worked, is the window's to its last minute.
    center.set_clock(day_start("2026-02-15".parse().unwrap()) - Duration::minutes(1)).await;
    let supervisor = center.sign_in(&format!("{CENTER}-supervisor")).await;
    clock(&center, &supervisor, &number, "ACCEPTANCE", |clock| clock["light"] == "YELLOW").await;
    assert_eq!(center.get(&tracking, None).await.body["state"], "SUBMITTED");

    center.set_clock(noon("2026-02-24")).await;
    let tracked = center.until(&tracking, None, |answer| answer.body["state"] == "ACCEPTED").await;
    let kinds: Vec<&Value> =
        tracked["documents"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["RECEIPT", "ACCEPTANCE"]);
    let [red] = &warnings(&center, &number).await[..] else { panic!("one red warning") };
    assert_eq!((&red["kind"], &red["rung"]), (&json!("ACCEPTANCE"), &json!("DARK_RED")));
    assert_eq!(red["reached_on"], "2026-02-15", "the true day, not the day on which it was noticed");

    let supervisor = center.sign_in(&format!("{CENTER}-supervisor")).await;
    let ended = clock(&center, &supervisor, &number, "ACCEPTANCE", |clock| clock["ended_on"] != "").await;
    assert_eq!((&ended["outcome"], &ended["light"]), (&json!("DEEMED_ACCEPTED"), &json!("DARK_RED")));
    let decision = clock(&center, &supervisor, &number, "DECISION", |_| true).await;
    assert_eq!(decision["started_on"], "2026-02-09", "from the day on which the materials were received");
    assert_eq!(decision["promised_due_on"], "2026-02-25", "five of the seven days are used");

    // The window can no longer do otherwise.
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    let refusal = json!({"ground": "NOT_COMPETENT", "reason": "示例", "referred_to": "示例机关"});
    let refused = center.post(&format!("/api/v1/applications/{number}/refuse"), Some(&clerk), refusal).await;
    assert_eq!(refused.body["reason"], "STATE_FORBIDS", "{refused:?}");
    let messages = format!("/api/v1/messages?number={number}");
    let told = |answer: &Answer| {
        let messages = answer.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().any(|message| message["template"] == "DEEMED_ACCEPTED")
    };
    center.until(&messages, Some(&clerk), told).await;
    center.stop().await;
}

/// P14 (art. 45): a special procedure stops both clocks with its written notice; P12 (art. 42): the extension.
#[tokio::test(flavor = "multi_thread")]
async fn p12_p14_time_is_left_out_and_added() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    let (number, tracking) = center.accepted("restaurant-opening", CENTER, &clerk).await;
    let lead = center.staff(&format!("{CENTER}-scjg-approver")).await;
    let approval = format!("/api/v1/joint-approvals/{number}");
    let opened = center.until(&approval, Some(&lead), |answer| answer.status == 200).await;
    let before = clock(&center, &lead, &number, "DECISION", |_| true).await;
    assert_eq!(before["promised_due_on"], "2026-03-11");

    let review = |from: &str| json!({"ground": "EXPERT_REVIEW", "from_on": from, "until_on": "2026-03-06", "reason": "布局评审（示例）"});
    let back_dated = center.post(&format!("{approval}/procedures"), Some(&lead), review("2026-03-01")).await;
    assert_eq!(back_dated.body["fields"][0]["reason"], "BACK_DATED", "{back_dated:?}");
    let started = center.ok(&format!("{approval}/procedures"), Some(&lead), review("2026-03-02")).await;
    // The statutory clock stops with the written notice, which intake issues.
    let grey = clock(&center, &lead, &number, "DECISION", |clock| clock["statutory_due_on"] == "").await;
    assert_eq!((&grey["promised_due_on"], &grey["light"]), (&json!(""), &json!("GREY")));
    let notices = |answer: &Answer| {
        answer.body["documents"].as_array().unwrap().iter().any(|one| one["kind"] == "PROCEDURE_NOTICE")
    };
    center.until(&tracking, None, notices).await;
    let opinion = json!({"kind": "APPROVE", "materials_revision": opened["materials_revision"]});
    let early = center.post(&format!("{approval}/opinions"), Some(&lead), opinion).await;
    assert_eq!(early.body["reason"], "PROCEDURE_OPEN");

    center.set_clock(noon("2026-03-04")).await;
    let lead = center.sign_in(&format!("{CENTER}-scjg-approver")).await;
    let procedure = text(&started["procedures"][0]["procedure"]);
    center.ok(&format!("{approval}/procedures/{procedure}/end"), Some(&lead), json!({})).await;
    let resumed = clock(&center, &lead, &number, "DECISION", |clock| clock["promised_due_on"] != "").await;
    assert_eq!(resumed["promised_due_on"], "2026-03-13", "two working days were left out");
    assert_eq!(resumed["light"], "GREY", "today is not counted yet");
    let told = resumed["explanation_zh"].as_array().unwrap();
    assert!(told.iter().any(|line| text(line).contains("专家评审")), "{told:?}");

    let extension = |authority: &str| json!({"days": 15, "authority": authority, "approver": "示例区长", "reason": "示例：情况复杂"});
    let path = format!("{approval}/extension");
    let wrong = center.post(&path, Some(&lead), extension("AGENCY_HEAD")).await;
    assert_eq!(wrong.body["fields"][0]["reason"], "WRONG_AUTHORITY", "{wrong:?}");
    center.ok(&path, Some(&lead), extension("GOVERNMENT_HEAD")).await;
    let extended =
        clock(&center, &lead, &number, "DECISION", |clock| clock["promised_due_on"] != "2026-03-13").await;
    assert_eq!(extended["promised_due_on"], "2026-04-03");
    let again = center.post(&path, Some(&lead), extension("GOVERNMENT_HEAD")).await;
    assert_eq!(again.body["reason"], "ALREADY_EXTENDED");
    center.stop().await;
}

/// 行政许可法 art. 44, P13: a grant is delivered within ten working days, and keeps the colour of its end.
#[tokio::test(flavor = "multi_thread")]
async fn p13_a_result_that_is_not_delivered_in_ten_working_days_is_late() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    let lead = center.staff(&format!("{CENTER}-scjg-approver")).await;
    let (number, tracking) = center.accepted("food-business-licence", CENTER, &clerk).await;
    center.decided(&number, &lead, "GRANTED").await;
    center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;
    let running = clock(&center, &clerk, &number, "DELIVERY", |_| true).await;
    assert_eq!((&running["statutory_due_on"], &running["light"]), (&json!("2026-03-16"), &json!("GREEN")));

    center.set_clock(noon("2026-03-17")).await;
    let late = |answer: &Answer| {
        let list = answer.body["warnings"].as_array().cloned().unwrap_or_default();
        list.iter().any(|one| one["kind"] == "DELIVERY" && one["rung"] == "DARK_RED")
    };
    center.until("/api/v1/warnings", None, late).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    let deliver = json!({"method": "COUNTER", "recipient": "示例"});
    center.ok(&format!("/api/v1/applications/{number}/deliver"), Some(&clerk), deliver).await;
    let ended = clock(&center, &clerk, &number, "DELIVERY", |clock| clock["ended_on"] != "").await;
    assert_eq!((&ended["outcome"], &ended["light"]), (&json!("DELIVERED"), &json!("DARK_RED")));
    center.set_clock(noon("2027-03-17")).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    clock(&center, &clerk, &number, "DELIVERY", |clock| clock["light"] == "DARK_RED").await;
    center.stop().await;
}

/// An unpaid notice is followed up: the window is told on its own list, and the public is not.
#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_fee_is_followed_up_until_it_is_postponed() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    center.staff(&format!("{CENTER}-finance")).await;
    let (number, tracking) = center.accepted("real-estate-transfer", CENTER, &clerk).await;
    let fee =
        center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "DUE").await["fee"].clone();
    center.set_clock(noon("2026-06-01")).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    let running = clock(&center, &clerk, &number, "FEE_FOLLOW_UP", |_| true).await;
    assert_eq!((&running["promised_days"], &running["light"]), (&json!(5), &json!("GREEN")));

    center.set_clock(noon("2026-06-20")).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    let follow_up = |answer: &Answer| {
        let list = answer.body["warnings"].as_array().cloned().unwrap_or_default();
        list.iter().any(|one| one["kind"] == "FEE_FOLLOW_UP" && one["rung"] == "RED")
    };
    center.until("/api/v1/own-warnings", Some(&clerk), follow_up).await;
    assert!(!follow_up(&center.get("/api/v1/warnings", None).await), "who has to pay is nobody's business");
    let finance = center.sign_in(&format!("{CENTER}-finance")).await;
    let later = json!({"kind": "POSTPONEMENT", "to_limit_on": "2026-07-01", "ground": "示例：暂有困难", "document": "示例文号2号", "approver": "示例财政局"});
    let path = format!("/api/v1/fee-notices/{}/relief", text(&fee["notice"]));
    center.ok(&path, Some(&finance), later).await;
    let ended = clock(&center, &clerk, &number, "FEE_FOLLOW_UP", |clock| clock["ended_on"] != "").await;
    assert_eq!((&ended["outcome"], &ended["light"]), (&json!("RELIEVED"), &json!("RED")));
    center.stop().await;
}

/// Clock jumps of ±1 h, −1 day, +400 days and back: every rung once, with its true day, and the right light.
#[tokio::test(flavor = "multi_thread")]
async fn no_rung_is_lost_or_repeated_when_the_clock_jumps() {
    let start = noon("2026-03-02");
    let center = Center::at(start).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    let (number, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
    clock(&center, &clerk, &number, "TASK", |_| true).await;
    for jump in [Duration::hours(1), Duration::hours(-1), Duration::days(-1), Duration::zero()] {
        center.set_clock(start + jump).await;
    }
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    clock(&center, &clerk, &number, "DECISION", |clock| clock["light"] == "GREEN").await;
    assert_eq!(warnings(&center, &number).await, Vec::<Value>::new());

    center.set_clock(start + Duration::days(400)).await;
    let public = |answer: &Answer| {
        let list = answer.body["warnings"].as_array().cloned().unwrap_or_default();
        list.iter().filter(|warning| warning["number"] == number.as_str()).count() == 5
    };
    center.until("/api/v1/warnings", None, public).await;
    let first = warnings(&center, &number).await;
    let rungs: Vec<(String, String)> =
        first.iter().map(|one| (text(&one["kind"]), text(&one["rung"]))).collect();
    for expected in [
        ("TASK", "RED"),
        ("TASK", "CASE"),
        ("DECISION", "RED"),
        ("DECISION", "CASE"),
        ("DECISION", "DARK_RED"),
    ] {
        assert!(rungs.contains(&(expected.0.to_owned(), expected.1.to_owned())), "{rungs:?}");
    }
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    clock(&center, &clerk, &number, "DECISION", |clock| clock["light"] == "DARK_RED").await;

    center.set_clock(start).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    clock(&center, &clerk, &number, "DECISION", |clock| clock["light"] == "GREEN").await;
    center.set_clock(start + Duration::days(401)).await;
    // A case that is handed in now and lapses shows that the ladder was climbed again since.
    let other = center.ok("/api/v1/applications", None, sample("food-business-licence", CENTER)).await;
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    clock(&center, &clerk, &text(&other["number"]), "ACCEPTANCE", |_| true).await;
    center.set_clock(start + Duration::days(420)).await;
    let tracking =
        format!("/api/v1/applications/{}?code={}", text(&other["number"]), text(&other["lookup_code"]));
    center.until(&tracking, None, |answer| answer.body["state"] == "ACCEPTED").await;
    assert_eq!(warnings(&center, &number).await, first);
    center.stop().await;
}

/// A year's notice moves the last days of what is open, and says which notice did.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_calendar_moves_open_clocks() {
    let center = Center::at(noon("2026-12-28")).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    let (number, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
    let before = clock(&center, &clerk, &number, "DECISION", |clock| clock["provisional"] == true).await;
    let due = text(&before["statutory_due_on"]).parse::<NaiveDate>().unwrap();

    // 示例: 1 January with the two days after it, as in 2026.
    let csv = "date,kind,holiday\n2027-01-01,off,元旦\n2027-01-04,off,元旦\n2027-01-05,off,元旦\n";
    let import = |csv: &str| {
        use base64::Engine as _;
        json!({"csv": base64::engine::general_purpose::STANDARD.encode(csv)})
    };
    let broken = center
        .post("/api/v1/calendar", Some(center.operator()), import("date,kind\n2027-01-32,off,元旦\n"))
        .await;
    assert_eq!(broken.body["fields"][0]["field"], "csv", "{broken:?}");
    let imported = center.ok("/api/v1/calendar", Some(center.operator()), import(csv)).await;
    assert_eq!((&imported["year"], &imported["days"]), (&json!(2027), &json!(3)));
    let again = center.ok("/api/v1/calendar", Some(center.operator()), import(csv)).await;
    assert_eq!(again["unchanged"], true);

    let after = clock(&center, &clerk, &number, "DECISION", |clock| clock["provisional"] == false).await;
    let moved = text(&after["statutory_due_on"]).parse::<NaiveDate>().unwrap();
    assert!(moved > due, "{due} → {moved}");
    let supervisor = center.staff(&format!("{CENTER}-supervisor")).await;
    let moves = |answer: &Answer| -> Vec<Value> {
        let moves = answer.body["moves"].as_array().cloned().unwrap_or_default();
        let legal = |one: &Value| one["kind"] == "DECISION" && one["promised"] == false;
        moves.into_iter().filter(legal).collect()
    };
    let path = "/api/v1/calendar/moves?year=2027";
    center.set_clock(center.now()).await;
    center.until(path, Some(&supervisor), |answer| !moves(answer).is_empty()).await;
    let [moved_by] = &moves(&center.get(path, Some(&supervisor)).await)[..] else { panic!("one move") };
    assert_eq!((&moved_by["year"], &moved_by["before_on"]), (&json!(2027), &json!(due.to_string())));
    assert_eq!((&moved_by["after_on"], &moved_by["number"]), (&json!(moved.to_string()), &json!(number)));
    center.stop().await;
}
