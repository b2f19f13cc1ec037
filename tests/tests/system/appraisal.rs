//! Democratic review: whole rounds, both lists, a session and a tour; and everything that must not work.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use yimen_kernel::date::day_start;
use yimen_tests::{Center, text};

const CENTER: &str = "430102";
const ROUNDS: &str = "/api/v1/appraisal-rounds";
const SUPERVISOR: &str = "430102-supervisor";
/// Staff of units under review.
const REVIEWED: [&str; 2] = ["430102-scjg-approver", "430102-gaj-approver"];

fn noon(day: &str) -> DateTime<Utc> {
    day_start(day.parse::<NaiveDate>().unwrap()) + Duration::hours(12)
}

fn units<const N: usize>(short: [&str; N]) -> Value {
    let unit =
        |short: &str| json!({"department": format!("{CENTER}-{short}"), "name_zh": format!("示例{short}局")});
    short.iter().map(|short| unit(short)).collect()
}

fn round(kind: &str, rules: Value, units: Value) -> Value {
    let mut round = json!({
        "center": CENTER, "title": "示例：市民评议政府", "kind": kind, "minimum": 3, "units": units,
        "open_time": "2026-03-03T01:00:00Z", "close_time": "2026-03-06T09:00:00Z",
    });
    for (name, value) in rules.as_object().unwrap() {
        round[name] = value.clone();
    }
    round
}

fn rated() -> Value {
    json!({"rated": {
        "levels": ["SATISFIED", "FAIRLY_SATISFIED", "DISSATISFIED"], "satisfied": 2,
        "reward_percent": 90, "reward_places": 3, "accountability_percent": 50,
    }})
}

async fn tokens(center: &Center, supervisor: &str, round: &str, group: &str, count: usize) -> Vec<String> {
    let asked = json!({"group": group, "count": count});
    let issued = center.ok(&format!("{ROUNDS}/{round}/tokens"), Some(supervisor), asked).await;
    let tokens: Vec<String> = issued["tokens"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(tokens.len(), count);
    tokens
}

fn ballot(token: &str, marks: &[(&str, &str)]) -> Value {
    let mark =
        |(short, choice): &(&str, &str)| json!({"department": format!("{CENTER}-{short}"), "choice": choice});
    json!({"token": token, "marks": marks.iter().map(mark).collect::<Vec<_>>()})
}

async fn refused(center: &Center, path: &str, token: Option<&str>, body: Value) -> String {
    let answer = center.post(path, token, body).await;
    assert!(answer.status >= 400, "{path}: {answer:?}");
    text(&answer.body["reason"])
}

async fn counted(center: &Center, round: &str, supervisor: &str) -> Value {
    let path = format!("{ROUNDS}/{round}");
    center.until(&path, Some(supervisor), |answer| answer.body["phase"] == "COUNTED").await
}

/// One number that the database has.
async fn number(center: &Center, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut *center.database().await).await.unwrap()
}

