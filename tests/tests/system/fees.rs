//! One notice, one ledger: assessed, paid in every way, settled once, refunded, reconciled.

use futures::future::join_all;
use serde_json::{Value, json};
use yimen_platform::Clock as _;
use yimen_platform::clock::SystemClock;
use yimen_tests::{Center, text};

/// The people of the money.
struct Counter {
    center: Center,
    code: &'static str,
    clerk: String,
    cashier: String,
    finance: String,
}

impl Counter {
    async fn open(code: &'static str) -> Self {
        Self::of(Center::start().await, code).await
    }

    async fn of(center: Center, code: &'static str) -> Self {
        let clerk = center.staff(&format!("{code}-clerk1")).await;
        let cashier = center.staff(&format!("{code}-cashier")).await;
        let finance = center.staff(&format!("{code}-finance")).await;
        Self { center, code, clerk, cashier, finance }
    }

    /// An accepted application whose fee is raised at acceptance, with its notice.
    async fn billed(&self) -> (String, String, Value) {
        let (number, tracking) = self.center.accepted("real-estate-transfer", self.code, &self.clerk).await;
        let tracked = self.center.until(&tracking, None, |answer| answer.body["fee"].is_object()).await;
        assert_eq!(tracked["fee"]["state"], "DUE");
        (number, tracking, tracked["fee"].clone())
    }

    fn report(&self, reference: &str, code: &Value, fen: i64) -> Value {
        json!({"reference": reference, "payment_code": code, "amount_fen": fen, "paid_at": self.center.now().to_rfc3339()})
    }

