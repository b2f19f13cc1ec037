//! Load: so many clients who each begin the next case when theirs is completed, or so many new cases a second
//! whatever becomes of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::people::People;

/// What became of the cases of one window.
pub struct Outcome {
    /// Completed within the window, per second.
    pub cases_per_second: f64,
    /// How many were begun; all of them were completed, the last ones after the window.
    pub begun: usize,
    /// From the call that hands a case in to the news that it is completed.
    pub latencies: Vec<Duration>,
}

/// A case's beginning, as its client meant it, and its end.
struct Done {
    from: Instant,
    until: Instant,
}

/// `clients` clients for the time of `window`.
///
/// # Errors
/// What went wrong with the first case that was not completed.
pub async fn closed(
    people: &Arc<People>,
    item: &str,
    clients: usize,
    window: Duration,
) -> Result<Outcome, String> {
    let started = Instant::now();
    let mut working = JoinSet::new();
    for _ in 0..clients {
        let (people, item) = (people.clone(), item.to_owned());
        working.spawn(async move {
            let mut done = Vec::new();
            while started.elapsed() < window {
                let from = Instant::now();
                people.case(&item).await?;
                done.push(Done { from, until: Instant::now() });
            }
            Ok::<_, String>(done)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = working.join_next().await {
        all.extend(done.map_err(|error| error.to_string())??);
    }
    Ok(outcome(all, started, window))
}

/// `rate` new cases a second for the time of `window`. A case that begins late because the client was late
/// counts from when it was meant to begin.
///
/// # Errors
/// What went wrong with the first case that was not completed.
pub async fn open(people: &Arc<People>, item: &str, rate: u32, window: Duration) -> Result<Outcome, String> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let started = Instant::now();
    let mut working = JoinSet::new();
    while started.elapsed() < window {
        let from = ticks.tick().await.into_std();
        let (people, item) = (people.clone(), item.to_owned());
        working.spawn(async move {
            people.case(&item).await?;
            Ok::<_, String>(Done { from, until: Instant::now() })
        });
    }
    let mut all = Vec::new();
    while let Some(done) = working.join_next().await {
        all.push(done.map_err(|error| error.to_string())??);
    }
    Ok(outcome(all, started, window))
}

fn outcome(all: Vec<Done>, started: Instant, window: Duration) -> Outcome {
    let within = all.iter().filter(|done| done.until <= started + window).count();
    Outcome {
        cases_per_second: within as f64 / window.as_secs_f64(),
        begun: all.len(),
        latencies: all.iter().map(|done| done.until - done.from).collect(),
    }
}