/// An applicant whose case is completed, so that there is somebody to draw.
async fn completed(center: &Center) -> String {
    let clerk = center.staff("430102-clerk1").await;
    let lead = center.staff("430102-zrzy-approver").await;
    let (case, _) = center.accepted("real-estate-transfer", CENTER, &clerk).await;
    center.decided(&case, &lead, "REFUSED").await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while number(center, "select count(*) from complaints.appraisal_case").await == 0 {
        assert!(std::time::Instant::now() < deadline, "complaints never heard that {case} is completed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    case
}

/// The token that was sent to the applicant of a case.
async fn invited(center: &Center, case: &str) -> String {
    let clerk = center.sign_in("430102-clerk1").await;
    let sent = |answer: &yimen_tests::Answer| {
        let messages = answer.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().any(|m| m["template"] == "VOTE_INVITED" && m["state"] == "DELIVERED")
    };
    let listed = center.until(&format!("/api/v1/messages?number={case}"), Some(&clerk), sent).await;
    assert!(!listed.to_string().contains("/vote/"), "nobody of the hall reads the code: {listed}");
    let seen = center.get("/api/v1/simulator/messages?page_size=200", Some(center.operator())).await.body;
    let seen: Vec<String> =
        seen["messages"].as_array().unwrap().iter().map(|message| text(&message["text"])).collect();
    let invitation = seen.iter().find(|text| text.contains("/vote/")).unwrap();
    invitation.split("/vote/").nth(1).unwrap().chars().take(26).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_from_its_tokens_to_its_publication() {
    let center = Center::at(noon("2026-03-02")).await;
    let supervisor = center.staff(SUPERVISOR).await;
    let mut reviewed = Vec::new();
    for login in REVIEWED {
        reviewed.push(center.staff(login).await);
    }
    let case = completed(&center).await;

    let nothing = center.post(ROUNDS, Some(&supervisor), json!({})).await;
    assert!(nothing.body["fields"].as_array().unwrap().len() >= 6, "every field at once: {nothing:?}");
    let mut twice = round("RATED", rated(), units(["scjg", "scjg"]));
    twice["weights"] = json!([{"group": "PUBLIC", "percent": 60}]);
    let twice = center.post(ROUNDS, Some(&supervisor), twice).await;
    let faults: Vec<String> =
        twice.body["fields"].as_array().unwrap().iter().map(|fault| text(&fault["field"])).collect();
    assert_eq!(faults, ["weights", "units[1].department"], "{twice:?}");

    let set = round("RATED", rated(), units(["scjg", "zjj", "gaj", "sthj"]));
    let set = center.ok(ROUNDS, Some(&supervisor), set).await;
    assert_eq!(set["phase"], "PREPARING");
    let number_of = text(&set["round"]);
    let path = format!("{ROUNDS}/{number_of}");

    let public = tokens(&center, &supervisor, &number_of, "PUBLIC", 5).await;
    let supervisors = tokens(&center, &supervisor, &number_of, "SUPERVISORS", 3).await;
    let deputies = tokens(&center, &supervisor, &number_of, "DEPUTIES", 2).await;
    let drawn = json!({"group": "SERVICE_USERS", "count": 1});
    assert_eq!(
        refused(&center, &format!("{path}/tokens"), Some(&supervisor), drawn).await,
        "INVALID_REQUEST"
    );
    let lost =
        center.ok(&format!("{path}/tokens"), Some(&supervisor), json!({"group": "PUBLIC", "count": 4})).await;
    let void = json!({"batch": lost["batch"]});
    let voided = center.ok(&format!("{path}/tokens/void"), Some(&supervisor), void).await;
    assert_eq!(voided["voided"], 4);
    let void = ballot(&text(&lost["tokens"][0]), &[]);
    assert_eq!(refused(&center, "/api/v1/ballots", None, void).await, "BALLOT_TOKEN_UNKNOWN");

    let draw = center.ok(&format!("{path}/draw"), Some(&supervisor), json!({"count": 10})).await;
    assert_eq!((&draw["draw"]["population"], &draw["draw"]["seed"]), (&json!(1), &json!("")), "no seed yet");
    let again = refused(&center, &format!("{path}/draw"), Some(&supervisor), json!({"count": 1})).await;
    assert_eq!(again, "ALREADY_DRAWN");
    // SHA-256 of the one number and a line feed.
    let digest: String = sqlx::query_scalar("select encode(sha256(convert_to($1 || E'\\n', 'UTF8')), 'hex')")
        .bind(&case)
        .fetch_one(&mut *center.database().await)
        .await
        .unwrap();
    assert_eq!(draw["draw"]["population_digest"], json!(digest));
    let user = invited(&center, &case).await;
    kept_nowhere(&center, public.iter().chain(&supervisors).chain(&deputies)).await;

    let early = ballot(&public[0], &[("scjg", "SATISFIED")]);
    assert_eq!(refused(&center, "/api/v1/ballots", None, early).await, "VOTE_EARLY");
    not_theirs(&center, &path, &reviewed).await;

    center.set_clock(noon("2026-03-03")).await;
    let supervisor = center.sign_in(SUPERVISOR).await;
    let late = json!({"group": "PUBLIC", "count": 1});
    assert_eq!(refused(&center, &format!("{path}/tokens"), Some(&supervisor), late).await, "STATE_FORBIDS");
    let open = center.ok("/api/v1/ballots/open", None, json!({"token": deputies[0].to_lowercase()})).await;
    assert_eq!((&open["group"], &open["spent"]), (&json!("DEPUTIES"), &json!(false)));

    // Eleven voters: all for the first, ten for the second, five and five for the third, six and five for the last.
    let wrong = ballot(&public[0], &[("scjg", "VERY_SATISFIED"), ("xxx", "SATISFIED")]);
    let wrong = center.post("/api/v1/ballots", None, wrong).await;
    assert_eq!(wrong.body["fields"].as_array().unwrap().len(), 2, "and nothing is spent by it: {wrong:?}");
    let voters: Vec<&String> = public.iter().chain(&supervisors).chain(&deputies).collect();
    for (nth, token) in voters.iter().enumerate() {
        let yes =
            |is_yes: bool| if is_yes { ["SATISFIED", "FAIRLY_SATISFIED"][nth % 2] } else { "DISSATISFIED" };
        let marks =
            [("scjg", yes(true)), ("zjj", yes(nth > 0)), ("gaj", yes(nth < 5)), ("sthj", yes(nth < 6))];
        let cast = ballot(token, &marks);
        // At the same time, as with two clicks: one counts.
        let (one, two) = tokio::join!(
            center.post("/api/v1/ballots", None, cast.clone()),
            center.post("/api/v1/ballots", None, cast)
        );
        let reasons = [&one, &two].map(|answer| answer.body["reason"].as_str().unwrap_or("").to_owned());
        assert!(
            reasons.contains(&String::new()) && reasons.contains(&"ALREADY_VOTED".to_owned()),
            "{one:?} {two:?}"
        );
    }
    by_page(&center, &user).await;
    assert_eq!(refused(&center, "/api/v1/ballots", None, ballot(&user, &[])).await, "ALREADY_VOTED");

    // Nobody sees a count before the closing.
    for token in [None, Some(supervisor.as_str())] {
        let seen = center.get(&path, token).await.body;
        assert_eq!((&seen["phase"], &seen["result"]), (&json!("VOTING"), &Value::Null), "{seen}");
        assert!(!seen.to_string().contains("\"spent\":1"), "nor how many have voted: {seen}");
    }
    let recount = center.get(&format!("{path}/recount"), Some(&supervisor)).await;
    assert_eq!(recount.body["reason"], "STATE_FORBIDS");

    center.set_clock(noon("2026-03-09")).await;
    let supervisor = center.sign_in(SUPERVISOR).await;
    let result = counted(&center, &number_of, &supervisor).await;
    assert_eq!(refused(&center, "/api/v1/ballots", None, ballot(&user, &[])).await, "VOTE_LATE");
    unlinkable(&center).await;
    let turnout = |group: &str| {
        let all = result["result"]["turnouts"].as_array().unwrap();
        all.iter().find(|one| one["group"] == group).unwrap().clone()
    };
    assert_eq!((&turnout("PUBLIC")["issued"], &turnout("PUBLIC")["spent"]), (&json!(5), &json!(5)));
    assert_eq!(turnout("SERVICE_USERS")["spent"], 1);
    assert_eq!(text(&result["draw"]["seed"]).len(), 32, "whoever has the numbers can draw again");
    assert_eq!(result["result"]["refused"], 12, "eleven second clicks and one more");
    let ranks: Vec<&Value> =
        result["result"]["units"].as_array().unwrap().iter().map(|unit| &unit["rank"]).collect();
    assert_eq!(ranks, [&json!(1), &json!(2), &json!(4), &json!(3)]);
    let again = center.get(&format!("{path}/recount"), Some(&supervisor)).await.body;
    assert_eq!((&again["agrees"], &again["ballots"]), (&json!(true), &json!(44)), "{again}");

    consequences(&center, &path, &supervisor, &reviewed).await;
    center.stop().await;
}

/// The last voter comes with a browser.
async fn by_page(center: &Center, token: &str) {
    let page = |method: Method| center.request(method, &format!("/vote/{token}"));
    let shown = page(Method::GET).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    let shown = shown.text().await.unwrap();
    assert_eq!(shown.matches("<fieldset>").count(), 4, "{shown}");
    assert_eq!(shown.matches("type=\"radio\"").count(), 16, "three levels and none, of four units");
    let marked = || {
        page(Method::POST)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("mark.1=SATISFIED&mark.2=SATISFIED&mark.3=&mark.4=DISSATISFIED")
            .send()
    };
    assert_eq!(marked().await.unwrap().status(), 201);
    let again = marked().await.unwrap();
    let said = again.text().await.unwrap();
    assert!(said.contains("不能再投"), "{said}");
}

/// Staff of units under review neither run the round nor learn more of it than everyone does.
async fn not_theirs(center: &Center, path: &str, reviewed: &[String]) {
    for token in reviewed {
        for (operation, body) in [
            ("tokens", json!({"group": "PUBLIC", "count": 1})),
            ("tokens/void", json!({"group": "PUBLIC"})),
            ("draw", json!({"count": 1})),
            ("cancel", json!({"reason": "示例"})),
            ("decide", json!({"department": "430102-scjg", "proposal": "REWARD", "confirmed": true})),
            ("publish", json!({})),
        ] {
            let answer = center.post(&format!("{path}/{operation}"), Some(token), body).await;
            assert_eq!(answer.body["reason"], "ROLE_REQUIRED", "{operation}: {answer:?}");
        }
        let recount = center.get(&format!("{path}/recount"), Some(token)).await;
        assert_eq!(recount.body["reason"], "ROLE_REQUIRED");
        let seen = center.get(path, Some(token)).await.body;
        assert_eq!(seen, center.get(path, None).await.body, "as everyone sees it");
        assert_eq!(seen["issued"], json!([]));
    }
    let far = center.staff("430103-supervisor").await;
    let other = json!({"group": "PUBLIC", "count": 1});
    assert_eq!(refused(center, &format!("{path}/tokens"), Some(&far), other).await, "OTHER_CENTER");
}

/// A token that was handed out stands in no table of the service.
async fn kept_nowhere<'t>(center: &Center, tokens: impl Iterator<Item = &'t String>) {
    for token in tokens {
        for place in [
            "complaints.request where position(convert_to($1, 'UTF8') in response) > 0",
            "complaints.outbox where position(convert_to($1, 'UTF8') in body) > 0",
            "complaints.appraisal_token t where position($1 in t::text) > 0 or digest = convert_to($1, 'UTF8')",
        ] {
            let query = format!("select count(*) from {place}");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(token)
                .fetch_one(&mut *center.database().await)
                .await
                .unwrap();
            assert_eq!(found, 0, "{place}");
        }
    }
}

/// What is left in the tables leads from no token to its ballot.
async fn unlinkable(center: &Center) {
    let columns: Vec<String> = sqlx::query_scalar(
        "select column_name::text from information_schema.columns
         where table_schema = 'complaints' and table_name = 'appraisal_ballot' order by 1",
    )
    .fetch_all(&mut *center.database().await)
    .await
    .unwrap();
    assert_eq!(columns, ["ballot", "choice", "electorate", "round", "unit"]);
    let writers = "select count(distinct xmin) from (
        select xmin::text from complaints.appraisal_token union all
        select xmin::text from complaints.appraisal_ballot) rows(xmin)";
    assert_eq!(number(center, writers).await, 1, "one transaction wrote all that is there");
    let tries = "select count(*) from complaints.appraisal_token where tries <> 1 or batch is not null";
    assert_eq!(number(center, tries).await, 0);
    let requests = "select count(*) from complaints.request where method like '%CastBallot%'";
    assert_eq!(
        number(center, requests).await,
        0,
        "no request is kept that has the marks, not even as a digest"
    );
    // Neither table is in the order of casting: the units of one ballot do not lie together.
    let together = "select count(*) from (
        select unit, lag(unit) over (order by ctid) as before from complaints.appraisal_ballot) rows
        where unit = before + 1";
    assert!(number(center, together).await < 33, "three of four follow each other on each of eleven ballots");
}

