//! The independent checker: reads what the services wrote and says whether the promises hold.
//!
//! It shares no code with those who write: its own SQL, its own table of legal steps, its own
//! check digit. The services may be on different databases, so nothing is joined across schemas;
//! keys are fetched in order, page by page, and compared here.
//!
//! It looks at what was done up to one moment. Events of that time may still be on their way, so
//! what does not hold yet is looked at again for a while before it counts as broken. Messages are
//! kept for thirty days ([`yimen_platform::messages::KEPT`]); what is older was checked before.

mod acknowledged;
mod appraisals;
mod approvals;
mod complaints;
mod events;
mod fees;
mod grants;
mod history;
mod messages;
mod numbers;
mod ratings;
mod time;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use yimen_platform::store::{Connection, Pool};
use yimen_platform::{Config, store};

use crate::definitions;

/// Rows that are read at a time.
const PAGE: i64 = 1_000;
/// The wait before what does not hold yet is looked at again.
const AGAIN: Duration = Duration::from_millis(250);
/// Faults that are named; the others are counted.
const NAMED: usize = 3;

/// The databases of the services.
#[derive(Clone, Debug)]
pub struct Pools(Vec<(&'static str, Pool)>);

impl Pools {
    /// The databases of a configuration.
    ///
    /// # Errors
    /// A sentence that says which cannot be reached and what to do.
    pub async fn connect(config: &Config) -> Result<Self, String> {
        let mut pools = Vec::new();
        for definition in &definitions() {
            let pool = store::connect(config.service_database_url(definition.name)?, 2).await?;
            definition.migrations.check(&pool).await?;
            pools.push((definition.name, pool));
        }
        Ok(Self(pools))
    }

    /// One database that all services share.
    pub fn shared(pool: &Pool) -> Self {
        Self(definitions().iter().map(|definition| (definition.name, pool.clone())).collect())
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, &Pool)> {
        self.0.iter().map(|(service, pool)| (*service, pool))
    }

    fn of(&self, service: &str) -> Result<&Pool, String> {
        self.each()
            .find(|(name, _)| *name == service)
            .map(|(_, pool)| pool)
            .ok_or_else(|| format!("There is no database of {service} to check."))
    }
}

/// What to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The moment up to which everything is looked at.
    pub as_of: DateTime<Utc>,
    /// How long to wait for what is still on its way.
    pub wait: Duration,
    /// Case numbers that applicants were given, as they kept them.
    pub acknowledged: Vec<String>,
}

/// What became of one invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant.
    pub name: &'static str,
    /// What was looked at.
    pub counts: String,
    /// What does not hold; the first few.
    pub faults: Vec<String>,
    /// How many do not hold.
    pub broken: usize,
}

impl Finding {
    /// Whether the invariant holds.
    pub fn holds(&self) -> bool {
        self.broken == 0
    }

    /// What the line says after the name.
    pub fn detail(&self) -> String {
        if self.holds() {
            return self.counts.clone();
        }
        let named = self.faults.join("; ");
        match self.broken - self.faults.len() {
            0 => named,
            more => format!("{named}; and {more} more"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.holds() { "ok  " } else { "BROKEN" };
        write!(f, "{word} {}: {}", self.name, self.detail())
    }
}

/// Checks every invariant, again and again until all hold or the wait is over.
///
/// # Errors
/// A sentence when a database cannot be read.
pub async fn run(pools: &Pools, options: &Options) -> Result<Vec<Finding>, String> {
    let until = Instant::now() + options.wait;
    loop {
        let findings = once(pools, options).await?;
        if findings.iter().all(Finding::holds) || Instant::now() >= until {
            return Ok(findings);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn once(pools: &Pools, options: &Options) -> Result<Vec<Finding>, String> {
    let look = Look { pools, as_of: options.as_of };
    let findings = async {
        Ok(vec![
            acknowledged::check(&look, &options.acknowledged).await?,
            history::check(&look).await?,
            events::check(&look).await?,
            approvals::check(&look).await?,
            grants::check(&look).await?,
            fees::check(&look).await?,
            messages::check(&look).await?,
            time::check(&look).await?,
            complaints::check(&look).await?,
            ratings::check(&look).await?,
            appraisals::check(&look).await?,
            numbers::check(&look).await?,
        ])
    };
    findings.await.map_err(|error: Unreadable| error.0)
}

/// One look at the databases.
struct Look<'l> {
    pools: &'l Pools,
    as_of: DateTime<Utc>,
}

impl Look<'_> {
    /// A connection to a service's database. An embedded center has no other: it is given back before another
    /// is asked for.
    async fn of(&self, service: &str) -> Result<Connection, Unreadable> {
        lent(self.pools.of(service)?).await
    }

    async fn intake(&self) -> Result<Connection, Unreadable> {
        self.of("intake").await
    }

    async fn fees(&self) -> Result<Connection, Unreadable> {
        self.of("fees").await
    }

    async fn notification(&self) -> Result<Connection, Unreadable> {
        self.of("notification").await
    }

    async fn supervision(&self) -> Result<Connection, Unreadable> {
        self.of("supervision").await
    }

    async fn complaints(&self) -> Result<Connection, Unreadable> {
        self.of("complaints").await
    }

    async fn approval(&self) -> Result<Connection, Unreadable> {
        self.of("approval").await
    }
}

async fn lent(pool: &Pool) -> Result<Connection, Unreadable> {
    pool.get().await.map_err(|error| Unreadable(error.to_string()))
}

/// Why a look failed.
struct Unreadable(String);

impl From<String> for Unreadable {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

impl From<sqlx::Error> for Unreadable {
    fn from(error: sqlx::Error) -> Self {
        Self(format!("The database cannot be read ({error}); run `yimen migrate`, then check again."))
    }
}

/// Faults of one invariant, the first few in words.
#[derive(Default)]
struct Faults {
    named: Vec<String>,
    count: usize,
}

impl Faults {
    fn add(&mut self, fault: impl Into<String>) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(fault.into());
        }
    }

    fn finding(self, name: &'static str, counts: String) -> Finding {
        Finding { name, counts, faults: self.named, broken: self.count }
    }
}

/// Which of `numbers` intake has an application of.
async fn existing(look: &Look<'_>, numbers: &[String]) -> Result<BTreeSet<String>, Unreadable> {
    let found: Vec<(String,)> =
        sqlx::query_as("select number from intake.application where number = any($1)")
            .bind(numbers)
            .fetch_all(&mut *look.intake().await?)
            .await?;
    Ok(found.into_iter().map(|(number,)| number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line() {
        let fine = Faults::default().finding("numbers", "3 case numbers".into());
        assert_eq!(fine.to_string(), "ok   numbers: 3 case numbers");
        let mut faults = Faults::default();
        for number in 1..=5 {
            faults.add(format!("{number} is twice"));
        }
        let broken = faults.finding("numbers", String::new());
        assert_eq!(broken.to_string(), "BROKEN numbers: 1 is twice; 2 is twice; 3 is twice; and 2 more");
    }
}
