//! The clocks of cases: whoever changes them holds the cases' rows, and has the cases settled after.
//!
//! What comes together is written together: starts and ends of clocks, the ends of cases and their fees. What
//! is rare is written for itself, in its turn.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use yimen_kernel::date::{day_start, local_date};
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::Result;
use yimen_platform::store::Tx;

use crate::domain::Kind;
use crate::store::applications::{self, Begun, Row};
use crate::store::clocks::{self as table, End, Key, Limits, Start};
use crate::store::suspensions;

/// What was heard of one case.
pub struct Heard {
    pub number: String,
    /// In their order.
    pub changes: Vec<Change>,
}

/// Which clock of a case.
pub struct Which {
    pub kind: Kind,
    /// Empty for the window's.
    pub department: String,
    /// The so-manieth time.
    pub run: u32,
}

/// What happened to the clocks of a case.
pub enum Change {
    /// It becomes known.
    Begin { center: String, item: String },
    /// A clock starts; after the end of the case it has ended on the day it started.
    Start { which: Which, on: NaiveDate, limits: Limits },
    /// A clock ends, once.
    End { which: Which, at: DateTime<Utc>, outcome: String },
    /// 办结.
    Complete { at: DateTime<Utc> },
    /// Nothing more is to be paid.
    SettleFee { at: DateTime<Utc>, outcome: String },
    /// What seldom happens.
    Seldom(Seldom),
}

/// What seldom happens to the clocks of a case.
pub enum Seldom {
    /// Every clock ends for good.
    Finish { at: DateTime<Utc>, outcome: String },
    /// The following up of its fee has led to something.
    RelieveFee { at: DateTime<Utc> },
    /// Its fee is to be followed up, unless that was settled meanwhile.
    FollowUp { on: NaiveDate, limits: Limits },
    /// Time is not counted, with a clock of its own for how long was announced.
    Suspend { begun: suspensions::Begun, until: NaiveDate },
    /// The applicant was told of it in writing.
    Announce { procedure: Uuid, document: String },
    /// Time is counted again.
    Resume { procedure: Uuid, ended_on: NaiveDate, at: DateTime<Utc> },
    /// The one extension of the case.
    Extend { days: u32, authority: String },
    /// More days for one clock.
    Prolong { which: Which, days: u32 },
}

/// Writes what was heard, also of a case of which it was not yet heard that it began.
pub async fn hear(tx: &mut Tx, heard: Vec<Heard>) -> Result<()> {
    let mut known: BTreeMap<String, Option<Begun>> = BTreeMap::new();
    for Heard { number, changes } in &heard {
        let begun = known.entry(number.clone()).or_default();
        *begun = begun.take().or_else(|| changes.iter().find_map(begins));
    }
    // All rows, in the order of their numbers: whoever hears of the same cases waits here, and has no other row.
    applications::insert(tx.sql(), &known).await?;
    let numbers: Vec<String> = known.into_keys().collect();
    let cases = applications::lock(tx.sql(), &numbers).await?;
    let mut hearing = Hearing { cases, ..Hearing::default() };
    for Heard { number, changes } in heard {
        for change in changes {
            hearing.take(tx, &number, change).await?;
        }
    }
    hearing.write(tx).await
}

fn begins(change: &Change) -> Option<Begun> {
    match change {
        Change::Begin { center, item } => Some(Begun { center: center.clone(), item: item.clone() }),
        _ => None,
    }
}

/// What is still to be written.
#[derive(Default)]
struct Hearing {
    cases: HashMap<String, Row>,
    starts: Vec<Start>,
    ends: Vec<End>,
    completed: (Vec<String>, Vec<NaiveDate>),
    settled: Settled,
}

/// Cases whose fees are settled.
#[derive(Default)]
struct Settled {
    numbers: Vec<String>,
    at: Vec<DateTime<Utc>>,
    outcomes: Vec<String>,
}

impl Hearing {
    async fn take(&mut self, tx: &mut Tx, number: &str, change: Change) -> Result<()> {
        match change {
            Change::Begin { .. } => {}
            Change::Start { which, on, limits } => self.start(key(number, which), on, limits),
            Change::End { which, at, outcome } => {
                self.ends.push(End { key: key(number, which), at, outcome });
            }
            Change::Complete { at } => {
                self.completed.0.push(number.to_owned());
                self.completed.1.push(local_date(at));
            }
            Change::SettleFee { at, outcome } => {
                if let Some(case) = self.cases.get_mut(number) {
                    case.fee_settled_on = Some(local_date(at));
                }
                self.settled.numbers.push(number.to_owned());
                self.settled.at.push(at);
                self.settled.outcomes.push(outcome);
            }
            Change::Seldom(change) => {
                self.write(tx).await?;
                self.take_seldom(tx, number, change).await?;
            }
        }
        Ok(())
    }