/// A person decides; then it is published, and anyone recomputes it.
async fn consequences(center: &Center, path: &str, supervisor: &str, reviewed: &[String]) {
    assert_eq!(center.get(path, None).await.body["result"], Value::Null, "not before it is published");
    for token in reviewed {
        assert_eq!(center.get(path, Some(token)).await.body["result"], Value::Null);
    }
    let publish = format!("{path}/publish");
    assert_eq!(refused(center, &publish, Some(supervisor), json!({})).await, "OUTCOMES_OPEN");
    let decide = format!("{path}/decide");
    let of = |short: &str, proposal: &str, confirmed: bool| json!({"department": format!("{CENTER}-{short}"), "proposal": proposal, "confirmed": confirmed});
    let unasked = of("sthj", "REWARD", true);
    assert_eq!(refused(center, &decide, Some(supervisor), unasked).await, "INVALID_REQUEST");
    let silent = of("zjj", "REWARD", false);
    let silent = center.post(&decide, Some(supervisor), silent).await;
    assert_eq!(silent.body["fields"][0]["field"], "reason", "{silent:?}");
    center.ok(&decide, Some(supervisor), of("scjg", "REWARD", true)).await;
    let mut rejected = of("zjj", "REWARD", false);
    rejected["reason"] = json!("示例：该单位本年度有一票否决事项");
    center.ok(&decide, Some(supervisor), rejected).await;
    let held = center.ok(&decide, Some(supervisor), of("gaj", "ACCOUNTABILITY", true)).await;
    let twice = of("gaj", "ACCOUNTABILITY", true);
    assert_eq!(refused(center, &decide, Some(supervisor), twice).await, "STATE_FORBIDS");
    let case = text(&held["result"]["units"][2]["outcomes"][0]["accountability_case"]);

    center.ok(&publish, Some(supervisor), json!({})).await;
    let public = center.get(path, None).await.body;
    assert_eq!(public["phase"], "PUBLISHED");
    assert!(!public.to_string().contains(&case), "the case is not public yet");
    recomputes(&public);

    let case = format!("/api/v1/accountability-cases/{case}");
    let decision = json!({"finding": "示例：满意率50%", "measure": "CIRCULAR"});
    center.ok(&format!("{case}/decide"), Some(supervisor), decision).await;
    let done = json!({"evidence": "示例：通报第2号", "carried_out_on": "2026-03-09"});
    center.ok(&format!("{case}/carry-out"), Some(supervisor), done).await;
    let said = json!({"text": "示例：该局民主评议满意率不高，予以通报"});
    center.ok(&format!("{case}/publish"), Some(supervisor), said).await;
    let told = center.get("/api/v1/accountability?center=430102", None).await.body;
    let told = &told["publications"][0];
    assert_eq!((&told["department"], &told["round"]), (&json!("430102-gaj"), &public["round"]), "{told}");
}

