//! What becomes of what is not done in time: supervision cases, appeals, questions, figures.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use futures::StreamExt as _;
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Answer, Center, text};

const CENTER: &str = "430102";

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

/// The first entry of a list that fits, when there is one.
async fn first(
    center: &Center,
    path: &str,
    token: Option<&str>,
    list: &str,
    fits: impl Fn(&Value) -> bool,
) -> Value {
    let find = |answer: &Answer| {
        answer.body[list].as_array().cloned().unwrap_or_default().into_iter().find(|one| fits(one))
    };
    let body = center.until(path, token, |answer| find(answer).is_some()).await;
    find(&Answer { status: 200, body }).unwrap()
}

/// The red list, from its beginning or after an event, as a browser follows it: `count` events, each its id
/// and its data.
async fn follow(center: &Center, after: Option<&str>, count: usize) -> Vec<(String, Value)> {
    let mut request = center.request(reqwest::Method::GET, "/api/v1/warnings/watch");
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    let mut stream = request.send().await.unwrap().bytes_stream();
    let (mut seen, mut events) = (String::new(), Vec::new());
    while events.len() < count {
        seen.push_str(
            std::str::from_utf8(
                &tokio::time::timeout_at(limit, stream.next()).await.unwrap().unwrap().unwrap(),
            )
            .unwrap(),
        );
        while let Some((event, rest)) = seen.split_once("\n\n") {
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(id), Some(data)) = (line("id: "), line("data: ")) {
                events.push((id.to_owned(), serde_json::from_str(data).unwrap()));
            }
            seen = rest.to_owned();
        }
    }
    events
}

/// A department is late: red, appealed, corrected; later a supervision case, answered and closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_red_warning_is_appealed_and_a_case_is_answered() {
    let center = Center::at(noon("2026-03-02")).await;
    let [clerk, lead, other, supervisor] =
        ["clerk1", "scjg-approver", "zjj-approver", "supervisor"].map(|login| format!("{CENTER}-{login}"));
    for login in [&lead, &other, &supervisor] {
        center.staff(login).await;
    }
    let clerk = center.staff(&clerk).await;
    let (number, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
    let clocks = format!("/api/v1/applications/{number}/clocks");
    let task = first(&center, &clocks, Some(&clerk), "clocks", |clock| clock["kind"] == "TASK").await;
    let due = text(&task["promised_due_on"]).parse::<NaiveDate>().unwrap();

    center.set_clock(day_start(due) + Duration::hours(36)).await;
    let late = |one: &Value| one["kind"] == "TASK" && one["rung"] == "RED";
    let red = first(&center, "/api/v1/warnings", None, "warnings", late).await;
    assert_eq!((&red["correction"], &red["appeal"]), (&Value::Null, &Value::Null));
    let [lead_token, other_token, supervisor_token] =
        [center.sign_in(&lead).await, center.sign_in(&other).await, center.sign_in(&supervisor).await];
    let urgent = center.get("/api/v1/clocks", Some(&lead_token)).await.body;
    assert_eq!(urgent["clocks"][0]["light"], "RED", "{urgent}");

    let appeal = format!("/api/v1/warnings/{}/appeal", text(&red["warning"]));
    let said = json!({"reason": "示例：材料收到日期有误", "evidence": "示例：收文登记第12号"});
    let refused = center.post(&appeal, Some(&other_token), said.clone()).await;
    assert_eq!(refused.body["reason"], "NOT_A_PARTY");
    let empty = center.post(&appeal, Some(&lead_token), json!({"reason": "", "evidence": " "})).await;
    assert_eq!(empty.body["fields"].as_array().unwrap().len(), 2, "{empty:?}");
    let appealed = center.ok(&appeal, Some(&lead_token), said.clone()).await;
    assert_eq!(appealed["appeal"]["state"], "OPEN");
    let again = center.post(&appeal, Some(&lead_token), said).await;
    assert_eq!(again.body["reason"], "STATE_FORBIDS");

    let decide = format!("{appeal}/decide");
    let decision = json!({"upheld": true, "reason": "经核实，收文日期登记有误（示例）"});
    center.ok(&decide, Some(&supervisor_token), decision.clone()).await;
    let twice = center.post(&decide, Some(&supervisor_token), decision).await;
    assert_eq!(twice.body["reason"], "STATE_FORBIDS");
    let public = first(&center, "/api/v1/warnings", None, "warnings", late).await;
    assert_eq!(public["warning"], red["warning"], "it stays");
    assert_eq!(public["correction"]["reason"], "经核实，收文日期登记有误（示例）");
    assert_eq!(public["appeal"], Value::Null, "what was said is not public");

    // Whoever follows the list sees each warning as it is now, and goes on after what was seen: the decision
    // is as late as the opinion, and the opinion's warning changed last.
    let events = follow(&center, None, 2).await;
    assert_eq!(events[1].1["warning"]["warning"], red["warning"]);
    assert_ne!(events[1].1["warning"]["correction"], Value::Null);
    assert_eq!(follow(&center, Some(&events[0].0), 1).await, events[1..]);

    center.set_clock(day_start(due) + Duration::days(12)).await;
    let [lead, other, supervisor] =
        [center.sign_in(&lead).await, center.sign_in(&other).await, center.sign_in(&supervisor).await];
    let of_task = |one: &Value| one["kind"] == "TASK";
    let cases = "/api/v1/supervision-cases";
    let case = first(&center, cases, Some(&lead), "supervision_cases", of_task).await;
    assert_eq!((&case["state"], &case["done"]), (&json!("OPEN"), &json!(false)));
    assert_eq!(center.get(cases, Some(&other)).await.body["supervision_cases"], json!([]));
    let reply_clock = |clock: &Value| clock["kind"] == "SUPERVISION_CASE";
    let reply = first(&center, &clocks, Some(&lead), "clocks", reply_clock).await;
    assert_eq!(reply["promised_days"], 5);

    let path = format!("{cases}/{}", text(&case["supervision_case"]));
    let conclusion = json!({"conclusion": "已督促办理（示例）"});
    let early = center.post(&format!("{path}/close"), Some(&supervisor), conclusion.clone()).await;
    assert_eq!(early.body["reason"], "STATE_FORBIDS");
    let answer = json!({"reply": "人员调整，两日内办结（示例）"});
    let foreign = center.post(&format!("{path}/reply"), Some(&other), answer.clone()).await;
    assert_eq!(foreign.body["reason"], "NOT_A_PARTY");
    center.ok(&format!("{path}/reply"), Some(&lead), answer.clone()).await;
    let closed = center.ok(&format!("{path}/close"), Some(&supervisor), conclusion).await;
    assert_eq!((&closed["state"], &closed["reply"]), (&json!("CLOSED"), &answer["reply"]));
    let late = center.post(&format!("{path}/reply"), Some(&lead), answer).await;
    assert_eq!(late.body["reason"], "STATE_FORBIDS");
    center.stop().await;
}