    async fn take_seldom(&mut self, tx: &mut Tx, number: &str, change: Seldom) -> Result<()> {
        let one = [number.to_owned()];
        match change {
            Seldom::Finish { at, outcome } => {
                if let Some(case) = self.cases.get_mut(number) {
                    case.ended_on = Some(local_date(at));
                }
                applications::end(tx.sql(), number, local_date(at), &outcome).await?;
                table::end_running(tx.sql(), &one, None, &[at], &[outcome]).await
            }
            Seldom::RelieveFee { at } => {
                let outcome = ["RELIEVED".to_owned()];
                table::end_running(tx.sql(), &one, Some(Kind::FeeFollowUp), &[at], &outcome).await
            }
            Seldom::FollowUp { on, limits } => {
                if self.cases.get(number).is_none_or(|case| case.fee_settled_on.is_some()) {
                    return Ok(());
                }
                let run = table::next_run(tx.sql(), number, Kind::FeeFollowUp, "").await?;
                if let Some(case) = self.cases.get_mut(number) {
                    case.is_followed_up = true;
                }
                let which = Which { kind: Kind::FeeFollowUp, department: String::new(), run };
                self.start(key(number, which), on, limits);
                Ok(())
            }
            Seldom::Suspend { begun, until } => {
                let run = suspensions::begin(tx.sql(), number, &begun).await?;
                let days = u32::try_from((until - begun.from).num_days()).unwrap_or_default();
                let limits = Limits { unit: Unit::CalendarDays, promised: Some(days), statutory: None };
                let which = Which { kind: Kind::Procedure, department: begun.department, run };
                self.start(key(number, which), begun.from, limits);
                Ok(())
            }
            Seldom::Announce { procedure, document } => {
                suspensions::announce(tx.sql(), procedure, &document).await
            }
            Seldom::Resume { procedure, ended_on, at } => {
                let (department, run) = suspensions::end(tx.sql(), procedure, ended_on).await?;
                let which = Which { kind: Kind::Procedure, department, run };
                self.ends.push(End { key: key(number, which), at, outcome: "ENDED".to_owned() });
                Ok(())
            }
            Seldom::Extend { days, authority } => {
                applications::extend(tx.sql(), number, days, &authority).await
            }
            Seldom::Prolong { which, days } => table::prolong(tx.sql(), &key(number, which), days).await,
        }
    }

    fn start(&mut self, key: Key, on: NaiveDate, limits: Limits) {
        if let Some(ended_on) = self.cases.get(&key.number).and_then(|case| case.ended_on) {
            let (at, outcome) = (day_start(ended_on.max(on)), "CASE_ENDED".to_owned());
            self.ends.push(End { key: key.clone(), at, outcome });
        }
        self.starts.push(Start { key, on, limits });
    }

    async fn write(&mut self, tx: &mut Tx) -> Result<()> {
        let edition = tx.calendar().await?.version;
        let (starts, ends) = (std::mem::take(&mut self.starts), std::mem::take(&mut self.ends));
        table::put(tx.sql(), &starts, &ends, edition).await?;
        let (numbers, days) = std::mem::take(&mut self.completed);
        if !numbers.is_empty() {
            applications::complete(tx.sql(), &numbers, &days).await?;
        }
        let Settled { numbers, at, outcomes } = std::mem::take(&mut self.settled);
        if !numbers.is_empty() {
            let days: Vec<NaiveDate> = at.iter().map(|at| local_date(*at)).collect();
            applications::settle_fee(tx.sql(), &numbers, &days).await?;
            if numbers.iter().any(|number| self.cases.get(number).is_some_and(|case| case.is_followed_up)) {
                table::end_running(tx.sql(), &numbers, Some(Kind::FeeFollowUp), &at, &outcomes).await?;
            }
        }
        Ok(())
    }
}

fn key(number: &str, which: Which) -> Key {
    Key { number: number.to_owned(), kind: which.kind, department: which.department, run: which.run }
}