/// With nothing but the publication: every rate, every rank, every proposal.
fn recomputes(public: &Value) {
    let units = public["result"]["units"].as_array().unwrap();
    let count = |unit: &Value, choices: &[&str]| -> u64 {
        let votes = unit["votes"].as_array().unwrap();
        let wanted = votes.iter().filter(|vote| choices.contains(&vote["choice"].as_str().unwrap()));
        wanted.map(|vote| vote["votes"].as_u64().unwrap()).sum()
    };
    let rates: Vec<(u64, u64)> = units
        .iter()
        .map(|unit| {
            let satisfied = count(unit, &["SATISFIED", "FAIRLY_SATISFIED"]);
            (satisfied, satisfied + count(unit, &["DISSATISFIED"]))
        })
        .collect();
    assert_eq!(rates, [(11, 11), (10, 11), (5, 10), (6, 11)]);
    for (unit, (s, n)) in units.iter().zip(&rates) {
        let rank = 1 + rates.iter().filter(|(other, of)| other * n > s * of).count();
        assert_eq!(unit["rank"], json!(rank), "{unit}");
        let proposed: Vec<&Value> =
            unit["outcomes"].as_array().unwrap().iter().map(|outcome| &outcome["proposal"]).collect();
        let mut due = Vec::new();
        if 100 * s >= 90 * n && rank <= 3 {
            due.push(json!("REWARD"));
        }
        if 100 * s <= 50 * n {
            due.push(json!("ACCOUNTABILITY"));
        }
        assert_eq!(proposed, due.iter().collect::<Vec<_>>());
    }
    // Each group's ballots about each unit are as many as its spent tokens.
    for unit in units {
        for turnout in public["result"]["turnouts"].as_array().unwrap() {
            let votes = unit["votes"].as_array().unwrap();
            let own = votes.iter().filter(|vote| vote["group"] == turnout["group"]);
            let sum: u64 = own.map(|vote| vote["votes"].as_u64().unwrap()).sum();
            assert_eq!(json!(sum), turnout["spent"], "{unit}");
        }
    }
}

