//! Supervision with a million open clocks: what is due, a new calendar, the boards, and two copies side by side.
//!
//! Every figure that has a limit says whether it keeps it. Limits are those of the whole deployment's promise
//! (docs/operations.md).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use yimen_platform::clock::Clock as _;
use yimen_platform::store;
use yimen_proto::intake::v1::ApplicationSubmitted;
use yimen_proto::supervision::v1::get_board_request::{By, Grain};
use yimen_proto::supervision::v1::{GetBoardRequest, ImportCalendarRequest};

use yimen_tests::alone::{Alone, event, lent, run};
use yimen_tests::servers::{Database, Place};

use crate::report::{ms, say, within};

/// Asked so often, the time that ninety-five of a hundred questions need is known.
const QUESTIONS: usize = 100;

/// Ten centers; each application has a decision and two opinions under way, and was accepted within the week
/// before the last, so that nothing is late on the first day and much is nearly due on the second. Ids follow the
/// order of making, as ours do.
const FILL: &str = "
  insert into supervision.application (number, center, item, unsettled)
  select center || '20261201' || lpad(n::text, 7, '0'), center, 'item-' || n % 40, true
  from generate_series(1, $1::integer) n, lateral (select '4301' || lpad((n % 10 + 2)::text, 2, '0') as center) c";
const FILL_CLOCKS: &str = "
  insert into supervision.clock
    (clock, number, kind, department, run, started_on, promised_days, statutory_days)
  select (lpad(to_hex(row_number() over (order by number)), 12, '0') || '7' || substr(md5(number || nth), 1, 19))::uuid,
         number, kind, center || '-d' || (hashtext(number) & 7) + nth, 1,
         date '2026-11-20' + (hashtext(number) & 7), case when nth = 0 then 12 else 10 end,
         case when nth = 0 then 45 end
  from supervision.application,
       (values ('DECISION', 0), ('TASK', 1), ('TASK', 2)) kinds(kind, nth)";
/// Ten years of ten centers: every measure, with distributions of forty different days.
const FILL_YEARS: &str = "
  insert into supervision.rollup (scope, grain, center, first_on, department, item, measure, counts)
  select 'CENTER', 'YEAR', '4302' || lpad(c::text, 2, '0'), make_date(y, 1, 1), '', '', measure,
         array_fill(1000::bigint, array[buckets])
  from generate_series(1, 10) c, generate_series(2017, 2026) y,
       (select measure, 1 as buckets from unnest(array['RECEIVED', 'SUPPLEMENTED', 'ACCEPTED', 'DEEMED', 'REFUSED',
          'WITHDRAWN', 'DECIDED', 'AS_PROMISED', 'BY_LAW', 'COMPLETED', 'DELIVERED', 'OPINIONS', 'OPINIONS_ON_TIME',
          'YELLOW', 'RED', 'DARK_RED', 'CASES', 'CORRECTED', 'SUSPENDED_DAYS', 'PROMISED_DAYS', 'STATUTORY_DAYS']) measure
        union all
        select measure, 40 from unnest(array['USED', 'USED_BY_LAW', 'OPINION_DAYS', 'JOINT_DAYS',
          'ONE_AFTER_ANOTHER']) measure) counted";
/// A year's notice that moves the last days of what runs over the turn of the year (示例).
const NOTICE: &str = "date,kind,holiday
2027-01-01,off,元旦
2027-01-04,off,元旦
2027-01-05,off,元旦
2027-01-09,work,元旦
";

/// Measures, on a database of its own; says whether every limit was kept.
///
/// # Errors
/// A sentence when it could not be measured.
pub async fn measure(place: &Place, clocks: u32) -> Result<bool, String> {
    let database = Database::create(place).await;
    let kept = on(&database.url(), clocks).await;
    database.drop().await;
    kept
}

