//! A round of democratic review under load: fifty thousand voters, a thousand at a time, each of whom votes twice.
//! The first ballot counts, the second is refused; neither answer tells by its time which it was. Then the round is
//! closed, and its ballots are counted again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use clap::Args;
use futures::future::try_join_all;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use yimen::gateway::{list, text};
use yimen_platform::clock::{Clock as _, SystemClock};
use yimen_proto::complaints::v1::appraisals_client::AppraisalsClient;
use yimen_proto::complaints::v1::{CastBallotRequest, Mark};
use yimen_tests::Center;
use yimen_tests::servers::{Place, Servers};

use crate::report::{ms, say, within};

/// The center that is asked.
const CENTER: &str = "430102";
/// As many units as the survey had.
const UNITS: u32 = 26;
/// Tokens of one call.
const BATCH: u32 = 10_000;
/// Connections that the voters share.
const CONNECTIONS: usize = 50;
/// How long issuing every token may take before the round opens.
const PREPARATION: TimeDelta = TimeDelta::seconds(60);
/// How long the closing may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// The limit for counting a million marks.
const TALLY: Duration = Duration::from_secs(1);
/// How far the middle answer times of accepted and refused ballots may be apart: in percent of the accepted.
const APART: u128 = 25;

/// The load.
#[derive(Args)]
pub struct Options {
    /// How many vote.
    #[arg(long, default_value_t = 50_000)]
    voters: u32,
    /// How many at a time.
    #[arg(long, default_value_t = 1_000)]
    at_a_time: usize,
}

/// Measures; says whether every limit was kept.
///
/// # Errors
/// A sentence when it could not be measured.
pub async fn measure(place: &Place, options: &Options) -> Result<bool, String> {
    let mut center = Center::on(Servers::start(place.clone(), &[]).await).await;
    let kept = on(&mut center, options).await;
    center.stop().await;
    kept
}

async fn on(center: &mut Center, options: &Options) -> Result<bool, String> {
    let url = center.servers().ok_or("the center does not run on servers")?.database_url();
    let supervisor = center.staff("430102-supervisor").await;
    let opens_at = SystemClock.now() + PREPARATION;
    let round = center.ok("/api/v1/appraisal-rounds", Some(&supervisor), round(opens_at)).await;
    let path = format!("/api/v1/appraisal-rounds/{}", text(&round, "round"));
    let started = Instant::now();
    let tokens = tokens(center, &path, &supervisor, options.voters).await;
    say(&format!("issued {} tokens: {:.1} s", tokens.len(), started.elapsed().as_secs_f64()));
    if let Ok(left) = (opens_at - SystemClock.now()).to_std() {
        tokio::time::sleep(left + Duration::from_millis(10)).await;
    }

    let mut kept = vote(center, tokens, options).await?;
    let mut connection = PgConnection::connect(&url).await.map_err(|error| error.to_string())?;
    let (marks, spent): (i64, i64) = sqlx::query_as(
        "select (select count(*) from complaints.appraisal_ballot),
                (select count(*) from complaints.appraisal_token where tries > 0)",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(|error| error.to_string())?;
    let once = spent == i64::from(options.voters) && marks == spent * i64::from(UNITS);
    say(&format!("{marks} marks of {spent} spent tokens: each once {}", if once { "yes" } else { "NO" }));
    kept &= once;

    let closed = close(center, &mut connection, &path, &supervisor).await?;
    say(&format!("closed, shuffled and counted {marks} marks: {closed:.1} s"));
    kept &= recount(center, &path, &supervisor, marks).await?;
    connection.close().await.map_err(|error| error.to_string())?;
    Ok(kept)
}

fn round(opens_at: chrono::DateTime<chrono::Utc>) -> Value {
    let unit = |nth: u32| json!({"department": format!("{CENTER}-u{nth}"), "name_zh": format!("示例{nth}")});
    json!({
        "center": CENTER, "title": "示例：负载", "kind": "RATED", "minimum": 30,
        "rated": {
            "levels": ["SATISFIED", "FAIRLY_SATISFIED", "DISSATISFIED"], "satisfied": 2,
            "reward_percent": 90, "reward_places": 3, "accountability_percent": 50,
        },
        "units": (1..=UNITS).map(unit).collect::<Vec<_>>(),
        "open_time": opens_at.to_rfc3339(),
        "close_time": (opens_at + TimeDelta::hours(12)).to_rfc3339(),
    })
}

async fn tokens(center: &Center, path: &str, supervisor: &str, voters: u32) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut left = voters;
    while left > 0 {
        let count = left.min(BATCH);
        let asked = json!({"group": "PUBLIC", "count": count});
        let issued = center.ok(&format!("{path}/tokens"), Some(supervisor), asked).await;
        tokens.extend(list(&issued, "tokens").iter().filter_map(Value::as_str).map(str::to_owned));
        left -= count;
    }
    tokens
}

/// Answer times, in the order in which the voters were done.
#[derive(Default)]
struct Times {
    accepted: Vec<Duration>,
    refused: Vec<Duration>,
}