/// 双评: the best and the worst, each list by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_best_and_the_worst_are_counted_apart() {
    let center = Center::at(noon("2026-03-02")).await;
    let supervisor = center.staff(SUPERVISOR).await;
    let rules = json!({"lists": {"nominations": 2, "best_places": 2, "worst_places": 1}});
    let mut set = round("LISTS", rules, units(["mzj", "rsj", "scjg", "gaj"]));
    set["award"] = json!("示例：授予“群众最满意单位”称号");
    let mut mixed = set.clone();
    mixed["rated"] = rated()["rated"].clone();
    let mixed = center.post(ROUNDS, Some(&supervisor), mixed).await;
    assert_eq!(mixed.body["fields"][0]["field"], "rated", "{mixed:?}");
    let number_of = text(&center.ok(ROUNDS, Some(&supervisor), set.clone()).await["round"]);
    let called_off = text(&center.ok(ROUNDS, Some(&supervisor), set).await["round"]);
    let cancel = format!("{ROUNDS}/{called_off}/cancel");
    center.ok(&cancel, Some(&supervisor), json!({"reason": "示例：单位名单有误"})).await;
    let voters = tokens(&center, &supervisor, &number_of, "PUBLIC", 4).await;

    center.set_clock(noon("2026-03-03")).await;
    let many = [("mzj", "BEST"), ("rsj", "BEST"), ("scjg", "BEST")];
    let many = center.post("/api/v1/ballots", None, ballot(&voters[0], &many)).await;
    assert_eq!(many.body["fields"][0]["reason"], "TOO_MANY", "{many:?}");
    // Four voters: three name the first as best, three the second; three name the third as worst.
    for (token, marks) in voters.iter().zip([
        vec![("mzj", "BEST"), ("rsj", "BEST"), ("scjg", "WORST")],
        vec![("mzj", "BEST"), ("rsj", "BEST"), ("scjg", "WORST")],
        vec![("mzj", "BEST"), ("rsj", "BEST"), ("scjg", "WORST"), ("gaj", "WORST")],
        vec![("gaj", "BEST")],
    ]) {
        center.ok("/api/v1/ballots", None, ballot(token, &marks)).await;
    }
    center.set_clock(noon("2026-03-07")).await;
    let supervisor = center.sign_in(SUPERVISOR).await;
    let result = counted(&center, &number_of, &supervisor).await;
    let units = result["result"]["units"].as_array().unwrap();
    let places: Vec<[u64; 4]> = units
        .iter()
        .map(|unit| ["best", "worst", "best_rank", "worst_rank"].map(|name| unit[name].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [[3, 0, 1, 0], [3, 0, 1, 0], [0, 3, 0, 1], [1, 1, 0, 0]]);
    let proposals: Vec<&Value> = units.iter().map(|unit| &unit["outcomes"][0]["proposal"]).collect();
    assert_eq!(proposals, [&json!("REWARD"), &json!("REWARD"), &json!("ACCOUNTABILITY"), &Value::Null]);
    let off = center.get(&format!("{ROUNDS}/{called_off}"), None).await.body;
    assert_eq!((&off["phase"], &off["cancel_reason"]), (&json!("CANCELLED"), &json!("示例：单位名单有误")));
    let listed = center.get(&format!("{ROUNDS}?center={CENTER}"), None).await.body;
    assert_eq!(listed["rounds"].as_array().unwrap().len(), 2);
    center.stop().await;
}

