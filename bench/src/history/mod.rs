//! Growth: the same load and the same board in halls with more and more years behind them.

mod copy;

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::fs;
use yimen_tests::servers::Place;

use crate::cases::{Bench, Load};
use crate::catalog;
use crate::floor::{CTE, Floor};
use crate::report::{Spread, ms, say, within};

/// Cases that really were, and that the others are copies of.
const SEEDS: usize = 20;
/// Cases of ten years and ten centers, as the boards sum them up.
const ON_BOARDS: u32 = 4_000_000;
/// Asked so often, the time that ninety-nine of a hundred boards need is known.
const BOARDS: usize = 300;

/// How it is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Finished cases in the hall, in rising order.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    cases: Vec<u32>,
    /// Clients who each begin the next case when theirs is completed.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Seconds of each window, of the floor's too.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Windows with each number of cases.
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Where the figures are written as JSON.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
}

/// What a history does to the hall.
#[derive(Serialize)]
struct Measured {
    cases: u32,
    /// Of each window, to that of the floor just before it.
    ratio: Spread,
    cases_per_second: Spread,
    p50_ms: Spread,
    cpu_ms: Spread,
    board_p50_ms: f64,
    board_p99_ms: f64,
    database_mib: i64,
}

/// Measures, says and writes. The checker looks before the history is laid in: copies are rows and no more.
///
/// # Errors
/// What could not be measured; when a case was not completed or an invariant does not hold.
pub async fn measure(place: &Place, options: &Options) -> Result<(), String> {
    let departments = 5;
    let floor = Floor::open(place).await?;
    let bench = Bench::open(place, departments, 1).await?;
    for _ in 1..SEEDS {
        bench.hall.people.case(&catalog::item(departments)).await?;
    }
    let seeds = bench.hall.cases().await?;
    for number in &seeds {
        bench.hall.people.deliver(number).await?;
    }
    bench.hall.quiet(Instant::now()).await?;
    bench.hall.check().await?;
    let mut history = copy::History::of(bench.hall.database_url(), seeds).await?;
    let mut all = Vec::new();
    for cases in &options.cases {
        let started = Instant::now();
        history.grow_to(*cases).await?;
        say(&format!("{cases} cases laid in: {:.0} s", started.elapsed().as_secs_f64()));
        bench.hall.run(&copy::boards(ON_BOARDS)).await?;
        bench.hall.run("vacuum analyze").await?;
        all.push(at(&bench, &floor, *cases, options).await?);
    }
    floor.close().await;
    bench.hall.leave().await?;
    tell(&all);
    if let Some(path) = &options.json {
        let json = serde_json::to_vec_pretty(&all).map_err(|error| error.to_string())?;
        fs::write(path, json).await.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

async fn at(bench: &Bench, floor: &Floor, cases: u32, options: &Options) -> Result<Measured, String> {
    let load = Load::Closed(options.clients);
    // What the copying pushed out of memory comes back.
    bench.window(load, Duration::from_secs(5)).await?;
    let (mut ratios, mut rates, mut halves, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.repetitions {
        let below = floor.measure(CTE, options.clients, options.seconds).await?;
        let window = bench.window(load, Duration::from_secs(options.seconds)).await?;
        ratios.push(window.cases_per_second / below.cases_per_second);
        rates.push(window.cases_per_second);
        halves.push(window.p50_ms);
        cpu.push(window.cpu_ms);
    }
    let mut boards = Vec::with_capacity(BOARDS);
    for _ in 0..BOARDS {
        boards.push(bench.hall.board().await?);
    }
    Ok(Measured {
        cases,
        ratio: Spread::of(ratios),
        cases_per_second: Spread::of(rates),
        p50_ms: Spread::of(halves),
        cpu_ms: Spread::of(cpu),
        board_p50_ms: ms(within(boards.clone(), 500)),
        board_p99_ms: ms(within(boards, 990)),
        database_mib: bench.hall.size_mib().await?,
    })
}

fn tell(all: &[Measured]) {
    say("\nmedian (least–most) of the windows");
    let first = all.first().map_or(f64::NAN, |first| first.ratio.median);
    for one in all {
        say(&format!("{} cases behind it, {} MiB", one.cases, one.database_mib));
        say(&format!("  cases/s ÷ life_cte          {:.4}", one.ratio));
        say(&format!("  that ÷ the first's          {:.2}", one.ratio.median / first));
        say(&format!("  cases/s                     {:.1}", one.cases_per_second));
        say(&format!("  in ms, half of them within  {:.1}", one.p50_ms));
        say(&format!("  CPU for a case in ms        {:.1}", one.cpu_ms));
        say(&format!(
            "  a board through the gateway, in ms: half within {:.1}, 99 of 100 within {:.1}",
            one.board_p50_ms, one.board_p99_ms
        ));
    }
}