/// Everyone votes, and votes again.
async fn vote(center: &Center, tokens: Vec<String>, options: &Options) -> Result<bool, String> {
    let endpoint =
        Endpoint::from_shared(format!("http://{}", center.address())).map_err(|error| error.to_string())?;
    let channels = (0..CONNECTIONS).map(|_| endpoint.connect());
    let channels: Vec<Channel> = try_join_all(channels).await.map_err(|error| error.to_string())?;
    let tokens = Arc::new(tokens);
    let started = Instant::now();
    let mut voting = JoinSet::new();
    for (nth, channel) in (0..options.at_a_time).zip(channels.iter().cycle()) {
        let (tokens, channel, step) = (tokens.clone(), channel.clone(), options.at_a_time);
        voting.spawn(async move {
            let mut client = AppraisalsClient::new(channel);
            let mut times = Times::default();
            for (voter, token) in tokens.iter().enumerate().skip(nth).step_by(step) {
                times.accepted.push(cast(&mut client, token, voter, true).await?);
                times.refused.push(cast(&mut client, token, voter, false).await?);
            }
            Ok::<_, String>(times)
        });
    }
    let mut all = Times::default();
    while let Some(times) = voting.join_next().await {
        let times = times.map_err(|error| error.to_string())??;
        all.accepted.extend(times.accepted);
        all.refused.extend(times.refused);
    }
    let took = started.elapsed().as_secs_f64();
    let rate = all.accepted.len() as f64 / took;
    say(&format!(
        "{} voters, {} at a time: {took:.1} s, {rate:.0} counted ballots per second, and as many refused",
        all.accepted.len(),
        options.at_a_time
    ));
    let [accepted, refused] = [all.accepted, all.refused]
        .map(|times| [500, 950, 990].map(|permille| within(times.clone(), permille)));
    for (what, [half, most, nearly_all]) in [("accepted", accepted), ("refused", refused)] {
        say(&format!(
            "  {what}: {:.1} ms, 95 of 100 {:.1} ms, 99 of 100 {:.1} ms",
            ms(half),
            ms(most),
            ms(nearly_all)
        ));
    }
    let ([one, ..], [other, ..]) = (accepted, refused);
    let alike = one.abs_diff(other).as_micros() * 100 <= one.as_micros() * APART;
    let word = if alike { "ok" } else { "TOO FAR APART" };
    say(&format!("  refused ÷ accepted: {:.2} (within {APART} %) {word}", ms(other) / ms(one)));
    Ok(alike)
}

/// Casts a ballot that is to be counted or to be refused, and gives how long the answer took.
async fn cast(
    client: &mut AppraisalsClient<Channel>,
    token: &str,
    voter: usize,
    is_first: bool,
) -> Result<Duration, String> {
    let choices = ["SATISFIED", "FAIRLY_SATISFIED", "DISSATISFIED", ""];
    let mark = |nth: u32| Mark {
        department: format!("{CENTER}-u{nth}"),
        choice: choices.into_iter().cycle().nth(voter % 7 + nth as usize).unwrap_or_default().to_owned(),
    };
    let ballot = CastBallotRequest { token: token.to_owned(), marks: (1..=UNITS).map(mark).collect() };
    let started = Instant::now();
    let answer = client.cast_ballot(ballot).await;
    let took = started.elapsed();
    match answer {
        Ok(_) if is_first => Ok(took),
        Err(status) if !is_first && status.code() == Code::FailedPrecondition => Ok(took),
        Ok(_) => Err("a second ballot was taken".to_owned()),
        Err(status) => Err(status.to_string()),
    }
}

/// Lets the time of the round be over, and waits until it is counted.
async fn close(
    center: &Center,
    connection: &mut PgConnection,
    path: &str,
    supervisor: &str,
) -> Result<f64, String> {
    let started = Instant::now();
    sqlx::query("update complaints.appraisal_round set closes_at = $1")
        .bind(SystemClock.now())
        .execute(connection)
        .await
        .map_err(|error| error.to_string())?;
    loop {
        let seen = center.get(path, Some(supervisor)).await;
        if text(&seen.body, "phase") == "COUNTED" {
            return Ok(started.elapsed().as_secs_f64());
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("the round is not counted: {seen:?}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn recount(center: &Center, path: &str, supervisor: &str, marks: i64) -> Result<bool, String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let answer = center.get(&format!("{path}/recount"), Some(supervisor)).await;
        times.push(started.elapsed());
        let (agrees, ballots) = (answer.body.get("agrees"), answer.body.get("ballots"));
        if agrees != Some(&json!(true)) || ballots != Some(&json!(marks)) {
            return Err(format!("a recount has another result: {answer:?}"));
        }
    }
    // Of so many marks as there are; the limit is for a million.
    let half = within(times, 500);
    let kept = half.as_micros() * 1_000_000 <= TALLY.as_micros() * u128::from(marks.unsigned_abs());
    let word = if kept { "ok" } else { "TOO SLOW" };
    say(&format!(
        "counted {marks} marks: {:.0} ms (limit {} ms for a million) {word}",
        ms(half),
        TALLY.as_millis()
    ));
    Ok(kept)
}