/// 面对面评议: fifty supervisors, a question, its answer, and a promise that is followed past its day.
#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_followed_past_its_day() {
    let center = Center::at(noon("2026-03-02")).await;
    let supervisor = center.staff(SUPERVISOR).await;
    let (own, other) =
        (center.staff("430102-gaj-approver").await, center.staff("430102-scjg-approver").await);
    let session = json!({
        "center": CENTER, "kind": "SESSION", "title": "示例：面对面评议", "held_on": "2026-03-02", "seats": 50,
        "departments": ["430102-gaj", "430102-scjg"],
    });
    let session = center.ok("/api/v1/scrutinies", Some(&supervisor), session).await;
    let path = format!("/api/v1/scrutinies/{}", text(&session["scrutiny"]));
    let ask = |seat: u32, said: &str| json!({"department": "430102-gaj", "seat": seat, "text": said});
    let questions = format!("{path}/questions");
    let nobody = center.post(&questions, Some(&supervisor), ask(51, "示例")).await;
    assert_eq!(nobody.body["fields"][0]["field"], "seat", "{nobody:?}");
    let personal = center.post(&questions, Some(&supervisor), ask(1, "请打13000001234")).await;
    assert_eq!(personal.body["fields"][0]["reason"], "PERSONAL_DATA", "{personal:?}");
    center.ok(&questions, Some(&supervisor), ask(7, "示例：身份证为什么要跑两趟？")).await;
    let answer = format!("{questions}/1/answer");
    let said = json!({"answer": "示例：三月底前改为一次办结"});
    assert_eq!(refused(&center, &answer, Some(&other), said.clone()).await, "NOT_A_PARTY");
    center.ok(&answer, Some(&own), said.clone()).await;
    assert_eq!(refused(&center, &answer, Some(&own), said).await, "STATE_FORBIDS");

    let undertakings = format!("{path}/undertakings");
    let promise = json!({"department": "430102-gaj", "text": "示例：一次办结", "due_on": "2026-03-31"});
    let past = json!({"department": "430102-gaj", "text": "示例", "due_on": "2026-03-01"});
    let past = center.post(&undertakings, Some(&supervisor), past).await;
    assert_eq!(past.body["fields"][0]["reason"], "BACK_DATED", "{past:?}");
    center.ok(&undertakings, Some(&supervisor), promise).await;
    let settle = format!("{undertakings}/1/settle");
    let broken = json!({"kept": false, "evidence": "示例：仍要两趟", "due_on": "2026-04-30"});
    assert_eq!(refused(&center, &settle, Some(&supervisor), broken.clone()).await, "NOT_DUE");

    center.set_clock(noon("2026-03-31")).await;
    let open = center.get(&path, None).await.body;
    assert_eq!(open["undertakings"][0]["pass_time"], Value::Null, "its last day is part of it");
    center.set_clock(noon("2026-04-01")).await;
    let passed = |answer: &yimen_tests::Answer| answer.body["undertakings"][0]["pass_time"].is_string();
    center.until(&path, None, passed).await;
    let told = "select count(*) from complaints.outbox where kind = 'yimen.complaints.v1.UndertakingPassed'";
    assert_eq!(number(&center, told).await, 1, "told once");

    let supervisor = center.sign_in(SUPERVISOR).await;
    let own = center.sign_in("430102-gaj-approver").await;
    let settled = center.ok(&settle, Some(&supervisor), broken).await;
    assert_eq!(settled["undertakings"][0]["state"], "BROKEN");
    assert_eq!(settled["undertakings"][0]["followed_by"], 2, "another day was set: {settled}");
    let report = format!("{undertakings}/2/report");
    center.ok(&report, Some(&own), json!({"report": "示例：已改为一次办结"})).await;
    let kept = json!({"kept": true, "evidence": "示例：抽查二十件均一次办结"});
    let kept = center.ok(&format!("{undertakings}/2/settle"), Some(&supervisor), kept).await;
    assert_eq!(kept["undertakings"][1]["state"], "KEPT");
    let page = center.request(Method::GET, &format!("/reviews/sessions/{}", text(&session["scrutiny"])));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("已兑现") && page.contains("未兑现"), "{page}");
    center.stop().await;
}

