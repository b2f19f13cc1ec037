//! CaseBench: the life of a case through the whole deployment, against the floor in the same run.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::fs;
use yimen_tests::servers::Place;

use crate::catalog;
use crate::floor::{BATCH, CTE, FULL, Floor, Life};
use crate::hall::Hall;
use crate::load::{self, Outcome};
use crate::machine::{self, Usage};
use crate::report::{Spread, ms, say, within};

/// Clients of the floor where its number is not that of the cases.
const FLOOR_CLIENTS: usize = 8;

/// How it is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Clients who each begin the next case when theirs is completed.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    clients: Vec<usize>,
    /// New cases a second, whatever becomes of them; 0 leaves it out.
    #[arg(long, default_value_t = 160)]
    rate: u32,
    /// Seconds of each window, of the floor's too.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// How often everything is measured.
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Departments that decide on a case.
    #[arg(long, default_value_t = 5)]
    departments: u32,
    /// Copies of every service, the gateway among them.
    #[arg(long, default_value_t = 1)]
    copies: usize,
    /// Where the figures are written as JSON.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

/// One window of load.
#[derive(Clone, Debug, Serialize)]
pub struct Window {
    /// `closed` or `open`.
    load: &'static str,
    /// Clients, or new cases a second.
    size: usize,
    pub cases_per_second: f64,
    pub p50_ms: f64,
    p99_ms: f64,
    /// Processor time of the whole machine for a case, from the first call until everything is at rest.
    pub cpu_ms: f64,
    /// The same by process.
    cpu_ms_by_process: BTreeMap<String, f64>,
    /// The largest resident memory of a process of the name.
    rss_mib_by_process: BTreeMap<String, f64>,
}

/// One window of the floor.
#[derive(Clone, Debug, Serialize)]
struct FloorWindow {
    life: &'static str,
    clients: usize,
    cases_per_second: f64,
    cpu_ms: f64,
}

#[derive(Default, Serialize)]
struct Measured {
    first_case_ms: f64,
    floor: Vec<FloorWindow>,
    windows: Vec<Window>,
}

