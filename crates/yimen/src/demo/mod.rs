//! A whole center in this process, with people in it.
//!
//! The cast: the [`place`] is where its files are; the hall is what everyone shares; clerks, the
//! systems of departments and applicants come to the gateway with nothing but their own
//! credentials; [`fate`] says what each of them is like, by the case number; the ledger knows when
//! everything has come to an end; the [`report`] says what it came to.
//!
//! The life of a demo: services and gateway start on an embedded database; the operator imports
//! the catalog; the file is handed in while the first clerks already work; departments opine, see
//! the place, decide; results are delivered; and when every application has ended, or waits for
//! an applicant who never answers, the independent checker reads the database. Then the center
//! stays open for whoever started it.

mod act;
mod bank;
mod citizen;
mod clerk;
mod department;
mod fate;
mod hall;
mod ledger;
mod money;
mod place;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::io::{AsyncBufRead, BufReader};
use tokio::time::Instant;
use uuid::Uuid;
use yimen_platform::clock::{Clock, SystemClock};
use yimen_platform::run::{self, Process};
use yimen_platform::{Config, telemetry};

use crate::apply::{self, LineResult, Outcome, Summary};
use crate::catalog::{self, Catalog};
use crate::check::{self, Pools};
use crate::gateway::{Gateway, list, text};
use crate::{definitions, output};
use bank::Bank;
use hall::{Hall, News};
use ledger::Ledger;
use place::Place;
pub use report::{CenterRow, Invariant, Lines, Report};

/// Lines on their way at a time.
const CONCURRENCY: usize = 8;
/// Nobody doing anything for so long means that something is stuck.
const STUCK: Duration = Duration::from_secs(120);
/// How long the checker waits for the last events.
const CHECK_WAIT: Duration = Duration::from_secs(30);
/// The center whose whole staff can sign in afterwards: 芙蓉区.
const SHOWCASE: &str = "430102";
/// Refused lines that are shown.
const SHOWN: usize = 10;

/// How the demo runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port of the gateway on this machine; 0 takes a free one.
    pub port: u16,
    /// Where the data is kept; without it in a temporary directory.
    pub data: Option<PathBuf>,
    /// The applications, one JSON object per line; without it the sample of the program.
    pub input: Option<PathBuf>,
    /// Where the report is written as JSON.
    pub report: Option<PathBuf>,
    /// Whether the center closes when all is done.
    pub exit: bool,
}

/// Opens the center, runs the file through it, says what it came to, and gives the exit code.
///
/// # Errors
/// A sentence that says what to do.
pub async fn run(options: Options) -> Result<u8, String> {
    let input = open(options.input.as_ref()).await?;
    let _telemetry = telemetry::start("yimen-demo")?;
    output::line(
        "This is a center for trying: its database is part of this process and never asks the disk to flush, so a power cut may lose work. Run `yimen serve` with PostgreSQL for a real one.",
    );
    let place = Place::prepare(options.data.as_deref())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let bank = Bank::open();
    let config = Config {
        bank_keys: bank.keys(),
        // Whoever tries it at night wants to see messages too.
        sms_hours: "00:00-24:00".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)),
        objects: place.objects(),
        operator_password: Some(place.operator_password().to_owned()),
        ..Config::default()
    };
    let door = {
        let (config, clock) = (config.clone(), clock.clone());
        move |channels| yimen_gateway::router(channels, &config, clock)
    };
    let process = run::embedded(&definitions(), config, place.database(), clock.clone(), door).await?;
    let worked = tokio::select! {
        worked = work(&process, &place, &options, clock, bank, input) => worked,
        stopped = run::until_told_to_stop() => {
            Err(stopped.map_or_else(|error| error.to_string(), |()| "The demo was stopped before its end.".to_owned()))
        }
    };
    if worked.is_ok() && !options.exit {
        output::line("The center stays open; press Ctrl-C to close it.");
        if let Err(error) = run::until_told_to_stop().await {
            output::note(format_args!("Ctrl-C cannot be heard ({error}); closing."));
        }
    }
    // Said first: a database that has failed is why the work did.
    let stopped = process.stop().await.inspect_err(|error| output::note(error));
    let code = worked?;
    stopped.map(|()| code)
}

/// Everything that happens while the center is open.
async fn work(
    process: &Process,
    place: &Place,
    options: &Options,
    clock: Arc<dyn Clock>,
    bank: Bank,
    input: Box<dyn AsyncBufRead + Send + Unpin>,
) -> Result<u8, String> {
    let address = format!("http://{}", process.address());
    output::line(format_args!("The center is open at {address}; importing its catalog."));
    let operator = Gateway::new(&address)?.sign_in("operator", place.operator_password()).await?;
    let imported = Catalog::embedded()?.import(&operator).await?;
    output::line(format_args!(
        "{} centers, {} departments, {} members of staff, {} items.",
        imported.centers,
        imported.departments,
        imported.staff,
        imported.items + imported.unchanged
    ));
    let (hall, mailbox) = Hall::open(address, operator, clock.clone(), bank, place::secret()).await?;
    hall.have(citizen::work(hall.clone(), mailbox));

    let started = Instant::now();
    let (summary, end) = tokio::join!(hand_in(&hall, input), until_settled(&hall.ledger));
    let seconds = started.elapsed().as_secs_f64();
    hall.close();

    let pools = Pools::shared(process.pool().ok_or("The demo has no database to check.")?);
    let check_options =
        check::Options { as_of: clock.now(), wait: CHECK_WAIT, acknowledged: hall.ledger.numbers() };
    let findings = check::run(&pools, &check_options).await?;
    let report = Report {
        centers: report::centers(&hall).await?,
        invariants: findings.iter().map(Invariant::from).collect(),
        lines: Lines::from(&summary),
        seconds,
    };
    tell(&report, &summary, &findings);
    if let Some(path) = &options.report {
        let json = serde_json::to_vec_pretty(&report).map_err(|error| error.to_string())?;
        std::fs::write(path, json)
            .map_err(|error| format!("{} cannot be written ({error}); correct --report.", path.display()))?;
    }
    if let Err(sentence) = &end {
        output::note(sentence);
    }
    if !options.exit {
        invite(&hall, place).await?;
    }
    let good = report.is_good() && summary.unread.is_none() && end.is_ok();
    Ok(if good { 0 } else { 1 })
}

