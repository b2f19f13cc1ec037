//! Ratings: the whole way of a good and of a bad one, the figures, who is called in, and every way around recusal.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Answer, Center, sample, text};

const CENTER: &str = "430102";
const ITEM: &str = "real-estate-transfer";
/// Example people.
const NAME: &str = "李示例";
const MOBILE: &str = "13000005678";

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

/// Hands in at a window, or on line; gives the number and the token of the receipt's link.
async fn hand_in(center: &Center, clerk: Option<&str>) -> (String, String) {
    let handed_in = center.ok("/api/v1/applications", clerk, sample(ITEM, CENTER)).await;
    (text(&handed_in["number"]), text(&handed_in["rating_token"]))
}

async fn open(center: &Center, token: &str) -> Answer {
    center.post("/api/v1/rating-links/open", None, json!({"token": token})).await
}

/// What a link leads to, once the service has heard of it.
async fn opened(center: &Center, token: &str) -> Value {
    heard(center).await;
    let found = open(center, token).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body
}

/// Waits until every event has left its outbox, and has then had its effect everywhere.
async fn heard(center: &Center) {
    center.set_clock(center.now()).await;
}

async fn rate(center: &Center, token: &str, message: Value) -> Answer {
    let mut message = message;
    message["token"] = json!(token);
    center.post("/api/v1/rating-links/rate", None, message).await
}

