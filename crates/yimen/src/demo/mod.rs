//! A whole center in this process, with people in it.
//!
//! The cast: the [`place`] is where its files are; the hall is what everyone shares; clerks, the
//! systems of departments and applicants come to the gateway with nothing but their own
//! credentials; [`fate`] says what each of them is like, by the case number; the ledger knows when
//! everything has come to an end; those who were served [`rate`] it; the [`report`] says what it came to.
//!
//! The life of a demo: services and gateway start on an embedded database; the operator imports
//! the catalog; [`days`] pass at the center's clock, some lines of the file come in on each; clerks,
//! departments and payers turn to a case in their own time; departments opine, see the place, decide;
//! results are delivered; who waited too long complains and is heard; and when every application has ended,
//! or waits for somebody who lets the demo end, a round of democratic review ([`review`]) is published and
//! the independent checker reads the database. Then the center stays open for whoever started it.

mod act;
mod bank;
mod citizen;
mod clerk;
mod days;
mod department;
mod fate;
mod hall;
mod heard;
mod ledger;
mod money;
mod place;
mod rate;
mod report;
mod review;
mod time;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Days as Span, NaiveDate};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
use tokio::time::Instant;
use uuid::Uuid;
use yimen_kernel::Calendar;
use yimen_kernel::date::local_date;
use yimen_platform::clock::{Clock, ShiftedClock, SystemClock};
use yimen_platform::run::{self, Process};
use yimen_platform::{Config, telemetry};

use crate::apply::{self, LineResult, Lines as Source, Outcome, Summary};
use crate::catalog::{self, Catalog};
use crate::check::{self, Pools};
use crate::gateway::{Gateway, list, text};
use crate::{definitions, output};
use bank::Bank;
use days::Days;
use hall::{Hall, News};
pub use heard::Heard;
use place::Place;
pub use rate::Ratings;
pub use report::{CenterRow, Invariant, Lines, Report};
pub use review::Review;
pub use time::Time;

/// Lines on their way at a time.
const CONCURRENCY: usize = 8;
/// Nobody doing anything for so long means that something is stuck.
const STUCK: Duration = Duration::from_secs(120);
/// How long the checker waits for the last events.
const CHECK_WAIT: Duration = Duration::from_secs(30);
/// The center whose whole staff can sign in afterwards: 芙蓉区.
const SHOWCASE: &str = "430102";
/// Refused lines that are shown.
const SHOWN: u64 = 10;

/// How the demo runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port of the gateway on this machine; 0 takes a free one.
    pub port: u16,
    /// The first day at the center's clock; without it, so that the last day is today.
    pub start: Option<NaiveDate>,
    /// How many days pass.
    pub days: u32,
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
    let input = Input::open(options.input.as_ref()).await?;
    let _telemetry = telemetry::start("yimen-demo")?;
    output::line(
        "This is a center for trying: its database is part of this process and never asks the disk to flush, so a power cut may lose work. Run `yimen serve` with PostgreSQL for a real one.",
    );
    let place = Place::prepare(options.data.as_deref())?;
    let now = SystemClock.now();
    let before = Span::new(options.days.saturating_sub(1).into());
    let start = options.start.or_else(|| local_date(now).checked_sub_days(before));
    let start = start.ok_or("There is no such first day; give fewer --days.")?;
    let calendar = Calendar::published()
        .map_err(|bad| format!("catalog/calendar.csv is broken in {bad}; correct it and build again."))?;
    let shifted = ShiftedClock::starting(now);
    let days = Days::open(shifted.clone(), &calendar, start, options.days);
    let clock: Arc<dyn Clock> = shifted;
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
        worked = work(&process, &place, &options, days, clock, bank, input) => worked,
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
    days: Days,
    clock: Arc<dyn Clock>,
    bank: Bank,
    input: Input,
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
    output::line(format_args!("Its clock shows {}; {} working days will pass.", days.today(), days.count()));
    let (hall, mailbox) =
        Hall::open(address, place.operator_password(), days, clock.clone(), bank, place::secret()).await?;
    hall.have(citizen::work(hall.clone(), mailbox));
    let round = review::open(&hall).await?;

    let started = Instant::now();
    let (summary, end) = play(&hall, input, round.as_ref()).await;
    let seconds = started.elapsed().as_secs_f64();
    hall.close();
    let too_late = rate::all(&hall).await?;
    let ratings = rate::look(&hall, too_late).await?;
    if options.start.is_none() {
        hall.days.return_to(SystemClock.now()).await;
        hall.open_up().await;
    }

    let heard = heard::speak(&hall).await?;
    let review = match &round {
        Some(round) if end.is_ok() => Some(review::conclude(&hall, round).await?),
        _ => None,
    };
    let pools = Pools::shared(process.pool().ok_or("The demo has no database to check.")?);
    let check_options =
        check::Options { as_of: clock.now(), wait: CHECK_WAIT, acknowledged: hall.ledger.numbers() };
    let findings = check::run(&pools, &check_options).await?;
    let report = Report {
        centers: report::centers(&hall).await?,
        time: time::look(&hall).await?,
        heard,
        ratings,
        review,
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

/// Day after day, until the file is in and every application has ended.
async fn play(
    hall: &Arc<Hall>,
    input: Input,
    round: Option<&review::Round>,
) -> (Summary, Result<(), String>) {
    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} applications at their end, {elapsed}, day {msg}")
    {
        bar.set_style(style);
    }
    // Who hands in late in a demo would not see the end of it.
    let share = input.lines.div_ceil((hall.days.count() as u64 * 3 / 5).max(1)).max(1);
    let mut source = Source::new(input.source);
    let run = Uuid::new_v4();
    let (mut summary, mut is_in) = (Summary::default(), false);
    loop {
        bar.set_message(hall.days.today().to_string());
        if let Some(round) = round.filter(|round| round.is_voted_in_on(hall.days.today()))
            && let Err(failure) = round.vote(&hall.door).await
        {
            return (summary, Err(failure.into()));
        }
        if !is_in {
            let at_work = hall.days.at_work().await;
            // Nothing can wait for a day after the last.
            let at_most = if hall.days.is_last() { u64::MAX } else { share };
            let options = apply::Options { concurrency: CONCURRENCY, run, at_most };
            let today = hand_in(hall, &mut source, options, summary.refused).await;
            drop(at_work);
            is_in = today.lines < at_most || today.unread.is_some();
            summary.absorb(today);
            if is_in {
                hall.ledger.complete();
            }
        }
        if let Err(sentence) = until_quiet(hall, &bar).await {
            return (summary, Err(sentence));
        }
        if hall.days.next(|| hall.open_up()).await.is_none() {
            return (summary, Ok(()));
        }
    }
}

