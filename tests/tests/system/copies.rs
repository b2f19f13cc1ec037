//! Two copies of supervision on one database: what is due is done once.

use chrono::{Days, NaiveDate};
use yimen_platform::clock::Clock as _;
use yimen_platform::store::{self, Embedded};
use yimen_proto::approval::v1::JointApprovalDecided;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationSubmitted};
use yimen_proto::supervision::v1::{GetBoardRequest, ListWarningsRequest};
use yimen_tests::alone::{Alone, event};
use yimen_tests::servers::{Database, Place};

const CASES: usize = 600;

/// Hands in and accepts; the item promises five days and the law gives ten.
async fn begin(copy: &Alone, number: &str) {
    let submitted = ApplicationSubmitted {
        number: number.into(),
        center: "430102".into(),
        item: "示例".into(),
        ..ApplicationSubmitted::default()
    };
    let accepted = ApplicationAccepted {
        number: number.into(),
        accepted_on: "2026-03-02".into(),
        promised_limit_days: 5,
        statutory_limit_days: 10,
        ..ApplicationAccepted::default()
    };
    let now = copy.clock.now();
    copy.deliver(&[event(number, 1, now, &submitted), event(number, 2, now, &accepted)]).await.unwrap();
}

async fn count(copy: &Alone, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut *copy.pool.get().await.unwrap()).await.unwrap()
}

/// On PostgreSQL they work at the same moment; embedded they take turns at the one connection.
#[tokio::test(flavor = "multi_thread")]
async fn every_rung_is_reached_once_and_every_case_counted_once() {
    let database = match Place::named() {
        Some(place) => Some(Database::create(&place).await),
        None => None,
    };
    let embedded = if database.is_none() { Some(Embedded::start(None).await.unwrap()) } else { None };
    let pool = match (&database, &embedded) {
        (Some(database), _) => store::connect(&database.url(), 8).await.unwrap(),
        (None, Some(embedded)) => embedded.pool().await.unwrap(),
        (None, None) => panic!("one of them is there"),
    };
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let one = Alone::open(pool, day).await.unwrap();
    let two = one.another().await.unwrap();
    for case in 0..CASES {
        begin(if case % 2 == 0 { &one } else { &two }, &format!("43010220260302{case:07}")).await;
    }
    let both = async |chore: &str| {
        let (first, second) = tokio::join!(one.round(chore), two.round(chore));
        first.unwrap();
        second.unwrap();
    };
    both("settle cases").await;
    let received = "select sum(counts[1])::bigint from supervision.figure
                    where scope = 'CENTER' and grain = 'YEAR' and measure = 'RECEIVED'";
    assert_eq!(count(&one, received).await, CASES as i64);
    both("add to the figures").await;
    assert_eq!(count(&one, "select count(*) from supervision.difference").await, 0);
    assert_eq!(count(&one, received).await, CASES as i64);

    // Two weeks of standing still: yellow, red, a supervision case, past the legal limit.
    one.set_day(day + Days::new(15));
    both("climb the ladder").await;
    both("climb the ladder").await;
    let rungs = 4 * CASES as i64;
    assert_eq!(count(&one, "select count(*) from supervision.warning").await, rungs);
    let told = "select count(*) from supervision.outbox where kind = 'yimen.supervision.v1.WarningRaised'";
    assert_eq!(count(&one, told).await, rungs);
    let opened = "select count(*) from supervision.supervision_case";
    assert_eq!(count(&one, opened).await, CASES as i64);
    let numbered = "select count(*) from supervision.red_list_change, supervision.red_list where seq <= last";
    assert_eq!(count(&one, numbered).await, 3 * CASES as i64);

    both("settle cases").await;
    let red = "select sum(counts[1])::bigint from supervision.figure
               where scope = 'CENTER' and grain = 'YEAR' and measure = 'RED'";
    assert_eq!(count(&one, red).await, CASES as i64);
    let pool = one.pool.clone();
    drop((one, two));
    if let Some(embedded) = embedded {
        embedded.stop(&pool).await.unwrap();
    }
    if let Some(database) = database {
        pool.close();
        database.drop().await;
    }
}

/// The service was down; the ladder is climbed before the last event has come, which says that it was done.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_in_time_and_heard_late_is_corrected() {
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let (copy, embedded) = Alone::embedded(day).await.unwrap();
    let number = "430102202603020000017";
    begin(&copy, number).await;
    copy.round("settle cases").await.unwrap();
    let done_at = copy.clock.now() + chrono::TimeDelta::days(2);
    copy.set_day(day + Days::new(15));
    copy.round("climb the ladder").await.unwrap();
    assert_eq!(count(&copy, "select count(*) from supervision.warning where public").await, 3);
    let decided = JointApprovalDecided { number: number.into(), ..JointApprovalDecided::default() };
    copy.deliver(&[event(number, 3, done_at, &decided)]).await.unwrap();
    copy.round("settle cases").await.unwrap();

    let mut client = copy.client();
    let list = client.list_warnings(ListWarningsRequest::default()).await.unwrap().into_inner();
    assert_eq!(list.warnings.len(), 3, "nothing is taken off");
    assert!(list.warnings.iter().all(|warning| warning.correction.is_some()), "{list:?}");
    let board = GetBoardRequest { center: "430102".into(), ..GetBoardRequest::default() };
    let board = client.get_board(board).await.unwrap().into_inner();
    let total = board.lines[0].total.as_ref().unwrap();
    assert_eq!((total.decided, total.decided_as_promised, total.corrected), (1, 1, 4), "the yellow one too");
    let open = "select count(*) from supervision.supervision_case where closed_at is null";
    assert_eq!(count(&copy, open).await, 0);
    copy.end(embedded).await.unwrap();
}