/// A second notice and a procedure that goes on for longer than announced are asked about, once.
#[tokio::test(flavor = "multi_thread")]
async fn p4_p14_departments_are_asked_and_answer() {
    let center = Center::at(noon("2026-03-02")).await;
    let [lead, supervisor] = ["scjg-approver", "supervisor"].map(|login| format!("{CENTER}-{login}"));
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    center.staff(&lead).await;
    let supervisor_token = center.staff(&supervisor).await;
    let handed_in =
        center.ok("/api/v1/applications", None, yimen_tests::sample("restaurant-opening", CENTER)).await;
    let (number, code) = (text(&handed_in["number"]), text(&handed_in["lookup_code"]));
    let path = format!("/api/v1/applications/{number}");
    for repeat_reason in ["", "补交的材料又有新的问题（示例）"] {
        let problems = [json!({"material": "layout-plan", "problem": "缺少比例尺"})];
        let notice = json!({"problems": problems, "due_on": "2026-03-20", "repeat_reason": repeat_reason});
        center.ok(&format!("{path}/supplement-notice"), Some(&clerk), notice).await;
        let file = json!({"code": "layout-plan", "file": {"file_name": "补.txt", "content": "6KGl5YWFMQ=="}});
        center.ok(&format!("{path}/materials"), None, json!({"code": code, "materials": [file]})).await;
    }
    let flags = "/api/v1/flags";
    let second = |flag: &Value| flag["kind"] == "SECOND_NOTICE";
    let asked = first(&center, flags, Some(&supervisor_token), "flags", second).await;
    assert_eq!((&asked["numbers"], &asked["department"]), (&json!([number]), &json!("")));

    center.ok(&format!("{path}/accept"), Some(&clerk), json!({})).await;
    let lead_token = center.sign_in(&lead).await;
    let approval = format!("/api/v1/joint-approvals/{number}");
    center.until(&approval, Some(&lead_token), |answer| answer.status == 200).await;
    let review = json!({"ground": "EXPERT_REVIEW", "from_on": "2026-03-02", "until_on": "2026-03-04", "reason": "示例"});
    center.ok(&format!("{approval}/procedures"), Some(&lead_token), review).await;
    center.set_clock(noon("2026-03-09")).await;
    let lead_token = center.sign_in(&lead).await;
    let overrun = |flag: &Value| flag["kind"] == "SUSPENSION_OVERRUN";
    let flag = first(&center, flags, Some(&lead_token), "flags", overrun).await;
    let answer = format!("{flags}/{}/answer", text(&flag["flag"]));
    let said = json!({"answer": "专家未到齐（示例）"});
    let clerk = center.sign_in(&format!("{CENTER}-clerk1")).await;
    let foreign = center.post(&answer, Some(&clerk), said.clone()).await;
    assert_eq!(foreign.body["reason"], "NOT_A_PARTY");
    let answered = center.ok(&answer, Some(&lead_token), said.clone()).await;
    assert_eq!(answered["answer"], said["answer"]);
    assert_eq!(center.post(&answer, Some(&lead_token), said).await.body["reason"], "STATE_FORBIDS");
    let all = center.get(flags, Some(&lead_token)).await.body;
    assert_eq!(all["flags"].as_array().unwrap().iter().filter(|flag| overrun(flag)).count(), 1);
    center.stop().await;
}