    async fn held(&self) -> Vec<Value> {
        let held = self.center.get("/api/v1/payments?held=true", Some(&self.finance)).await.body;
        held["payments"].as_array().cloned().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_takes_exactly_what_is_due_and_the_decision_completes() {
    let hall = Counter::open("430102").await;
    let (number, tracking, fee) = hall.billed().await;
    assert_eq!(fee["amount_fen"], 8000);
    let notice = text(&fee["notice"]);
    let path = format!("/api/v1/fee-notices/{notice}");
    let seen = hall.center.get(&path, Some(&hall.cashier)).await.body;
    assert_eq!((seen["state"].as_str(), seen["amount_capital"].as_str()), (Some("ISSUED"), Some("捌拾元整")));

    let pay = |fen: i64| json!({"channel": "CASH", "amount_fen": fen});
    let refused = hall.center.post(&format!("{path}/pay"), Some(&hall.cashier), pay(7999)).await;
    assert_eq!(refused.body["reason"], "AMOUNT_DIFFERS", "{refused:?}");
    let clerk = hall.center.post(&format!("{path}/pay"), Some(&hall.clerk), pay(8000)).await;
    assert_eq!(clerk.body["reason"], "ROLE_REQUIRED");
    let paid = hall.center.ok(&format!("{path}/pay"), Some(&hall.cashier), pay(8000)).await;
    let again = hall.center.post(&format!("{path}/pay"), Some(&hall.cashier), pay(8000)).await;
    assert_eq!(again.body["reason"], "STATE_FORBIDS");
    let cancel = json!({"reason": "错开"});
    let cancelled = hall.center.post(&format!("{path}/cancel"), Some(&hall.finance), cancel).await;
    assert_eq!(cancelled.body["reason"], "STATE_FORBIDS", "what is paid is not cancelled");

    // Paid before it is decided; the decision completes it.
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;
    let lead = hall.center.staff("430102-zrzy-approver").await;
    hall.center.decided(&number, &lead, "GRANTED").await;
    hall.center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;

    // Anyone verifies the receipt; a spoiled one says which number counts.
    let receipt = text(&paid["receipt"]);
    let verify = |receipt: &str| format!("/api/v1/receipts/{receipt}");
    let seen = hall.center.get(&verify(&receipt), None).await.body;
    assert_eq!((seen["state"].as_str(), seen["amount_fen"].as_i64()), (Some("VALID"), Some(8000)), "{seen}");
    let spoil = json!({"reason": "打印错位"});
    let next = hall.center.ok(&format!("{}/spoil", verify(&receipt)), Some(&hall.cashier), spoil).await;
    assert_eq!(hall.center.get(&verify(&receipt), None).await.body["replaced_by"], next["receipt"]);

    // Back it goes: the department verifies, finance approves and pays, the receipt is red-stamped.
    let ask = json!({"ground": "WRONG_PAYMENT", "reason": "重复缴纳"});
    let refunds = format!("{path}/refunds");
    let applied = hall.center.post(&refunds, Some(&hall.cashier), ask.clone()).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(hall.center.post(&refunds, Some(&hall.cashier), ask).await.body["reason"], "REFUND_OPEN");
    let refund = format!("/api/v1/refunds/{}", text(&applied.body["refund"]));
    let decide = json!({"approve": true});
    let early = hall.center.post(&format!("{refund}/decide"), Some(&hall.finance), decide.clone()).await;
    assert_eq!(early.body["reason"], "STATE_FORBIDS", "the department verifies first");
    hall.center.ok(&format!("{refund}/verify"), Some(&lead), json!({})).await;
    hall.center.ok(&format!("{refund}/decide"), Some(&hall.finance), decide).await;
    hall.center.ok(&format!("{refund}/pay"), Some(&hall.finance), json!({"reference": "退-1"})).await;
    let red = hall.center.get(&verify(&text(&next["receipt"])), None).await.body;
    assert_eq!(red["state"], "RED_STAMPED");
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "REFUNDED").await;
    let balances =
        hall.center.get(&format!("/api/v1/ledger/balances?number={number}"), Some(&hall.finance)).await;
    for balance in balances.body["balances"].as_array().unwrap() {
        assert_eq!(balance["debit_fen"], balance["credit_fen"], "{balance}");
    }
    hall.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_at_the_same_moment_is_paid_once_and_no_receipt_is_missing() {
    let hall = Counter::open("430102").await;
    let bills = join_all((0..6).map(|_| hall.billed())).await;
    let notices: Vec<String> = bills.iter().map(|(_, _, fee)| text(&fee["notice"])).collect();
    let pay = async |notice: &str, fen: i64, reference: &str| {
        let body = json!({"channel": "CARD", "amount_fen": fen, "reference": reference});
        hall.center.post(&format!("/api/v1/fee-notices/{notice}/pay"), Some(&hall.cashier), body).await
    };

    // Two of them under one reference of the card's: one of the two is refused, and nothing of it stays.
    let both = join_all(notices[..2].iter().map(|notice| pay(notice, 8000, "POS-1"))).await;
    let (paid, refused): (Vec<_>, Vec<_>) = both.iter().partition(|answer| answer.status == 200);
    assert_eq!((paid.len(), &refused[0].body["reason"]), (1, &json!("REFERENCE_REUSED")), "{both:?}");
    let mut receipts = vec![text(&paid[0].body["receipt"])];

    // Every one three times, and once with a wrong amount.
    let attempt = |(place, fen): (usize, i64)| {
        let notice = &notices[place % notices.len()];
        let reference = format!("POS-2-{place}");
        async move { pay(notice, fen, &reference).await }
    };
    let right = (0..18).map(|place| (place, 8000));
    let attempts = join_all(right.chain((18..24).map(|place| (place, 7999))).map(attempt)).await;
    for answer in attempts {
        match answer.status {
            200 => receipts.push(text(&answer.body["receipt"])),
            _ => assert!(
                ["STATE_FORBIDS", "AMOUNT_DIFFERS"].map(Value::from).contains(&answer.body["reason"]),
                "{answer:?}"
            ),
        }
    }
    receipts.sort();
    let serial = |receipt: &String| receipt[receipt.len() - 7..].parse::<u32>().unwrap();
    assert_eq!(receipts.iter().map(serial).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6], "{receipts:?}");
    hall.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_repeats_itself_is_heard_once() {
    let hall = Counter::open("430102").await;
    let (_, tracking, fee) = hall.billed().await;
    let report = hall.report("B-1", &fee["payment_code"], 8000);

    // A thousand times at once: one payment, one receipt, one answer.
    let answers = join_all((0..1_000).map(|_| hall.center.bank(&report))).await;
    let first = &answers[0].body;
    assert_eq!(first["state"], "APPLIED", "{first}");
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, first));
    }
    let settled = hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;
    assert_eq!(settled["fee"]["receipt"], first["receipt"]);
    let all = hall.center.get("/api/v1/payments", Some(&hall.finance)).await.body;
    assert_eq!(all["payments"].as_array().unwrap().len(), 1);

    // Another amount under the same reference, another key, a changed body: refused, and nothing is written.
    let other = hall.center.bank(&hall.report("B-1", &fee["payment_code"], 1)).await;
    assert_eq!((other.status, other.body["reason"].as_str()), (409, Some("REFERENCE_REUSED")));
    let unsigned = hall.center.request(reqwest::Method::POST, "/api/v1/callbacks/bank").body("{}");
    let unsigned = yimen_tests::answer(unsigned).await;
    assert_eq!((unsigned.status, unsigned.body["reason"].as_str()), (401, Some("BAD_SIGNATURE")));
    let all = hall.center.get("/api/v1/payments", Some(&hall.finance)).await.body;
    assert_eq!(all["payments"].as_array().unwrap().len(), 1);
    hall.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_waits_for_a_person() {
    let hall = Counter::open("430102").await;
    let (_, tracking, fee) = hall.billed().await;
    let code = &fee["payment_code"];
    let mut odd = Vec::new();
    for (reference, code, fen, anomaly) in [
        ("P-1", code, 3000, "PARTIAL"),
        ("P-2", code, 5000, "PARTIAL"),
        ("U-1", &json!("43010226999999999998"), 8000, "UNKNOWN_CODE"),
        ("U-2", &json!("不是缴款码"), 1, "UNKNOWN_CODE"),
    ] {
        let answer = hall.center.bank(&hall.report(reference, code, fen)).await;
        assert_eq!(answer.body["anomaly"], anomaly, "{answer:?}");
        odd.push(format!("/api/v1/payments/{}/resolve", text(&answer.body["payment"])));
    }
    assert_eq!(hall.held().await.len(), 4);

    // Two parts make the whole; what belongs to nobody goes back.
    let apply = json!({"action": "APPLY", "reason": "两笔合计相符"});
    hall.center.ok(&odd[1], Some(&hall.finance), apply.clone()).await;
    let again = hall.center.post(&odd[0], Some(&hall.finance), apply.clone()).await;
    assert_eq!(again.body["reason"], "STATE_FORBIDS", "{again:?}");
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;
    let nameless = hall.center.post(&odd[3], Some(&hall.finance), apply).await;
    assert_eq!(nameless.body["fields"][0]["field"], "notice");
    let back = json!({"action": "RETURN", "reason": "查无此单"});
    hall.center.ok(&odd[3], Some(&hall.finance), back.clone()).await;

    // Paid twice: the second payment is not lost either, and one with a wrong code finds its notice.
    let twice = hall.center.bank(&hall.report("D-1", code, 8000)).await.body;
    assert_eq!(twice["anomaly"], "NOTICE_CLOSED");
    let twice = format!("/api/v1/payments/{}/resolve", text(&twice["payment"]));
    hall.center.ok(&twice, Some(&hall.finance), back).await;
    let (_, tracking, fee) = hall.billed().await;
    let found = json!({"action": "APPLY", "notice": fee["notice"], "reason": "付款人说明"});
    hall.center.ok(&odd[2], Some(&hall.finance), found).await;
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;

    // Too much: what is due is taken, the rest goes back.
    let (_, tracking, fee) = hall.billed().await;
    let over = hall.center.bank(&hall.report("O-1", &fee["payment_code"], 9000)).await.body;
    assert_eq!(over["anomaly"], "OVER");
    let over = format!("/api/v1/payments/{}/resolve", text(&over["payment"]));
    hall.center.ok(&over, Some(&hall.finance), json!({"action": "APPLY", "reason": "多缴部分退回"})).await;
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;
    assert!(hall.held().await.is_empty());
    hall.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_measures_relief_is_granted_and_a_day_is_reconciled() {
    let hall = Counter::open("430103").await;
    let (number, tracking) = hall.center.accepted("soil-conservation-plan", hall.code, &hall.clerk).await;
    let lead = hall.center.staff("430103-slj-approver").await;
    hall.center.decided(&number, &lead, "GRANTED").await;
    hall.center.until(&tracking, None, |answer| answer.body["state"] == "DECIDED").await;
    let list = format!("/api/v1/fee-notices?number={number}");
    let one = |answer: &yimen_tests::Answer| answer.body["notices"][0]["notice"].is_string();
    let listed = hall.center.until(&list, Some(&hall.cashier), one).await;
    assert_eq!(listed["notices"][0]["state"], "MEASURING");
    let path = format!("/api/v1/fee-notices/{}", text(&listed["notices"][0]["notice"]));

    // No charge without a basis: not by another department, not by another fee.
    let measure = |fee: &str| json!({"fee": fee, "quantity": "1200.5"});
    let unlawful =
        hall.center.post(&format!("{path}/measure"), Some(&lead), measure("shelter-relocation")).await;
    assert_eq!(unlawful.body["reason"], "FEE_NOT_DUE", "{unlawful:?}");
    let stranger = hall.center.staff("430103-cgj-approver").await;
    let refused =
        hall.center.post(&format!("{path}/measure"), Some(&stranger), measure("soil-conservation")).await;
    assert_eq!(refused.body["reason"], "FEE_NOT_OF_DEPARTMENT");
    let measured =
        hall.center.ok(&format!("{path}/measure"), Some(&lead), measure("soil-conservation")).await;
    assert_eq!(
        (measured["state"].as_str(), measured["amount_fen"].as_i64()),
        (Some("ISSUED"), Some(120_050))
    );

    // Less, by law and with its paper.
    let bare = json!({"kind": "REDUCTION", "fee": "soil-conservation", "to_fen": 100_000});
    let bare = hall.center.post(&format!("{path}/relief"), Some(&hall.finance), bare).await;
    let missing: Vec<_> =
        bare.body["fields"].as_array().unwrap().iter().map(|fault| text(&fault["field"])).collect();
    assert_eq!(missing, ["ground", "document", "approver"]);
    let relief = json!({"kind": "REDUCTION", "fee": "soil-conservation", "to_fen": 100_000, "ground": "示例：法定减征情形", "document": "示例文号1号", "approver": "示例人民政府"});
    let relieved = hall.center.ok(&format!("{path}/relief"), Some(&hall.finance), relief).await;
    assert_eq!((&relieved["original_fen"], &relieved["amount_fen"]), (&json!(120_050), &json!(100_000)));
    let paid = hall.center.bank(&hall.report("S-1", &measured["payment_code"], 100_000)).await;
    assert_eq!(paid.body["state"], "APPLIED", "{paid:?}");
    hall.center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;

    // The day: one that matches, one that only the bank knows.
    let day = yimen_kernel::date::local_date(SystemClock.now()).to_string();
    let code = text(&measured["payment_code"]);
    let bank =
        format!("payment_code,amount_fen,paid_on\n{code},100000,{day}\n43010226999999999998,5,{day}\n");
    let treasury = format!("payment_code,amount_fen,confirmed_on\n{code},100000,{day}\n");
    let encode = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let files = json!({"day": day, "bank_csv": encode(&bank), "treasury_csv": encode(&treasury)});
    let done = hall.center.post("/api/v1/reconciliations", Some(&hall.finance), files).await;
    assert_eq!(done.status, 201, "{done:?}");
    let mut classes: Vec<_> =
        done.body["lines"].as_array().unwrap().iter().map(|line| text(&line["class"])).collect();
    classes.sort();
    assert_eq!(classes, ["MATCH", "ONLY_BANK"]);
    let balances = hall.center.get("/api/v1/ledger/balances", Some(&hall.finance)).await.body;
    let treasury =
        balances["balances"].as_array().unwrap().iter().find(|balance| balance["account"] == "TREASURY");
    assert_eq!(treasury.unwrap()["debit_fen"], 100_000, "bill, bank, treasury");
    hall.center.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_without_a_grant_costs_nothing_more() {
    let hall = Counter::open("430102").await;
    let lead = hall.center.staff("430102-zrzy-approver").await;
    let (number, tracking, fee) = hall.billed().await;
    hall.center.decided(&number, &lead, "REFUSED").await;
    let ended = hall.center.until(&tracking, None, |answer| answer.body["state"] == "COMPLETED").await;
    assert_eq!(ended["fee"]["state"], "CANCELLED");
    let late = hall.center.bank(&hall.report("L-1", &fee["payment_code"], 8000)).await;
    assert_eq!(late.body["anomaly"], "NOTICE_CLOSED", "{late:?}");

    let (number, tracking, _) = hall.billed().await;
    let code = tracking.rsplit_once('=').unwrap().1;
    let withdraw = json!({"code": code, "reason": "不办了"});
    hall.center.ok(&format!("/api/v1/applications/{number}/withdraw"), None, withdraw).await;
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "CANCELLED").await;
    hall.center.stop().await;
}

/// 民法典 art. 203: a last day to pay that is a day off moves on to the next working day.
#[tokio::test(flavor = "multi_thread")]
async fn the_day_after_the_last_the_payer_is_reminded_and_what_comes_late_waits_for_finance() {
    let hall = Counter::of(Center::at("2026-02-09T01:00:00Z".parse().unwrap()).await, "430102").await;
    let (number, tracking, fee) = hall.billed().await;
    let limit_on = text(&fee["limit_on"]);
    let last = yimen_kernel::date::parse_date(&limit_on).unwrap();
    let path = format!("/api/v1/fee-notices/{}", text(&fee["notice"]));
    let reminded = format!("/api/v1/messages?number={number}");

    // The last day is the payer's, to its last minute.
    let midnight = yimen_kernel::date::day_start(last.succ_opt().unwrap());
    hall.center.set_clock(midnight - chrono::Duration::minutes(1)).await;
    let finance = hall.center.sign_in("430102-finance").await;
    assert_eq!(hall.center.get(&path, Some(&finance)).await.body["state"], "ISSUED");
    hall.center.set_clock(midnight).await;
    hall.center.until(&path, Some(&finance), |answer| answer.body["state"] == "OVERDUE").await;
    let clerk = hall.center.sign_in("430102-clerk1").await;
    let count = |answer: &yimen_tests::Answer| {
        let messages = answer.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().filter(|message| message["template"] == "FEE_OVERDUE").count()
    };
    hall.center.until(&reminded, Some(&clerk), |answer| count(answer) == 1).await;

    // Back and forth again: it stays overdue, and nobody is reminded twice.
    hall.center.set_clock(midnight - chrono::Duration::hours(1)).await;
    hall.center.set_clock(midnight + chrono::Duration::days(1)).await;
    let late = hall.center.bank(&hall.report("LATE-1", &fee["payment_code"], 8000)).await;
    assert_eq!((late.body["anomaly"].as_str(), late.body["state"].as_str()), (Some("LATE"), Some("HELD")));
    let finance = hall.center.sign_in("430102-finance").await;
    let resolve = format!("/api/v1/payments/{}/resolve", text(&late.body["payment"]));
    let apply = json!({"action": "APPLY", "reason": "逾期一日，准予按原额缴纳（示例）"});
    hall.center.ok(&resolve, Some(&finance), apply).await;
    hall.center.until(&tracking, None, |answer| answer.body["fee"]["state"] == "PAID").await;
    let clerk = hall.center.sign_in("430102-clerk1").await;
    let told = hall.center.get(&reminded, Some(&clerk)).await;
    assert_eq!(count(&told), 1, "{told:?}");
    hall.center.stop().await;
}
