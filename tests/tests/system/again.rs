//! Events that come again, alone and among new ones, and such as are tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{Days, NaiveDate};
use yimen_kernel::{Error, Reason};
use yimen_platform::clock::Clock as _;
use yimen_platform::messages::Envelope;
use yimen_platform::messages::subscribe::Subscriptions;
use yimen_platform::store::Embedded;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationSubmitted};
use yimen_tests::alone::{Alone, event};

fn submitted(copy: &Alone, number: &str) -> Envelope {
    let message = ApplicationSubmitted {
        number: number.into(),
        center: "430102".into(),
        item: "示例".into(),
        ..ApplicationSubmitted::default()
    };
    event(number, 1, copy.clock.now(), &message)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_before_has_no_effect_again() {
    let embedded = Embedded::start(None).await.unwrap();
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let copy = Alone::open(embedded.pool().await.unwrap(), day).await.unwrap();
    let [one, two, three] = ["430102202603020000017", "430102202603020000025", "430102202603020000033"]
        .map(|number| submitted(&copy, number));
    for batch in [
        vec![one.clone()],
        vec![one.clone()],
        vec![one, two.clone()],
        vec![two.clone(), three.clone(), three, two],
    ] {
        copy.deliver(&batch).await.unwrap();
    }
    copy.round("settle cases").await.unwrap();
    let received: i64 = sqlx::query_scalar(
        "select coalesce(sum(count), 0)::bigint from supervision.fact where measure = 'RECEIVED'",
    )
    .fetch_one(&mut *copy.pool.get().await.unwrap())
    .await
    .unwrap();
    let heard: i64 = sqlx::query_scalar("select count(*) from supervision.processed")
        .fetch_one(&mut *copy.pool.get().await.unwrap())
        .await
        .unwrap();
    assert_eq!((received, heard), (3, 3));
    let wrong = copy
        .deliver(&[Envelope { body: vec![0xff].into(), ..submitted(&copy, "430102202603020000041") }])
        .await;
    assert!(wrong.is_err(), "an event that cannot be read is not taken for one that was heard");
    let pool = copy.pool.clone();
    drop(copy);
    embedded.stop(&pool).await.unwrap();
}

/// Another copy of the service hears that the case begins, and is slower.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_before_its_case_begins_is_kept() {
    let embedded = Embedded::start(None).await.unwrap();
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let copy = Alone::open(embedded.pool().await.unwrap(), day).await.unwrap();
    let number = "430102202603020000017";
    let count = async |sql: &'static str| -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut *copy.pool.get().await.unwrap()).await.unwrap()
    };
    let late = "select count(*) from supervision.warning";
    let received = "select coalesce(sum(count), 0)::bigint from supervision.fact where measure = 'RECEIVED'";
    let accepted = ApplicationAccepted {
        number: number.into(),
        accepted_on: day.to_string(),
        statutory_limit_days: 2,
        promised_limit_days: 1,
        ..ApplicationAccepted::default()
    };
    let begun = submitted(&copy, number);
    copy.deliver(&[event(number, 2, copy.clock.now(), &accepted)]).await.unwrap();
    copy.set_day(day + Days::new(15));
    for chore in ["settle cases", "climb the ladder"] {
        copy.round(chore).await.unwrap();
    }
    assert_eq!((count(late).await, count(received).await), (0, 0), "nobody knows whose case it is");
    copy.deliver(&[begun]).await.unwrap();
    for chore in ["settle cases", "climb the ladder"] {
        copy.round(chore).await.unwrap();
    }
    assert_eq!((count(late).await, count(received).await), (4, 1));
    let pool = copy.pool.clone();
    drop(copy);
    embedded.stop(&pool).await.unwrap();
}

type Refusal = fn() -> Error;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_slower_tries_again_at_once() {
    let embedded = Embedded::start(None).await.unwrap();
    let copy = Alone::open(embedded.pool().await.unwrap(), "2026-03-02".parse().unwrap()).await.unwrap();
    let stale: Refusal = || Error::aborted(Reason::StaleVersion);
    let unknown: Refusal = || Error::not_found(Reason::ApplicationUnknown);
    let cases = [(stale, 0, 1, true), (stale, 2, 3, true), (stale, 9, 3, false), (unknown, 1, 1, false)];
    for (serial, (refusal, refusals, tries, is_done)) in (1..).zip(cases) {
        let tried = Arc::new(AtomicUsize::new(0));
        let counted = tried.clone();
        let listener = Subscriptions::new(copy.store.clone()).on::<ApplicationSubmitted, _>(move |_, _| {
            let is_refused = counted.fetch_add(1, Ordering::SeqCst) < refusals;
            Box::pin(async move { if is_refused { Err(refusal()) } else { Ok(()) } })
        });
        let outcomes = listener.deliver(&[submitted(&copy, &format!("4301022026030200000{serial}"))]).await;
        assert_eq!(outcomes[0].is_ok(), is_done, "{refusals} times {}", refusal().reason().as_str());
        assert_eq!(tried.load(Ordering::SeqCst), tries, "{refusals} times {}", refusal().reason().as_str());
    }
    let pool = copy.pool.clone();
    drop(copy);
    embedded.stop(&pool).await.unwrap();
}