async fn on(url: &str, clocks: u32) -> Result<bool, String> {
    let first: NaiveDate = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap_or_default();
    let hall = Alone::open(store::connect(url, 8).await?, first).await?;
    let mut kept = true;

    fill(&hall, clocks).await?;
    let settled = settle(&hall).await?;
    let rate = f64::from(clocks) / settled.as_secs_f64();
    say(&format!("settled {clocks} clocks: {:.1} s, {rate:.0} per second", settled.as_secs_f64()));
    run(&hall.pool, "analyze").await?;

    let mut looks = Vec::new();
    for _ in 0..QUESTIONS {
        looks.push(hall.round("climb the ladder").await?);
    }
    kept &= limit("finding that nothing is due", p95(looks), Duration::from_millis(5));
    kept &= two_copies(&hall, first).await?;
    kept &= calendar(&hall, "next year's days", NOTICE.to_owned()).await?;
    kept &= calendar(&hall, "a day that every clock reaches", revised()).await?;
    kept &= boards(&hall).await?;
    kept &= fresh(&hall).await?;
    Ok(kept)
}

async fn fill(hall: &Alone, clocks: u32) -> Result<(), String> {
    let applications = i32::try_from(clocks / 3).map_err(|error| error.to_string())?;
    let started = Instant::now();
    for sql in [FILL, FILL_CLOCKS] {
        let query = if sql == FILL { sqlx::query(sql).bind(applications) } else { sqlx::query(sql) };
        query.execute(&mut *lent(&hall.pool).await?).await.map_err(|error| error.to_string())?;
    }
    run(&hall.pool, "analyze").await?;
    say(&format!("filled {clocks} open clocks: {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Settles what was filled in, while the statistics of its tables follow, as autovacuum has them do.
async fn settle(hall: &Alone) -> Result<Duration, String> {
    let settled = hall.round("settle cases");
    tokio::pin!(settled);
    loop {
        tokio::select! {
            settled = &mut settled => return settled,
            () = tokio::time::sleep(Duration::from_secs(2)) => {
                run(&hall.pool, "analyze supervision.counted, supervision.rollup, supervision.warning").await?;
            }
        }
    }
}

/// Two copies climb the same ladder at the same time: each rung once, each told once.
async fn two_copies(hall: &Alone, first: NaiveDate) -> Result<bool, String> {
    let before = warnings(hall).await?;
    hall.set_day(first + Days::new(1));
    let other = hall.another().await?;
    let started = Instant::now();
    let (one, two) = tokio::join!(hall.round("climb the ladder"), other.round("climb the ladder"));
    one?;
    two?;
    let took = started.elapsed().as_secs_f64();
    let (written, told) = warnings(hall).await?;
    let new = written - before.0;
    say(&format!("two copies wrote {new} warnings in {took:.1} s, {:.0} per second", new as f64 / took));
    let once = written == told && new > 0;
    say(&format!("  each written and told once: {}", if once { "yes" } else { "NO" }));
    Ok(once)
}

/// Warnings, and events of warnings.
async fn warnings(hall: &Alone) -> Result<(i64, i64), String> {
    sqlx::query_as(
        "select (select count(*) from supervision.warning),
                (select count(*) from supervision.outbox where kind = 'yimen.supervision.v1.WarningRaised')",
    )
    .fetch_one(&mut *lent(&hall.pool).await?)
    .await
    .map_err(|error| error.to_string())
}

/// The notice of 2026 with another day off, soon after the clocks began (示例).
fn revised() -> String {
    let published = include_str!("../../catalog/calendar.csv");
    let lines = published.lines().filter(|line| line.starts_with("date") || line.starts_with("2026"));
    lines.chain(["2026-12-03,off,示例"]).map(|line| format!("{line}\n")).collect()
}

/// A new calendar: the open clocks that reach its days again, while the service goes on hearing and answering.
async fn calendar(hall: &Alone, what: &str, csv: String) -> Result<bool, String> {
    let notice = ImportCalendarRequest { request_id: String::new(), csv: csv.into_bytes() };
    hall.client().import_calendar(notice).await.map_err(|status| status.to_string())?;
    let is_done = AtomicBool::new(false);
    let recompute = async {
        let took = hall.round("compute again by a new calendar").await;
        is_done.store(true, Ordering::SeqCst);
        took
    };
    let meanwhile = async {
        let mut waits = Vec::new();
        while !is_done.load(Ordering::SeqCst) {
            let started = Instant::now();
            submit(hall, waits.len()).await?;
            waits.push(started.elapsed());
        }
        Ok::<_, String>(waits)
    };
    let (took, waits) = tokio::join!(recompute, meanwhile);
    let (took, waits) = (took?, waits?);
    let (computed, moved): (i64, i64) = sqlx::query_as(
        "select (select count(*) from supervision.clock where edition = latest),
                (select count(distinct clock) from supervision.calendar_move where edition = latest)
         from (select max(version) as latest from supervision.calendar_notice) notices",
    )
    .fetch_one(&mut *lent(&hall.pool).await?)
    .await
    .map_err(|error| error.to_string())?;
    let rate = computed as f64 / took.as_secs_f64();
    say(&format!(
        "{what}: computed {computed} clocks again, {rate:.0} per second; {moved} have another last day"
    ));
    let kept = limit("  all of them", took, Duration::from_secs(60));
    Ok(kept & limit("  an event meanwhile, 95 of 100", p95(waits), Duration::from_secs(1)))
}

/// Ten years of ten centers, each year by itself.
async fn boards(hall: &Alone) -> Result<bool, String> {
    run(&hall.pool, FILL_YEARS).await?;
    // As autovacuum does some time after a million rows changed.
    run(&hall.pool, "vacuum analyze").await?;
    let mut client = hall.client();
    let mut waits = Vec::new();
    for _ in 0..QUESTIONS {
        let question = GetBoardRequest {
            center: "430200".into(),
            by: By::Center.into(),
            grain: Grain::Year.into(),
            from_on: "2017-01-01".into(),
            until_on: "2026-12-31".into(),
            periods: true,
            ..GetBoardRequest::default()
        };
        let started = Instant::now();
        let board = client.get_board(question).await.map_err(|status| status.to_string())?.into_inner();
        waits.push(started.elapsed());
        let periods: usize = board.lines.iter().map(|line| line.periods.len()).sum();
        if periods != 100 {
            return Err(format!("the board has {periods} periods instead of 100"));
        }
    }
    Ok(limit("ten years of ten centers, 95 of 100", p95(waits), Duration::from_millis(10)))
}

/// From the event to the board that counts it, with the chore at its own pace.
async fn fresh(hall: &Alone) -> Result<bool, String> {
    // What the steps before left to settle would come first.
    settle(hall).await?;
    let center = "430300";
    let chore = hall.chore("settle cases")?.clone();
    let settle = tokio::spawn(chore.run(hall.store.clone(), hall.stop.clone()));
    let mut client = hall.client();
    let mut waits = Vec::new();
    for number in 0..20 {
        let started = Instant::now();
        submit_at(hall, "430302", number).await?;
        loop {
            let question = GetBoardRequest { center: center.into(), ..GetBoardRequest::default() };
            let board = client.get_board(question).await.map_err(|status| status.to_string())?.into_inner();
            let figures = board.lines.first().and_then(|line| line.total.as_ref());
            if figures.is_some_and(|figures| figures.received > number as u64) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits.push(started.elapsed());
    }
    hall.stop.cancel();
    settle.await.map_err(|error| error.to_string())?;
    Ok(limit("from an event to its board, 95 of 100", p95(waits), Duration::from_secs(1)))
}

async fn submit(hall: &Alone, number: usize) -> Result<(), String> {
    submit_at(hall, "430402", number).await
}

async fn submit_at(hall: &Alone, center: &str, number: usize) -> Result<(), String> {
    let number = format!("{center}20261202{number:07}");
    let message = ApplicationSubmitted {
        number: number.clone(),
        center: center.to_owned(),
        item: "item-1".to_owned(),
        ..ApplicationSubmitted::default()
    };
    hall.deliver(&[event(&number, 1, hall.clock.now(), &message)]).await
}

fn p95(all: Vec<Duration>) -> Duration {
    within(all, 950)
}

/// Says a figure and whether it keeps its limit.
fn limit(what: &str, took: Duration, limit: Duration) -> bool {
    let kept = took <= limit;
    let word = if kept { "ok" } else { "TOO SLOW" };
    say(&format!("{what}: {:.1} ms (limit {} ms) {word}", ms(took), limit.as_millis()));
    kept
}