/// What was counted comes out the same when it is counted again, whatever happened to the figures.
#[tokio::test(flavor = "multi_thread")]
async fn boards_are_counted_from_the_cases() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff(&format!("{CENTER}-clerk1")).await;
    let lead = center.staff(&format!("{CENTER}-scjg-approver")).await;
    for _ in 0..3 {
        let (number, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
        center.decided(&number, &lead, "GRANTED").await;
    }
    let (late, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
    let path = "/api/v1/boards/430100?grain=MONTH&periods=true";
    center.set_clock(noon("2026-04-20")).await;
    let lead = center.sign_in(&format!("{CENTER}-scjg-approver")).await;
    center.decided(&late, &lead, "GRANTED").await;

    // The city has its centers, and everyone may look.
    // The late decision and its opinion, and three results that nobody delivered, climb to the last rung.
    let climbed = |answer: &Answer| {
        let total = &answer.body["lines"][0]["total"];
        (&total["decided"], &total["dark_red"], &total["supervision_cases"])
            == (&json!(4), &json!(4), &json!(5))
    };
    let board = center.until(path, None, climbed).await;
    let total = &board["lines"][0]["total"];
    assert_eq!((&board["lines"][0]["center"], &total["received"]), (&json!(CENTER), &json!(4)));
    assert_eq!((&total["decided_as_promised"], &total["decided_by_law"]), (&json!(3), &json!(3)));
    assert_eq!((&total["used"]["count"], &total["used"]["median"]), (&json!(4), &json!(0)));
    assert!(total["used"]["max"].as_u64().unwrap() > 20, "{total}");
    let months: Vec<&Value> =
        board["lines"][0]["periods"].as_array().unwrap().iter().map(|period| &period["first_on"]).collect();
    assert_eq!(months, ["2026-03-01", "2026-04-01"]);
    let by_department = center.get("/api/v1/boards/430102?by=DEPARTMENT", None).await.body;
    let of = |department: &str| {
        let lines = by_department["lines"].as_array().unwrap();
        lines.iter().find(|line| line["department"] == department).unwrap()["total"].clone()
    };
    assert_eq!((&of("")["received"], &of("430102-scjg")["opinions"]), (&json!(4), &json!(4)));
    let wrong =
        center.get("/api/v1/boards/430102?by=CENTER&item=food-business-licence&from_on=x", None).await;
    assert_eq!(wrong.body["fields"].as_array().unwrap().len(), 2, "{wrong:?}");

    let operator = center.sign_in("operator").await;
    let rebuilt = center.ok("/api/v1/boards/rebuild", Some(&operator), json!({})).await;
    assert_eq!(rebuilt["corrected"], 0, "{rebuilt}");
    sqlx::query("update supervision.rollup set counts[1] = counts[1] + 1 where measure = 'DECIDED'")
        .execute(&mut *center.database().await)
        .await
        .unwrap();
    sqlx::query("delete from supervision.rollup where measure = 'RECEIVED'")
        .execute(&mut *center.database().await)
        .await
        .unwrap();
    assert_ne!(center.get(path, None).await.body, board);
    let rebuilt = center.ok("/api/v1/boards/rebuild", Some(&operator), json!({})).await;
    assert!(rebuilt["corrected"].as_u64().unwrap() >= 2, "{rebuilt}");
    assert_eq!(center.get(path, None).await.body, board);
    let again = center.ok("/api/v1/boards/rebuild", Some(&operator), json!({})).await;
    assert_eq!((&again["corrected"], &again["figures"]), (&json!(0), &rebuilt["figures"]));
    center.stop().await;
}
