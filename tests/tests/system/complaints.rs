//! Complaints: the whole way of one, and every way around recusal through the door.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Answer, Center, text};

const CENTER: &str = "430102";
/// Example people.
const NAME: &str = "张示例";
const MOBILE: &str = "13000001234";

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

fn about(subject: Value) -> Value {
    json!({
        "center": CENTER, "kind": "COMPLAINT", "identity": "NAMED",
        "complainant": {"name": NAME, "mobile": MOBILE},
        "subject": subject, "grounds": ["DRAGGING"], "body": "示例：等了三周没有答复",
    })
}

async fn file(center: &Center, filing: Value) -> (String, String) {
    let filed = center.ok("/api/v1/complaints", None, json!({"filing": filing})).await;
    (text(&filed["number"]), text(&filed["lookup_code"]))
}

async fn staff<const N: usize>(center: &Center, logins: [&str; N]) -> [String; N] {
    let mut tokens = Vec::new();
    for login in logins {
        tokens.push(center.staff(login).await);
    }
    tokens.try_into().unwrap()
}

/// What a complaint's clocks are, as supervision keeps them.
async fn clocks(center: &Center, number: &str, wanted: &[(&str, &str, i32, &str)]) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found: Vec<(String, String, i32, String)> = sqlx::query_as(
            "select kind, department, run, outcome from supervision.clock where number = $1 order by kind, run",
        )
        .bind(number)
        .fetch_all(&mut *center.database().await)
        .await
        .unwrap();
        let found: Vec<(&str, &str, i32, &str)> = found
            .iter()
            .map(|(kind, of, run, how)| (kind.as_str(), of.as_str(), *run, how.as_str()))
            .collect();
        if found == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{number} has {found:?}, not {wanted:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_goes_its_whole_way() {
    let center = Center::at(noon("2026-03-02")).await;
    let [supervisor, handler, city] =
        staff(&center, ["430102-supervisor", "430102-zjj-approver", "430100-supervisor"]).await;

    let nothing = center.post("/api/v1/complaints", None, json!({"filing": {}})).await;
    assert_eq!(nothing.status, 400);
    let faulty = nothing.body["fields"].as_array().unwrap().len();
    assert!(faulty >= 5, "every field at once: {nothing:?}");
    let filing = about(json!({"kind": "DEPARTMENT", "department": "430102-scjg"}));
    let filed = center.ok("/api/v1/complaints", None, json!({"filing": filing})).await;
    assert_eq!(filed["due_on"], "2026-03-05");
    let (number, code) = (text(&filed["number"]), text(&filed["lookup_code"]));
    let path = format!("/api/v1/complaints/{number}");
    let follow = format!("{path}/follow?code={code}");

    let wrong = center.get(&format!("{path}/follow?code=22222222"), None).await;
    assert_eq!((wrong.status, text(&wrong.body["reason"]).as_str()), (404, "WRONG_NUMBER_OR_CODE"));
    let own = center.get(&follow, None).await;
    assert_eq!(own.body["state"], "REGISTERED", "{own:?}");
    let listed = center.get("/api/v1/complaints", Some(&supervisor)).await;
    assert_eq!(listed.body["complaints"][0]["number"], json!(number), "{listed:?}");
    assert!(!listed.body.to_string().contains(NAME), "no list has who complains");

    // Given to a department, which says that it is not its matter; the objection is dismissed.
    let given = json!({"way": "ASSIGNED", "department": "430102-zjj"});
    center.ok(&format!("{path}/accept"), Some(&supervisor), given).await;
    let seen = center.get(&path, Some(&handler)).await;
    assert_eq!((seen.status, &seen.body["due_on"]), (200, &json!("2026-04-01")));
    center.ok(&format!("{path}/object"), Some(&handler), json!({"reason": "示例：非本部门职责"})).await;
    let early = json!({"text": "示例", "finding": "UNFOUNDED"});
    let open = center.post(&format!("{path}/answer"), Some(&handler), early).await;
    assert_eq!(open.body["reason"], "OBJECTION_OPEN");
    let stays = json!({"upheld": false, "reason": "示例：属于本部门职责"});
    center.ok(&format!("{path}/objection/decide"), Some(&supervisor), stays).await;
    let unapproved = center.post(&format!("{path}/extend"), Some(&supervisor), json!({"days": 31})).await;
    assert_eq!(unapproved.body["fields"].as_array().unwrap().len(), 3, "{unapproved:?}");
    let more = json!({"days": 10, "approver": "示例·分管负责人", "reason": "示例：需要现场核查"});
    let extended = center.ok(&format!("{path}/extend"), Some(&supervisor), more.clone()).await;
    // Thirty and ten days end on Saturday 11 April: the Monday after.
    assert_eq!(extended["due_on"], "2026-04-13");
    let twice = center.post(&format!("{path}/extend"), Some(&supervisor), more).await;
    assert_eq!(twice.body["reason"], "ALREADY_EXTENDED");
    let due = |answer: &Answer| answer.body["clocks"][0]["statutory_due_on"] == "2026-04-13";
    let department = center.until("/api/v1/clocks", Some(&handler), due).await;
    assert_eq!(department["clocks"][0]["kind"], "COMPLAINT_ANSWER");

    // Who complains is shown to the department, as it is named, and the look stays on record.
    let who = center.ok(&format!("{path}/complainant"), Some(&handler), json!({})).await;
    assert_eq!(who["name"], NAME);
    let answered = json!({"text": "示例：经查属实，已责令限期办结", "finding": "FOUNDED"});
    center.ok(&format!("{path}/answer"), Some(&handler), answered).await;
    let untold = center.get(&follow, None).await;
    assert_eq!(untold.body["answers"], json!([]), "it is told first");
    center.ok(&format!("{path}/tell"), Some(&handler), json!({"method": "TELEPHONE"})).await;
    let told = center.get(&follow, None).await;
    assert_eq!(
        (&told.body["answers"][0]["finding"], &told.body["told_on"]),
        (&json!("FOUNDED"), &json!("2026-03-02"))
    );
    let steps: Vec<&Value> =
        told.body["history"].as_array().unwrap().iter().map(|step| &step["what"]).collect();
    assert!(steps.contains(&&json!("IDENTITY_SHOWN")), "{steps:?}");
    assert!(!told.body.to_string().contains("430102-zjj-approver"), "nor who handled it: {told:?}");

    // 复查 by the center's supervisor, 复核 by the city's: who wrote an answer does not review it.
    let again = json!({"code": code, "reason": "示例：仍未办结"});
    let review = format!("{path}/review");
    center.ok(&review, None, again.clone()).await;
    let upheld = json!({"text": "示例：维持原答复", "finding": "FOUNDED"});
    center.ok(&format!("{review}/answer"), Some(&supervisor), upheld.clone()).await;
    center.ok(&format!("{path}/tell"), Some(&supervisor), json!({"method": "ONLINE"})).await;
    center.ok(&review, None, again.clone()).await;
    let same = center.post(&format!("{review}/answer"), Some(&supervisor), upheld.clone()).await;
    assert_eq!(same.body["reason"], "SAME_AUTHOR");
    center.ok(&format!("{review}/answer"), Some(&city), upheld).await;
    let last = center.ok(&format!("{path}/tell"), Some(&city), json!({"method": "ONLINE"})).await;
    assert_eq!((&last["state"], &last["closing"]), (&json!("CLOSED"), &json!("FINAL")));
    assert_eq!(center.post(&review, None, again).await.body["reason"], "STATE_FORBIDS");
    clocks(
        &center,
        &number,
        &[
            ("COMPLAINT_ACCEPTANCE", "", 1, "ACCEPTED"),
            ("COMPLAINT_ANSWER", "430102-zjj", 1, "ANSWERED"),
            ("COMPLAINT_REVIEW", "", 1, "ANSWERED"),
            ("COMPLAINT_REVIEW", "", 2, "ANSWERED"),
        ],
    )
    .await;

    held_to_account(&center, &number, [&supervisor, &handler]).await;
    nothing_personal(&center).await;
    center.stop().await;
}

/// 责任追究: one case for the department, up to its publication.
async fn held_to_account(center: &Center, number: &str, [supervisor, handler]: [&str; 2]) {
    let cases = format!("/api/v1/accountability-cases?complaint={number}");
    let found = center.get(&cases, Some(supervisor)).await.body;
    assert_eq!(found["accountability_cases"].as_array().unwrap().len(), 1, "opened once: {found}");
    let case = text(&found["accountability_cases"][0]["accountability_case"]);
    let path = format!("/api/v1/accountability-cases/{case}");
    let decision = json!({"finding": "示例：超期属实", "measure": "CIRCULAR"});
    let not_yours = center.post(&format!("{path}/decide"), Some(handler), decision.clone()).await;
    assert_eq!(not_yours.body["reason"], "ROLE_REQUIRED");
    center.ok(&format!("{path}/decide"), Some(supervisor), decision).await;
    let early = center.post(&format!("{path}/publish"), Some(supervisor), json!({"text": "示例"})).await;
    assert_eq!(early.body["reason"], "STATE_FORBIDS");
    let done = json!({"evidence": "示例：通报第1号", "carried_out_on": "2026-03-02"});
    center.ok(&format!("{path}/carry-out"), Some(supervisor), done).await;
    for personal in [format!("投诉人{NAME}反映属实"), format!("电话{MOBILE}")] {
        let refused =
            center.post(&format!("{path}/publish"), Some(supervisor), json!({"text": personal})).await;
        assert_eq!(refused.body["fields"][0]["reason"], "PERSONAL_DATA", "{refused:?}");
    }
    assert_eq!(center.get("/api/v1/accountability", None).await.body["publications"], json!([]));
    let published = json!({"text": "示例：该局办件超期，予以通报"});
    center.ok(&format!("{path}/publish"), Some(supervisor), published).await;
    let public = center.get("/api/v1/accountability?center=430102", None).await.body;
    assert_eq!(public["publications"][0]["department"], "430102-scjg");
    assert_eq!(public["publications"][0]["measure"], "CIRCULAR");
    assert!(!public.to_string().contains(number), "what is public does not lead to the complaint");
    let figures = center.get("/api/v1/complaint-figures/430102?until_on=2026-12-31", None).await.body;
    let line = &figures["lines"][0];
    assert_eq!(line["department"], "430102-scjg", "{figures}");
    assert_eq!(
        [&line["filed"], &line["founded"], &line["held_to_account"]],
        [&json!(1), &json!(1), &json!(1)]
    );
}

/// Who complains stands nowhere but in its own table.
async fn nothing_personal(center: &Center) {
    for place in [
        "complaints.outbox where position(convert_to($1, 'UTF8') in body) > 0",
        "complaints.request where position(convert_to($1, 'UTF8') in response) > 0",
        "complaints.step where position($1 in step::text || by || note) > 0",
        "supervision.application where position($1 in application::text) > 0",
    ] {
        for personal in [NAME, MOBILE] {
            let query = format!("select count(*) from {place}");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(personal)
                .fetch_one(&mut *center.database().await)
                .await
                .unwrap();
            assert_eq!(found, 0, "{place}");
        }
    }
}

/// Every door that a member of staff could try with a complaint.
async fn tried(center: &Center, number: &str, token: &str) -> Vec<(String, Answer)> {
    let path = format!("/api/v1/complaints/{number}");
    let mut answers = Vec::new();
    for get in [path.clone(), format!("{path}/attachments/1")] {
        let answer = center.get(&get, Some(token)).await;
        answers.push((get, answer));
    }
    let asked = [
        ("complainant", json!({})),
        ("accused", json!({"accused": [{"kind": "DEPARTMENT", "id": "430102-cgj"}]})),
        ("accept", json!({"way": "OWN"})),
        ("decline", json!({"procedure": "COURT", "reason": "示例"})),
        ("object", json!({"reason": "示例"})),
        ("objection/decide", json!({"upheld": true, "way": "OWN", "reason": "示例"})),
        ("extend", json!({"days": 1, "approver": "示例", "reason": "示例"})),
        ("answer", json!({"text": "示例", "finding": "UNFOUNDED"})),
        ("tell", json!({"method": "ONLINE"})),
        ("review/answer", json!({"text": "示例", "finding": "UNFOUNDED"})),
        ("merge", json!({"into": "430102-TS-2026-9999999", "reason": "示例"})),
    ];
    for (operation, body) in asked {
        let answer = center.post(&format!("{path}/{operation}"), Some(token), body).await;
        answers.push((operation.to_owned(), answer));
    }
    answers
}

/// For whomever it is about, and for who has no business with it, a complaint answers as one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_around_recusal() {
    let center = Center::at(noon("2026-03-02")).await;
    let [supervisor, accused, other, manager, clerk, far, city] = staff(
        &center,
        [
            "430102-supervisor",
            "430102-scjg-approver",
            "430102-zjj-approver",
            "430102-manager",
            "430102-clerk1",
            "430103-supervisor",
            "430100-supervisor",
        ],
    )
    .await;
    let (system, _) = center.api_key("430102-scjg").await;

    let mut accusation = about(json!({"kind": "DEPARTMENT", "department": "430102-scjg"}));
    accusation["kind"] = json!("ACCUSATION");
    accusation["identity"] = json!("PROTECTED");
    accusation["files"] = json!([{"file": {"file_name": "说明.txt", "content": "56S65L6L"}}]);
    let (number, _) = file(&center, accusation).await;
    let against_supervisor = about(json!({
        "kind": "PERSON", "login": "430102-supervisor", "description": "示例：效能监察人员推诿",
    }));
    let (about_supervisor, _) = file(&center, against_supervisor).await;

    let blind = async |number: &str, token: &str| {
        let absent = tried(&center, "430102-TS-2026-0999999", token).await;
        for ((operation, answer), (_, nothing)) in tried(&center, number, token).await.iter().zip(&absent) {
            assert!(matches!(answer.status, 403 | 404), "{operation}: {answer:?}");
            assert_eq!(answer.body, nothing.body, "{operation} tells that there is something");
        }
        for state in ["", "?state=REGISTERED", "?state=HANDLING", "?center=430102"] {
            let listed = center.get(&format!("/api/v1/complaints{state}"), Some(token)).await;
            assert!(!listed.body.to_string().contains(number), "{listed:?}");
        }
        for list in ["/api/v1/clocks", "/api/v1/own-warnings", "/api/v1/supervision-cases"] {
            let listed = center.get(list, Some(token)).await;
            assert!(!listed.body.to_string().contains(number), "{list}: {listed:?}");
        }
    };
    for token in [&accused, &system, &manager, &clerk, &far, &other] {
        blind(&number, token).await;
    }
    for token in [&supervisor, &accused, &clerk, &manager] {
        blind(&about_supervisor, token).await;
    }

    // The accused is not made the handler: not directly, not by an objection, not by being named too late.
    let accept = format!("/api/v1/complaints/{number}/accept");
    let to = |department: &str| json!({"way": "ASSIGNED", "department": department});
    let refused = center.post(&accept, Some(&supervisor), to("430102-scjg")).await;
    assert_eq!(refused.body["reason"], "RECUSED");
    center.ok(&accept, Some(&supervisor), to("430102-zjj")).await;
    let path = format!("/api/v1/complaints/{number}");
    let protected = center.post(&format!("{path}/complainant"), Some(&other), json!({})).await;
    assert_eq!(protected.body["reason"], "NOT_A_PARTY", "the department does not learn who complains");
    let file_of = center.request(Method::GET, &format!("{path}/attachments/1")).bearer_auth(&other);
    assert_eq!(file_of.send().await.unwrap().text().await.unwrap(), "示例");
    center.ok(&format!("{path}/object"), Some(&other), json!({"reason": "示例"})).await;
    let back = json!({"upheld": true, "way": "ASSIGNED", "department": "430102-scjg", "reason": "示例"});
    let refused = center.post(&format!("{path}/objection/decide"), Some(&supervisor), back).await;
    assert_eq!(refused.body["reason"], "RECUSED");
    blind(&number, &accused).await;
    let late = json!({"accused": [{"kind": "DEPARTMENT", "id": "430102-zjj"}]});
    center.ok(&format!("{path}/accused"), Some(&supervisor), late).await;
    blind(&number, &other).await;
    let taken = center.get(&path, Some(&supervisor)).await;
    assert_eq!((&taken.body["department"], &taken.body["way"]), (&json!(""), &json!("OWN")), "{taken:?}");

    // The supervisor is complained of: the city's handles it; and a unit has to be known before a department does.
    let path = format!("/api/v1/complaints/{about_supervisor}");
    let unknown = center.post(&format!("{path}/accept"), Some(&city), to("430102-zjj")).await;
    assert_eq!(unknown.body["reason"], "ACCUSED_NEEDED");
    center.ok(&format!("{path}/accept"), Some(&city), json!({"way": "OWN"})).await;
    let founded = json!({"text": "示例：属实", "finding": "FOUNDED"});
    center.ok(&format!("{path}/answer"), Some(&city), founded).await;
    let cases = center.get("/api/v1/accountability-cases", Some(&supervisor)).await;
    assert_eq!(cases.body["accountability_cases"], json!([]), "nor what follows from it");
    let cases = center.get("/api/v1/accountability-cases?center=430102", Some(&city)).await;
    let case = text(&cases.body["accountability_cases"][0]["accountability_case"]);
    let decide = format!("/api/v1/accountability-cases/{case}/decide");
    let decision = json!({"finding": "示例", "measure": "CRITICISM"});
    let own = center.post(&decide, Some(&supervisor), decision.clone()).await;
    assert_eq!(own.body["reason"], "ACCOUNTABILITY_CASE_UNKNOWN");
    center.ok(&decide, Some(&city), decision).await;

    // Departments of a case are recused from complaints about it, also when they join it later.
    let (application, _) = center.accepted("food-business-licence", CENTER, &clerk).await;
    let subject = json!({"kind": "CASE", "number": application});
    let (of_case, _) = file(&center, about(subject)).await;
    let accept = format!("/api/v1/complaints/{of_case}/accept");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let known: i64 = sqlx::query_scalar("select count(*) from complaints.party where number = $1")
            .bind(&application)
            .fetch_one(&mut *center.database().await)
            .await
            .unwrap();
        if known > 0 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the departments of {application} stay unknown");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let refused = center.post(&accept, Some(&supervisor), to("430102-scjg")).await;
    assert_eq!(refused.body["reason"], "RECUSED", "{refused:?}");
    blind(&of_case, &accused).await;
    center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_matter_is_joined_and_a_flood_stops_where_it_comes_from() {
    let center = Center::at(noon("2026-03-02")).await;
    let [supervisor, clerk] = staff(&center, ["430102-supervisor", "430102-clerk1"]).await;
    let subject = json!({"kind": "WINDOW", "window": "430102-w03"});
    let (first, _) = file(&center, about(subject.clone())).await;
    let (second, code) = file(&center, about(subject.clone())).await;
    let merge = json!({"into": first, "reason": "示例：同一事项"});
    center.ok(&format!("/api/v1/complaints/{second}/merge"), Some(&supervisor), merge).await;
    let joined = center.get(&format!("/api/v1/complaints/{first}"), Some(&supervisor)).await;
    assert_eq!(joined.body["joined"], json!([second]));
    let seen = center.get(&format!("/api/v1/complaints/{second}/follow?code={code}"), None).await;
    assert_eq!(seen.body["closing"], "MERGED", "it stays visible");

    for _ in 2..10 {
        file(&center, about(subject.clone())).await;
    }
    let flood = center.post("/api/v1/complaints", None, json!({"filing": about(subject.clone())})).await;
    assert_eq!((flood.status, text(&flood.body["reason"]).as_str()), (429, "TOO_MANY_COMPLAINTS"));
    let visit = |people: u32| json!({"filing": about(subject.clone()), "channel": "VISIT", "group_size": people, "identified": true});
    let crowd = center.post("/api/v1/window/complaints", Some(&clerk), visit(6)).await;
    assert_eq!(crowd.body["fields"][0]["reason"], "TOO_MANY", "{crowd:?}");
    center.ok("/api/v1/window/complaints", Some(&clerk), visit(5)).await;
    let mut own_window = visit(1);
    own_window["filing"]["subject"] = json!({"kind": "WINDOW", "window": "430102-w01"});
    let own = center.post("/api/v1/window/complaints", Some(&clerk), own_window).await;
    assert_eq!(own.body["reason"], "RECUSED", "nobody takes down what is about the own window");
    center.stop().await;
}