/// 巡视: what was found is remedied and seen again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_tour_finds_is_seen_again() {
    let center = Center::at(noon("2026-03-02")).await;
    let supervisor = center.staff(SUPERVISOR).await;
    let own = center.staff("430102-scjg-approver").await;
    let tour = json!({
        "center": CENTER, "kind": "TOUR", "title": "示例：代表委员巡视", "held_on": "2026-03-02", "seats": 6,
        "departments": ["430102-scjg"],
    });
    let not_theirs = center.post("/api/v1/scrutinies", Some(&own), tour.clone()).await;
    assert_eq!(not_theirs.body["reason"], "ROLE_REQUIRED");
    let tour = center.ok("/api/v1/scrutinies", Some(&supervisor), tour).await;
    let path = format!("/api/v1/scrutinies/{}", text(&tour["scrutiny"]));
    let asked = json!({"department": "430102-scjg", "seat": 1, "text": "示例"});
    assert_eq!(
        refused(&center, &format!("{path}/questions"), Some(&supervisor), asked).await,
        "INVALID_REQUEST"
    );
    let undertakings = format!("{path}/undertakings");
    let bare = json!({"department": "430102-scjg", "text": "示例：补齐公示", "due_on": "2026-03-20"});
    let unfound = center.post(&undertakings, Some(&supervisor), bare.clone()).await;
    assert_eq!(unfound.body["fields"][0]["field"], "finding", "{unfound:?}");
    let mut found = bare;
    found["finding"] = json!("示例：收费标准未公示");
    center.ok(&undertakings, Some(&supervisor), found).await;
    center.ok(&format!("{undertakings}/1/report"), Some(&own), json!({"report": "示例：已公示"})).await;
    let settle = format!("{undertakings}/1/settle");
    let own_word = json!({"kept": true, "evidence": "示例"});
    assert_eq!(refused(&center, &settle, Some(&own), own_word).await, "ROLE_REQUIRED");
    // Reported as done and seen not to be: that need not wait for its day.
    let not = json!({"kept": false, "evidence": "示例：只公示了一半", "due_on": "2026-03-27"});
    let again = center.ok(&settle, Some(&supervisor), not).await;
    assert_eq!(again["undertakings"][1]["finding"], "示例：收费标准未公示");
    let kept = json!({"kept": true, "evidence": "示例：全部公示"});
    let kept = center.ok(&format!("{undertakings}/2/settle"), Some(&supervisor), kept).await;
    let states: Vec<&Value> =
        kept["undertakings"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, [&json!("BROKEN"), &json!("KEPT")]);
    center.stop().await;
}