/// Hands in the lines of one day, and has everybody told; `refused` lines were named before.
async fn hand_in(
    hall: &Arc<Hall>,
    source: &mut Source<impl AsyncBufRead + Unpin>,
    options: apply::Options,
    mut refused: u64,
) -> Summary {
    apply::run(&hall.door, source, options, |result| {
        hall.ledger.sign_of_life();
        match &result.outcome {
            Outcome::Accepted { number, lookup_code, rating_token } => {
                hall.ledger.enter(number, lookup_code, rating_token);
                hall.write(number, News::Submitted);
                hall.ring(number);
            }
            Outcome::NotAccepted { .. } => {
                refused += 1;
                if refused <= SHOWN {
                    output::note(refusal(result));
                }
            }
        }
    })
    .await
}

/// Waits until the day's work is done, and on the last day until every application has ended.
async fn until_quiet(hall: &Hall, bar: &ProgressBar) -> Result<(), String> {
    let ledger = &hall.ledger;
    while !ledger.is_settled() && (hall.days.is_last() || ledger.silence() < days::QUIET) {
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
    if hall.days.is_last() {
        bar.finish_and_clear();
    }
    Ok(())
}

fn refusal(result: &LineResult) -> String {
    let Outcome::NotAccepted { error } = &result.outcome else { return String::new() };
    let fields: Vec<String> =
        error.fields.iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect();
    format!("line {}: {} {} {}", result.line, error.reason, error.detail, fields.join(", "))
        .trim_end()
        .to_owned()
}

/// Says what it came to.
fn tell(report: &Report, summary: &Summary, findings: &[check::Finding]) {
    if report.centers.iter().any(|center| center.received > 0) {
        output::line(report::table(&report.centers));
        output::line(time::table(&report.time));
        time::lines(&report.time).into_iter().for_each(output::line);
        heard::lines(&report.heard).into_iter().for_each(output::line);
        output::line(rate::table(&report.ratings));
        output::line(rate::line(&report.ratings));
    }
    if let Some(review) = &report.review {
        output::line(review::table(review));
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
    let staff = hall::pages(&hall.operator(), &format!("/api/v1/centers/{SHOWCASE}/staff"), "staff").await?;
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
struct Input {
    source: Box<dyn AsyncBufRead + Send + Unpin>,
    /// How many lines it has, blank ones among them.
    lines: u64,
}

impl Input {
    async fn open(path: Option<&PathBuf>) -> Result<Self, String> {
        let Some(path) = path else {
            let lines = count(catalog::SAMPLE).await.map_err(|error| error.to_string())?;
            return Ok(Self { source: Box::new(BufReader::new(catalog::SAMPLE)), lines });
        };
        let unreadable = |error| format!("{} cannot be read ({error}); correct --input.", path.display());
        let open = async || {
            let file = tokio::fs::File::open(path).await?;
            Ok::<_, std::io::Error>(BufReader::with_capacity(1 << 16, file))
        };
        let lines = count(open().await.map_err(unreadable)?).await.map_err(unreadable)?;
        Ok(Self { source: Box::new(open().await.map_err(unreadable)?), lines })
    }
}

/// How many lines there are.
async fn count(mut source: impl AsyncBufRead + Unpin) -> std::io::Result<u64> {
    let mut lines = 0;
    loop {
        let piece = source.fill_buf().await?;
        if piece.is_empty() {
            return Ok(lines + 1);
        }
        lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = piece.len();
        source.consume(read);
    }
}