async fn rated(center: &Center, token: &str, level: &str) -> Value {
    let answer = rate(center, token, json!({"level": level})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

/// The tokens in the messages about a case, the newest first.
async fn texted(center: &Center, number: &str) -> Vec<String> {
    let seen: Vec<String> = sqlx::query_scalar(
        "select text from notification.simulated where position($1 in text) > 0 order by received_at desc, id desc",
    )
    .bind(number)
    .fetch_all(&mut *center.database().await)
    .await
    .unwrap();
    let token = |text: &String| {
        let (_, rest) = text.split_once("/rate/")?;
        Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
    };
    seen.iter().filter_map(token).collect()
}

/// Waits for so many messages with a link about a case.
async fn texted_until(center: &Center, number: &str, count: usize) -> Vec<String> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let tokens = texted(center, number).await;
        if tokens.len() >= count {
            return tokens;
        }
        assert!(std::time::Instant::now() < deadline, "{number} has {} links", tokens.len());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn count(center: &Center, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut *center.database().await).await.unwrap()
}

/// Waits for a chore, which looks now and then by the machine's clock.
async fn until(center: &Center, query: &'static str, wanted: i64) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(100);
    loop {
        let found = count(center, query).await;
        if found == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{query}: {found}, not {wanted}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// What the clocks of a case are, as supervision keeps them.
async fn clocks(center: &Center, number: &str, wanted: &[(&str, &str, i32, i32, &str)]) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found: Vec<(String, String, i32, i32, String)> = sqlx::query_as(
            "select kind, department, run, promised_days, outcome from supervision.clock where number = $1
             order by kind, run",
        )
        .bind(number)
        .fetch_all(&mut *center.database().await)
        .await
        .unwrap();
        let found: Vec<(&str, &str, i32, i32, &str)> = found
            .iter()
            .map(|(kind, of, run, days, how)| (kind.as_str(), of.as_str(), *run, *days, how.as_str()))
            .collect();
        if found == wanted {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{number} has {found:?}, not {wanted:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn figures(center: &Center, month: &str) -> Value {
    center.get(&format!("/api/v1/ratings/{CENTER}?month={month}"), None).await.body
}

fn line<'f>(figures: &'f Value, of: &str, id: &str) -> &'f Value {
    let is = |line: &&Value| {
        let own = |name: &str| line[name].as_str().unwrap_or_default();
        match of {
            "" => own("window").is_empty() && own("department").is_empty() && own("item").is_empty(),
            of => own(of) == id,
        }
    };
    figures["lines"].as_array().unwrap().iter().find(is).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_rated_once_and_a_bad_rating_is_followed() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff("430102-clerk1").await;
    let (number, visit) = hand_in(&center, Some(&clerk)).await;

    // The link leads to the service, not to the case.
    let invited = opened(&center, &visit).await;
    assert_eq!(
        [&invited["state"], &invited["event"], &invited["item"], &invited["until_on"]],
        [&json!("OPEN"), &json!("VISIT"), &json!(ITEM), &json!("2026-04-01")]
    );
    assert!(!invited.to_string().contains(&number));
    let nothing = rate(&center, &visit, json!({})).await;
    assert_eq!((nothing.status, &nothing.body["fields"][0]["field"]), (400, &json!("level")), "{nothing:?}");
    let half = json!({"level": "SATISFIED", "rater": {"name": NAME}, "aspects": ["SPEED", "SPEED"]});
    let half = rate(&center, &visit, half).await;
    assert_eq!(half.body["fields"].as_array().unwrap().len(), 2, "{half:?}");
    let by_clerk = json!({"token": visit, "level": "VERY_SATISFIED"});
    let by_clerk = center.post("/api/v1/rating-links/rate", Some(&clerk), by_clerk).await;
    assert_eq!(by_clerk.body["reason"], "RATING_BY_STAFF", "the clerk does not press");

    let named = json!({"request_id": "8b2f6a1e-6a52-4c53-9d8e-1f1f7a3d0001", "level": "SATISFIED"});
    let first = rate(&center, &visit, named.clone()).await;
    assert_eq!((first.status, &first.body["is_followed"]), (201, &json!(false)), "{first:?}");
    let same = rate(&center, &visit, named).await;
    assert_eq!(same.body, first.body, "the same form again has the same answer");
    let second = rate(&center, &visit, json!({"level": "VERY_DISSATISFIED"})).await;
    assert_eq!((second.status, &second.body["reason"]), (409, &json!("ALREADY_RATED")));
    assert_eq!(open(&center, &visit).await.body["state"], "RATED");

    // The completion is rated by the link in its message.
    center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    let lead = center.staff("430102-zrzy-approver").await;
    center.decided(&number, &lead, "REFUSED").await;
    let token = texted_until(&center, &number, 1).await.pop().unwrap();
    let invited = opened(&center, &token).await;
    assert_eq!([&invited["event"], &invited["state"]], [&json!("COMPLETION"), &json!("OPEN")]);
    let bad = json!({
        "level": "DISSATISFIED", "aspects": ["GUIDANCE", "SPEED"], "text": "示例：跑了三趟",
        "rater": {"name": NAME, "mobile": MOBILE}, "department_may_know": true,
    });
    let bad = rate(&center, &token, bad).await;
    assert_eq!((&bad.body["is_followed"], &bad.body["rectify_until"]), (&json!(true), &json!("2026-03-09")));
    rectified(&center, &number, &clerk).await;

    let now = figures(&center, "2026-03").await;
    let whole = line(&now, "", "");
    assert_eq!(
        [&whole["satisfied"], &whole["dissatisfied"], &whole["valid"], &whole["level_sum"]],
        [&json!(1), &json!(1), &json!(2), &json!(6)],
        "{now}"
    );
    assert_eq!(
        [&whole["mean_hundredths_floor"], &whole["satisfaction_ten_thousandths_floor"]],
        [&json!(300), &json!(5000)]
    );
    assert_eq!(line(&now, "window", "430102-w01")["valid"], json!(2), "{now}");
    assert_eq!(line(&now, "department", "430102-zrzy")["valid"], json!(1), "the lead, of the completion");
    assert_eq!(line(&now, "item", ITEM)["valid"], json!(2));
    nothing_leaks(&center, &[&visit, &token]).await;
    center.stop().await;
}

/// The bad rating from its first clock to its outcome.
async fn rectified(center: &Center, number: &str, clerk: &str) {
    let supervisor = center.staff("430102-supervisor").await;
    let approver = center.staff("430102-zrzy-approver").await;
    let listed = center.get("/api/v1/rectifications?state=OPEN", Some(&supervisor)).await.body;
    let case = &listed["rectifications"][0];
    assert_eq!(
        [&case["due_on"], &case["level"], &case["window"], &case["number"]],
        [&json!("2026-03-03"), &json!("DISSATISFIED"), &json!("430102-w01"), &json!(number)],
        "{listed}"
    );
    assert!(!listed.to_string().contains(NAME) && !listed.to_string().contains("430102-clerk1"));
    let case = text(&case["rectification"]);
    let path = format!("/api/v1/rectifications/{case}");
    let office = [("RATING_CONTACT", "", 1, 1, ""), ("RATING_RECTIFICATION", "", 1, 5, "")];
    clocks(center, &case, &office).await;

    center.ok(&format!("{path}/give"), Some(&supervisor), json!({"department": "430102-zrzy"})).await;
    let elsewhere = json!({"department": "430103-zrzy"});
    let elsewhere = center.post(&format!("{path}/give"), Some(&supervisor), elsewhere).await;
    assert_eq!(elsewhere.body["fields"][0]["reason"], "OTHER_CENTER", "{elsewhere:?}");
    let early = center.post(&format!("{path}/rectify"), Some(&approver), json!({"measures": "示例"})).await;
    assert_eq!(early.body["reason"], "CONTACT_FIRST");
    let who = center.ok(&format!("{path}/rater"), Some(&approver), json!({})).await;
    assert_eq!((&who["name"], &who["mobile"]), (&json!(NAME), &json!(MOBILE)));
    let contacted = json!({"contact": "REACHED", "note": "示例：已电话说明"});
    center.ok(&format!("{path}/contact"), Some(&approver), contacted).await;
    let more = json!({"approver": "示例·分管负责人", "reason": "示例：需要会商"});
    let own = center.post(&format!("{path}/extend"), Some(&approver), more.clone()).await;
    assert_eq!(own.body["reason"], "ROLE_REQUIRED");
    let longer = center.ok(&format!("{path}/extend"), Some(&supervisor), more.clone()).await;
    assert_eq!((&longer["due_on"], &longer["extension_days"]), (&json!("2026-03-23"), &json!(10)));
    let twice = center.post(&format!("{path}/extend"), Some(&supervisor), more).await;
    assert_eq!(twice.body["reason"], "ALREADY_EXTENDED");
    let due = |answer: &Answer| answer.body["clocks"][0]["promised_due_on"] == "2026-03-23";
    let seen = center.until("/api/v1/clocks", Some(&approver), due).await;
    assert_eq!(seen["clocks"][0]["kind"], "RATING_RECTIFICATION", "{seen}");

    let done = json!({"measures": "示例：已修改告知单"});
    center.ok(&format!("{path}/rectify"), Some(&approver), done.clone()).await;
    assert_eq!(center.get(&path, Some(&approver)).await.status, 404, "it has left the department's hands");
    let unasked =
        center.post(&format!("{path}/close"), Some(&supervisor), json!({"conclusion": "示例"})).await;
    assert_eq!(unasked.body["reason"], "STATE_FORBIDS");
    let no = json!({"visit": "DISPLEASED", "note": "示例：还是不清楚"});
    let again = center.ok(&format!("{path}/return-visit"), Some(&supervisor), no).await;
    assert_eq!((&again["state"], &again["due_on"]), (&json!("CONTACTED"), &json!("2026-03-09")));
    center.ok(&format!("{path}/rectify"), Some(&approver), done).await;
    let yes = json!({"visit": "PLEASED", "note": "示例：满意"});
    center.ok(&format!("{path}/return-visit"), Some(&supervisor), yes).await;
    let closed =
        center.ok(&format!("{path}/close"), Some(&supervisor), json!({"conclusion": "示例：办结"})).await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("CLOSED"), &json!("RATER_SATISFIED")));
    let steps: Vec<String> =
        closed["history"].as_array().unwrap().iter().map(|step| text(&step["what"])).collect();
    assert_eq!(
        steps,
        [
            "OPENED",
            "GIVEN",
            "IDENTITY_SHOWN",
            "CONTACTED",
            "EXTENDED",
            "RECTIFIED",
            "SENT_BACK",
            "RECTIFIED",
            "VISITED",
            "CLOSED"
        ]
    );
    let all = [
        ("RATING_CONTACT", "", 1, 1, "GIVEN_ON"),
        ("RATING_CONTACT", "430102-zrzy", 2, 1, "DONE"),
        ("RATING_RECTIFICATION", "", 1, 5, "GIVEN_ON"),
        ("RATING_RECTIFICATION", "430102-zrzy", 2, 15, "DONE"),
        ("RATING_RECTIFICATION", "430102-zrzy", 3, 5, "DONE"),
        ("RATING_RETURN_VISIT", "", 2, 5, "DONE"),
        ("RATING_RETURN_VISIT", "", 3, 5, "DONE"),
    ];
    clocks(center, &case, &all).await;
    for list in ["/api/v1/rectifications", "/api/v1/supervisor/ratings"] {
        assert_eq!(center.get(list, Some(clerk)).await.body["reason"], "ROLE_REQUIRED", "{list}");
    }
}

/// Who rated stands nowhere but in its own table, and the tokens of links nowhere at all in complaints and intake's
/// events.
async fn nothing_leaks(center: &Center, tokens: &[&str]) {
    for place in [
        "complaints.outbox where position(convert_to($1, 'UTF8') in body) > 0",
        "intake.outbox where position(convert_to($1, 'UTF8') in body) > 0",
        "notification.outbox where position(convert_to($1, 'UTF8') in body) > 0",
        "complaints.request where position(convert_to($1, 'UTF8') in response) > 0",
        "complaints.rectification_step where position($1 in rectification_step::text) > 0",
        "complaints.rating where position($1 in rating::text) > 0",
        "complaints.rating_link where position($1 in rating_link::text) > 0",
        "intake.document where position($1 in text_zh) > 0",
        "supervision.application where position($1 in application::text) > 0",
    ] {
        for secret in tokens.iter().copied().chain([NAME, MOBILE]) {
            let query = format!("select count(*) from {place}");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(secret)
                .fetch_one(&mut *center.database().await)
                .await
                .unwrap();
            // The applicant's own mobile is intake's and notification's to know; this one is the rater's.
            assert_eq!(found, 0, "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reminded_once_and_refused_after_thirty_days() {
    let center = Center::at(noon("2026-03-02")).await;
    let clerk = center.staff("430102-clerk1").await;
    let lead = center.staff("430102-zrzy-approver").await;
    let (number, visit) = hand_in(&center, None).await;
    center.ok(&format!("/api/v1/applications/{number}/accept"), Some(&clerk), json!({})).await;
    center.decided(&number, &lead, "REFUSED").await;
    let (rated_one, _) = hand_in(&center, Some(&clerk)).await;
    center.ok(&format!("/api/v1/applications/{rated_one}/accept"), Some(&clerk), json!({})).await;
    center.decided(&rated_one, &lead, "REFUSED").await;
    let first = texted_until(&center, &number, 1).await.pop().unwrap();
    let other = texted_until(&center, &rated_one, 1).await.pop().unwrap();
    opened(&center, &other).await;
    rated(&center, &other, "VERY_SATISFIED").await;

    // Nobody looked for a week: who rated is not reminded, the other once, with a link of its own.
    center.set_clock(noon("2026-03-09")).await;
    let tokens = texted_until(&center, &number, 2).await;
    assert_ne!(tokens[0], tokens[1]);
    assert!(tokens.contains(&first));
    until(&center, "select count(*) from complaints.invitation where reminded_at is not null", 2).await;
    heard(&center).await;
    assert_eq!(texted(&center, &rated_one).await.len(), 1, "it was rated");
    let reminders = "select count(*) from notification.message where template = 'RATING_INVITED'";
    assert_eq!(count(&center, reminders).await, 1);
    for token in &tokens {
        assert_eq!(opened(&center, token).await["state"], "OPEN", "both links lead to the one event");
    }

    // The last day is Wednesday 1 April.
    center.set_clock(noon("2026-04-01")).await;
    rated(&center, &visit, "FAIRLY_SATISFIED").await;
    center.set_clock(noon("2026-04-02")).await;
    assert_eq!(open(&center, &first).await.body["state"], "TOO_LATE");
    let late = rate(&center, &first, json!({"level": "SATISFIED"})).await;
    assert_eq!((late.status, &late.body["reason"]), (409, &json!("RATING_LATE")), "{late:?}");
    assert_eq!(count(&center, reminders).await, 1, "once");

    // Links are not tried out.
    let mut wrong = open(&center, "aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    assert_eq!((wrong.status, &wrong.body["reason"]), (404, &json!("RATING_LINK_UNKNOWN")));
    for _ in 0..25 {
        wrong = open(&center, "nonsense").await;
    }
    assert_eq!((wrong.status, &wrong.body["reason"]), (429, &json!("TOO_MANY_ATTEMPTS")));
    center.stop().await;
}

/// Ratings of visits at two windows, all by their links: `worse` at the first, good ones at the second.
async fn month(center: &Center, clerks: [&str; 2], worse: &str) {
    for (clerk, level) in clerks.into_iter().zip([worse, "VERY_SATISFIED"]) {
        for _ in 0..5 {
            let (_, token) = hand_in(center, Some(clerk)).await;
            opened(center, &token).await;
            rated(center, &token, level).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_published_and_the_last_window_is_called_in() {
    let center = Center::at(noon("2026-03-02")).await;
    for login in [
        "430102-clerk1",
        "430102-clerk2",
        "430102-supervisor",
        "430103-supervisor",
        "430102-zrzy-approver",
        "430102-manager",
    ] {
        center.staff(login).await;
    }
    // Sessions end with their day.
    let sign_in = async || [center.sign_in("430102-clerk1").await, center.sign_in("430102-clerk2").await];
    let [one, two] = sign_in().await;
    month(&center, [&one, &two], "DISSATISFIED").await;
    assert_eq!(figures(&center, "2026-03").await["published_on"], "", "the month runs");
    center.set_clock(noon("2026-04-01")).await;
    until(&center, "select count(*) from complaints.rating_month", 1).await;
    assert_eq!(count(&center, "select count(*) from complaints.call_in").await, 0, "one month is not two");

    let [one, two] = sign_in().await;
    month(&center, [&one, &two], "VERY_DISSATISFIED").await;
    center.set_clock(noon("2026-05-06")).await;
    until(&center, "select count(*) from complaints.rating_month", 2).await;
    heard(&center).await;
    let supervisor = center.sign_in("430102-supervisor").await;
    let called = center.get("/api/v1/call-ins", Some(&supervisor)).await.body;
    assert_eq!(called["call_ins"].as_array().unwrap().len(), 1, "{called}");
    let call_in = &called["call_ins"][0];
    assert_eq!(
        [
            &call_in["window"],
            &call_in["month"],
            &call_in["satisfied"],
            &call_in["valid"],
            &call_in["windows"]
        ],
        [&json!("430102-w01"), &json!("2026-04"), &json!(0), &json!(5), &json!(2)]
    );
    let told = "select count(*) from complaints.outbox where kind = 'yimen.complaints.v1.WindowCalledIn'";
    assert_eq!(count(&center, told).await, 1);
    let hold = format!("/api/v1/call-ins/{}/hold", text(&call_in["call_in"]));
    let agreed = json!({"conclusion": "示例：两周内补齐一次性告知单"});
    let other = center.sign_in("430103-supervisor").await;
    assert_eq!(center.post(&hold, Some(&other), agreed.clone()).await.body["reason"], "CALL_IN_UNKNOWN");
    assert_eq!(center.ok(&hold, Some(&supervisor), agreed.clone()).await["state"], "HELD");
    assert_eq!(center.post(&hold, Some(&supervisor), agreed).await.body["reason"], "STATE_FORBIDS");

    // A malicious one is set aside, by the supervisor alone, for a reason that everyone reads.
    let published = figures(&center, "2026-04").await;
    assert_eq!((&published["edition"], &published["published_on"]), (&json!(1), &json!("2026-05-06")));
    let listed = center.get("/api/v1/supervisor/ratings?negative=true", Some(&supervisor)).await.body;
    assert_eq!(listed["ratings"].as_array().unwrap().len(), 10, "{listed}");
    let rating = &listed["ratings"][0];
    let aside = format!("/api/v1/supervisor/ratings/{}/set-aside", text(&rating["rating"]));
    let why = json!({"ground": "MALICIOUS", "reason": "示例：同一人反复刷评"});
    let [one, _] = sign_in().await;
    let lead = center.sign_in("430102-zrzy-approver").await;
    let manager = center.sign_in("430102-manager").await;
    for token in [&one, &lead, &manager] {
        assert_eq!(center.post(&aside, Some(token), why.clone()).await.body["reason"], "ROLE_REQUIRED");
    }
    assert_eq!(center.post(&aside, Some(&other), why.clone()).await.body["reason"], "RATING_UNKNOWN");
    let personal = json!({"ground": "MALICIOUS", "reason": "430102-clerk1 示例"});
    let personal = center.post(&aside, Some(&supervisor), personal).await;
    assert_eq!(personal.body["fields"][0]["reason"], "PERSONAL_DATA", "{personal:?}");
    let done = center.ok(&aside, Some(&supervisor), why.clone()).await;
    assert_eq!(done["set_aside"], "MALICIOUS");
    assert_eq!(center.post(&aside, Some(&supervisor), why).await.body["reason"], "ALREADY_SET_ASIDE");
    let case = text(&rating["rectification"]);
    let closed = center.get(&format!("/api/v1/rectifications/{case}"), Some(&supervisor)).await.body;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("CLOSED"), &json!("SET_ASIDE")));
    let public = center.get("/api/v1/set-aside-ratings?center=430102", None).await.body;
    assert_eq!(
        [&public["ratings"][0]["reason"], &public["ratings"][0]["month"], &public["ratings"][0]["window"]],
        [&json!("示例：同一人反复刷评"), &json!("2026-04"), &json!("430102-w01")]
    );
    let corrected = figures(&center, "2026-04").await;
    let of_window = line(&corrected, "window", "430102-w01");
    assert_eq!(corrected["edition"], json!(2));
    assert_eq!(
        [&of_window["very_dissatisfied"], &of_window["valid"], &of_window["set_aside"]],
        [&json!(4), &json!(4), &json!(1)],
        "{corrected}"
    );
    assert_eq!(figures(&center, "2026-03").await["edition"], json!(1));
    center.stop().await;
}

/// Every door that a member of staff could try with a case.
async fn tried(center: &Center, case: &str, rating: &str, token: &str) -> Vec<(String, Answer)> {
    let path = format!("/api/v1/rectifications/{case}");
    let mut answers = vec![("get".to_owned(), center.get(&path, Some(token)).await)];
    let asked = [
        ("rater", json!({})),
        ("give", json!({"department": "430102-cgj"})),
        ("contact", json!({"contact": "REACHED", "note": "示例"})),
        ("extend", json!({"approver": "示例", "reason": "示例"})),
        ("rectify", json!({"measures": "示例"})),
        ("return-visit", json!({"visit": "PLEASED", "note": "示例"})),
        ("close", json!({"conclusion": "示例"})),
    ];
    for (operation, body) in asked {
        let answer = center.post(&format!("{path}/{operation}"), Some(token), body).await;
        answers.push((operation.to_owned(), answer));
    }
    let aside = format!("/api/v1/supervisor/ratings/{rating}/set-aside");
    let why = json!({"ground": "MISTAKEN", "reason": "示例"});
    answers.push(("set-aside".to_owned(), center.post(&aside, Some(token), why).await));
    answers
}

/// For whoever was rated, and for who has no business with it, a case answers as one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_around_recusal() {
    let center = Center::at(noon("2026-03-02")).await;
    // A window at which people sit who do other things, too.
    let organization = json!({
        "staff": [
            {"login": "430102-clerk1", "name": "示例·受理一号", "center": CENTER, "department": "430102-zjj",
             "window": "430102-w01", "roles": ["ROLE_CLERK", "ROLE_APPROVER", "ROLE_SUPERVISOR"], "active": true},
            {"login": "430102-colleague", "name": "示例·同窗口", "center": CENTER, "department": "430102-zjj",
             "window": "430102-w01", "roles": ["ROLE_APPROVER", "ROLE_SUPERVISOR"], "active": true},
            {"login": "430102-neighbor", "name": "示例·同部门同窗口", "center": CENTER, "department": "430102-zjj",
             "window": "430102-w01", "roles": ["ROLE_APPROVER"], "active": true},
        ],
    });
    center.ok("/api/v1/organization", Some(center.operator()), organization).await;
    let mut tokens = Vec::new();
    for login in [
        "430102-clerk1",
        "430102-colleague",
        "430102-neighbor",
        "430102-clerk2",
        "430102-scjg-approver",
        "430102-manager",
        "430103-supervisor",
        "430102-supervisor",
        "430102-zjj-approver",
    ] {
        tokens.push(center.staff(login).await);
    }
    let [blind @ .., supervisor, approver] = tokens.as_slice() else { panic!("nine") };
    let clerk = &blind[0];
    let (_, token) = hand_in(&center, Some(clerk)).await;
    opened(&center, &token).await;
    let bad =
        json!({"level": "VERY_DISSATISFIED", "rater": {"name": NAME, "mobile": MOBILE}, "text": "示例"});
    assert_eq!(rate(&center, &token, bad).await.status, 201);
    let case = center.get("/api/v1/rectifications", Some(supervisor)).await.body["rectifications"][0].clone();
    let (case, rating) = (text(&case["rectification"]), text(&case["rating"]));
    let give = format!("/api/v1/rectifications/{case}/give");
    center.ok(&give, Some(supervisor), json!({"department": "430102-zjj"})).await;

    for token in blind {
        let absent =
            tried(&center, "430102-ZG-2026-0999999", "0194f3a0-0000-7000-8000-000000000000", token).await;
        for ((operation, answer), (_, nothing)) in
            tried(&center, &case, &rating, token).await.iter().zip(&absent)
        {
            assert!(matches!(answer.status, 403 | 404), "{operation}: {answer:?}");
            assert_eq!(answer.body, nothing.body, "{operation} tells that there is something");
        }
        for list in
            ["/api/v1/rectifications", "/api/v1/supervisor/ratings", "/api/v1/own-warnings", "/api/v1/clocks"]
        {
            let listed = center.get(list, Some(token)).await;
            assert!(!listed.body.to_string().contains(&case), "{list}: {listed:?}");
            assert!(!listed.body.to_string().contains(&rating), "{list}: {listed:?}");
        }
    }
    // The department handles it, and learns neither who rated nor of which application.
    let path = format!("/api/v1/rectifications/{case}");
    let seen = center.get(&path, Some(approver)).await;
    assert_eq!((&seen.body["number"], &seen.body["rating"]), (&json!(""), &json!("")), "{seen:?}");
    let kept = center.post(&format!("{path}/rater"), Some(approver), json!({})).await;
    assert_eq!(kept.body["reason"], "NOT_A_PARTY");
    let contacted = json!({"contact": "REACHED", "note": "示例"});
    let kept = center.post(&format!("{path}/contact"), Some(approver), contacted.clone()).await;
    assert_eq!(kept.body["reason"], "NOT_A_PARTY");
    center.ok(&format!("{path}/contact"), Some(supervisor), contacted).await;
    center.ok(&format!("{path}/rectify"), Some(approver), json!({"measures": "示例"})).await;
    center.stop().await;
}