/// Hands the file in, and has everybody told.
async fn hand_in(hall: &Arc<Hall>, input: Box<dyn AsyncBufRead + Send + Unpin>) -> Summary {
    let options = apply::Options { concurrency: CONCURRENCY, run: Uuid::new_v4() };
    let mut refused = 0;
    let summary = apply::run(&hall.door, input, options, |result| match &result.outcome {
        Outcome::Accepted { number, lookup_code } => {
            hall.ledger.enter(number, lookup_code);
            hall.write(number, News::Submitted);
            hall.ring(number);
        }
        Outcome::NotAccepted { .. } => {
            refused += 1;
            if refused <= SHOWN {
                output::note(refusal(result));
            }
        }
    })
    .await;
    if refused > SHOWN {
        output::note(format_args!("… and {} more lines were not accepted.", refused - SHOWN));
    }
    hall.ledger.complete();
    summary
}

fn refusal(result: &LineResult) -> String {
    let Outcome::NotAccepted { error } = &result.outcome else { return String::new() };
    let fields: Vec<String> =
        error.fields.iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect();
    format!("line {}: {} {} {}", result.line, error.reason, error.detail, fields.join(", "))
        .trim_end()
        .to_owned()
}

/// Waits until every application has ended, and shows how far they are.
async fn until_settled(ledger: &Ledger) -> Result<(), String> {
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} applications at their end, {elapsed}")
    {
        bar.set_style(style);
    }
    while !ledger.is_settled() {
        ledger.moment().await;
        let (entered, ended) = ledger.progress();
        bar.set_length(entered);
        bar.set_position(ended);
        if ledger.silence() > STUCK {
            bar.finish_and_clear();
            let (some, count) = ledger.unsettled(5);
            return Err(format!(
                "{count} applications have not come to an end ({}); look at the log for what was refused.",
                some.join(", ")
            ));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Says what it came to.
fn tell(report: &Report, summary: &Summary, findings: &[check::Finding]) {
    if report.centers.iter().any(|center| center.received > 0) {
        output::line(report::table(&report.centers));
    }
    for finding in findings {
        output::line(finding);
    }
    let Lines { read, accepted, refused, unaccounted } = report.lines;
    output::line(format_args!(
        "lines={read} accepted={accepted} refused={refused} unaccounted={unaccounted}"
    ));
    if let Some(error) = &summary.unread {
        output::note(format_args!("The rest of the file could not be read ({error})."));
    }
    if accepted > 0 {
        let rate = accepted as f64 / report.seconds;
        output::line(format_args!(
            "{accepted} applications in {:.1} s, {rate:.1} per second.",
            report.seconds
        ));
    }
}

/// Gives whoever started the demo the keys of the house.
async fn invite(hall: &Hall, place: &Place) -> Result<(), String> {
    let staff = hall::pages(&hall.operator, &format!("/api/v1/centers/{SHOWCASE}/staff"), "staff").await?;
    for member in &staff {
        hall.set_password(text(member, "login")).await?;
    }
    let of_role = |role: &str| -> Vec<&str> {
        let has = |member: &&Value| list(member, "roles").iter().any(|held| held == role);
        staff.iter().filter(has).map(|member| text(member, "login")).collect()
    };
    let key = hall.key(&format!("{SHOWCASE}-scjg"), "演示密钥").await?;
    output::line(format_args!("Pages          {}/", hall.address));
    output::line(format_args!("API            {}/api/docs", hall.address));
    output::line(format_args!("Password       {}   (every member of staff of {SHOWCASE})", hall.passphrase));
    for (name, role, some) in [
        ("Clerks", "ROLE_CLERK", 2),
        ("Approvers", "ROLE_APPROVER", 3),
        ("Cashier", "ROLE_CASHIER", 1),
        ("Finance", "ROLE_FINANCE", 1),
        ("Supervisor", "ROLE_SUPERVISOR", 1),
        ("Manager", "ROLE_MANAGER", 1),
    ] {
        let logins: Vec<&str> = of_role(role).into_iter().take(some).collect();
        output::line(format_args!("{name:<14} {}", logins.join(", ")));
    }
    output::line(format_args!("Operator       operator, {}", place.operator_password()));
    output::line(format_args!("System's key   {key}   ({SHOWCASE}-scjg)"));
    Ok(())
}

/// The applications: a file, or the sample.
async fn open(input: Option<&PathBuf>) -> Result<Box<dyn AsyncBufRead + Send + Unpin>, String> {
    let Some(path) = input else { return Ok(Box::new(BufReader::new(catalog::SAMPLE))) };
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| format!("{} cannot be read ({error}); correct --input.", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}