/// Measures, says and writes.
///
/// # Errors
/// What could not be measured; when a case was not completed or an invariant does not hold.
pub async fn measure(place: &Place, options: &Options) -> Result<(), String> {
    let floor = Floor::open(place).await?;
    let bench = Bench::open(place, options.departments, options.copies).await?;
    let window = Duration::from_secs(options.seconds);
    let mut measured = Measured { first_case_ms: ms(bench.hall.first_case), ..Measured::default() };
    say(&format!("from the start to the first completed case: {:.0} ms", measured.first_case_ms));

    bench.window(Load::Closed(8), Duration::from_secs(5)).await?;
    for repetition in 1..=options.repetitions {
        say(&format!("repetition {repetition} of {}", options.repetitions));
        bench.hall.run("vacuum analyze").await?;
        for clients in &options.clients {
            measured.floor.push(floor_window(&floor, CTE, *clients, options.seconds).await?);
            measured.windows.push(bench.window(Load::Closed(*clients), window).await?);
        }
        for life in [FULL, BATCH] {
            measured.floor.push(floor_window(&floor, life, FLOOR_CLIENTS, options.seconds).await?);
        }
        if options.rate > 0 {
            measured.windows.push(bench.window(Load::Open(options.rate), window).await?);
        }
    }
    floor.close().await;
    bench.hall.close().await?;
    tell(&measured, options);
    if let Some(path) = &options.json {
        let json = serde_json::to_vec_pretty(&measured).map_err(|error| error.to_string())?;
        fs::write(path, json).await.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// How cases come.
#[derive(Clone, Copy)]
pub enum Load {
    /// So many clients who each begin the next when theirs is completed.
    Closed(usize),
    /// So many a second.
    Open(u32),
}

/// A hall and the item that is applied for.
pub struct Bench {
    /// The hall.
    pub hall: Hall,
    item: String,
}

impl Bench {
    /// Starts a hall of so many copies whose cases have so many departments.
    ///
    /// # Errors
    /// When a part of it cannot be reached.
    pub async fn open(place: &Place, departments: u32, copies: usize) -> Result<Self, String> {
        Ok(Self { hall: Hall::open(place, &[departments], copies).await?, item: catalog::item(departments) })
    }

    /// One window of load, and what it cost until everything was at rest.
    ///
    /// # Errors
    /// When a case was not completed, or something does not come to rest.
    pub async fn window(&self, load: Load, window: Duration) -> Result<Window, String> {
        let people = &self.hall.people;
        let (busy, before, started) = (machine::busy()?, machine::usage(&self.hall.pids), Instant::now());
        let outcome = match load {
            Load::Closed(clients) => load::closed(people, &self.item, clients, window).await?,
            Load::Open(rate) => load::open(people, &self.item, rate, window).await?,
        };
        self.hall.quiet(started).await?;
        let busy = machine::busy()? - busy;
        let measured = window_of(load, &outcome, busy, &before, &machine::usage(&self.hall.pids));
        say(&line(&measured));
        Ok(measured)
    }
}

fn window_of(
    load: Load,
    outcome: &Outcome,
    busy: Duration,
    before: &BTreeMap<String, Usage>,
    after: &BTreeMap<String, Usage>,
) -> Window {
    let per_case = |spent: Duration| ms(spent) / outcome.begun.max(1) as f64;
    let (name, size) = match load {
        Load::Closed(clients) => ("closed", clients),
        Load::Open(rate) => ("open", usize::try_from(rate).unwrap_or(usize::MAX)),
    };
    let spent = |name: &String, usage: &Usage| {
        usage.cpu.saturating_sub(before.get(name).map(|usage| usage.cpu).unwrap_or_default())
    };
    Window {
        load: name,
        size,
        cases_per_second: outcome.cases_per_second,
        p50_ms: ms(within(outcome.latencies.clone(), 500)),
        p99_ms: ms(within(outcome.latencies.clone(), 990)),
        cpu_ms: per_case(busy),
        cpu_ms_by_process: after
            .iter()
            .map(|(name, usage)| (name.clone(), per_case(spent(name, usage))))
            .collect(),
        rss_mib_by_process: after
            .iter()
            .map(|(name, usage)| (name.clone(), usage.rss_kib as f64 / 1_024.0))
            .collect(),
    }
}

fn line(window: &Window) -> String {
    let Window { load, size, cases_per_second, p50_ms, p99_ms, cpu_ms, .. } = window;
    format!(
        "  {load} {size}: {cases_per_second:.0} cases/s, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, {cpu_ms:.2} ms of CPU for a case"
    )
}

async fn floor_window(
    floor: &Floor,
    life: Life,
    clients: usize,
    seconds: u64,
) -> Result<FloorWindow, String> {
    let measured = floor.measure(life, clients, seconds).await?;
    let (cases_per_second, cpu_ms) = (measured.cases_per_second, measured.cpu_ms);
    say(&format!(
        "  {} {clients}: {cases_per_second:.0} cases/s, {cpu_ms:.2} ms of CPU for a case",
        life.name
    ));
    Ok(FloorWindow { life: life.name, clients, cases_per_second, cpu_ms })
}

/// Medians and ranges over the repetitions.
fn tell(measured: &Measured, options: &Options) {
    say("\nmedian (least–most) of the repetitions");
    for clients in &options.clients {
        let floors =
            || measured.floor.iter().filter(|floor| floor.life == CTE.name && floor.clients == *clients);
        let windows: Vec<&Window> = of(measured, "closed", *clients);
        let ratios =
            windows.iter().zip(floors()).map(|(ours, floor)| ours.cases_per_second / floor.cases_per_second);
        say(&format!("{clients} clients"));
        say(&format!("  cases/s ÷ life_cte          {:.3}", Spread::of(ratios.collect())));
        say(&format!(
            "  life_cte cases/s            {:.0}",
            Spread::of(floors().map(|floor| floor.cases_per_second).collect())
        ));
        tell_windows(&windows);
    }
    let rate = usize::try_from(options.rate).unwrap_or(usize::MAX);
    let open = of(measured, "open", rate);
    if !open.is_empty() {
        say(&format!("{rate} new cases a second"));
        tell_windows(&open);
    }
    for life in [FULL, BATCH] {
        let floors = measured.floor.iter().filter(|floor| floor.life == life.name);
        say(&format!(
            "{} cases/s: {:.0}",
            life.name,
            Spread::of(floors.map(|floor| floor.cases_per_second).collect())
        ));
    }
    let names: Vec<&String> =
        measured.windows.first().map(|window| window.cpu_ms_by_process.keys().collect()).unwrap_or_default();
    say(
        "by process: CPU for a case in ms, at the largest number of clients; resident memory in MiB, at most",
    );
    let busiest = of(measured, "closed", options.clients.iter().copied().max().unwrap_or_default());
    for name in names {
        let cpu = busiest.iter().filter_map(|window| window.cpu_ms_by_process.get(name).copied());
        let rss = measured.windows.iter().filter_map(|window| window.rss_mib_by_process.get(name).copied());
        say(&format!("  {name:14} {:.2}  {:.0}", Spread::of(cpu.collect()), Spread::of(rss.collect()).most));
    }
}

fn of<'m>(measured: &'m Measured, load: &str, size: usize) -> Vec<&'m Window> {
    measured.windows.iter().filter(|window| window.load == load && window.size == size).collect()
}

fn tell_windows(windows: &[&Window]) {
    let spread =
        |figure: fn(&Window) -> f64| Spread::of(windows.iter().map(|window| figure(window)).collect());
    say(&format!("  cases/s                     {:.0}", spread(|window| window.cases_per_second)));
    say(&format!("  in ms, half of them within  {:.1}", spread(|window| window.p50_ms)));
    say(&format!("  in ms, 99 of 100 within     {:.1}", spread(|window| window.p99_ms)));
    say(&format!("  CPU for a case in ms        {:.2}", spread(|window| window.cpu_ms)));
}
