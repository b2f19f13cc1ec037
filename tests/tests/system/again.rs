//! Events that come again, alone and among new ones, and such as are tried again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{Days, NaiveDate};
use yimen_kernel::{Error, Reason};
use yimen_platform::clock::Clock as _;
use yimen_platform::messages::Envelope;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_proto::approval::v1::JointApprovalDecided;
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
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let (copy, embedded) = Alone::embedded(day).await.unwrap();
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
    copy.end(embedded).await.unwrap();
}

/// Another copy of the service hears that the case begins, and is slower.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_before_its_case_begins_is_kept() {
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let (copy, embedded) = Alone::embedded(day).await.unwrap();
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
    copy.end(embedded).await.unwrap();
}

type Refusal = fn() -> Error;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_slower_tries_again_at_once() {
    let (copy, embedded) = Alone::embedded("2026-03-02".parse().unwrap()).await.unwrap();
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
    copy.end(embedded).await.unwrap();
}

/// One of many is at fault: the others have their effect, and it takes no try for each of them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_at_fault_is_found_by_halves() {
    let (copy, embedded) = Alone::embedded("2026-03-02".parse().unwrap()).await.unwrap();
    let bad = "43010220260302000077".to_owned();
    let (tried, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, kept, at_fault) = (tried.clone(), heard.clone(), bad.clone());
    let readers = Readers::new().on::<ApplicationSubmitted>(|event| Ok(event.message.number));
    let listener =
        Subscriptions::new(copy.store.clone()).together(readers, move |_, numbers: Vec<String>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let is_refused = numbers.contains(&at_fault);
            if !is_refused {
                kept.lock().unwrap().extend(numbers);
            }
            Box::pin(async move {
                if is_refused { Err(Error::not_found(Reason::ApplicationUnknown)) } else { Ok(()) }
            })
        });
    let numbers: Vec<String> = (0..128).map(|serial| format!("43010220260302{serial:06}")).collect();
    let events: Vec<Envelope> = numbers.iter().map(|number| submitted(&copy, number)).collect();
    let outcomes = listener.deliver(&events).await;
    for (number, outcome) in numbers.iter().zip(&outcomes) {
        assert_eq!(outcome.is_err(), *number == bad, "{number}");
    }
    let others: Vec<String> = numbers.iter().filter(|number| **number != bad).cloned().collect();
    assert_eq!(*heard.lock().unwrap(), others, "in their order, each once");
    assert_eq!(outcomes.len(), numbers.len());
    assert!(
        tried.load(Ordering::SeqCst) <= 2 * 2 * 8,
        "a part with the one at fault is tried as new, and once more"
    );
    copy.end(embedded).await.unwrap();
}

/// Whether a clock's start and end are heard of together or one by one, in either order, it is the same clock.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_together_is_as_what_is_heard_one_by_one() {
    let day: NaiveDate = "2026-03-02".parse().unwrap();
    let (copy, embedded) = Alone::embedded(day).await.unwrap();
    let life = |number: &str| {
        let accepted = ApplicationAccepted {
            number: number.into(),
            accepted_on: day.to_string(),
            statutory_limit_days: 20,
            promised_limit_days: 5,
            ..ApplicationAccepted::default()
        };
        let decided = JointApprovalDecided { number: number.into(), ..JointApprovalDecided::default() };
        let at = copy.clock.now();
        [submitted(&copy, number), event(number, 2, at, &accepted), event(number, 3, at, &decided)]
    };
    let [together, one_by_one, backwards] =
        ["430102202603020000017", "430102202603020000025", "430102202603020000033"].map(life);
    copy.deliver(&together).await.unwrap();
    for event in &one_by_one {
        copy.deliver(std::slice::from_ref(event)).await.unwrap();
    }
    for event in backwards.iter().rev() {
        copy.deliver(std::slice::from_ref(event)).await.unwrap();
    }
    copy.round("settle cases").await.unwrap();
    let same = "select count(distinct c), count(*) from (
                  select array_agg(concat_ws(' ', kind, department, run, started_on, calendar_days, promised_days,
                           statutory_days, ended_on, outcome, next_on) order by kind, department, run) as c
                  from supervision.clock group by number) of_case";
    let (kinds, cases): (i64, i64) =
        sqlx::query_as(same).fetch_one(&mut *copy.pool.get().await.unwrap()).await.unwrap();
    assert_eq!((kinds, cases), (1, 3));
    let ended = "select count(*) from supervision.clock where kind in ('ACCEPTANCE', 'DECISION') and started_on is not null
                 and ended_on is not null and next_on is null";
    let ended: i64 = sqlx::query_scalar(ended).fetch_one(&mut *copy.pool.get().await.unwrap()).await.unwrap();
    assert_eq!(ended, 6);
    copy.end(embedded).await.unwrap();
}
