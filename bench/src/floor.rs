//! The floor: the same life of a case as statements by hand, run by pgbench on the same PostgreSQL.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;
use yimen_tests::servers::{Database, Place};

use crate::machine;

/// What one transaction of pgbench does.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// The name of its script.
    pub name: &'static str,
    /// Cases that it takes to their end.
    pub cases: f64,
}

/// One statement for a step.
pub const CTE: Life = Life { name: "life_cte", cases: 1.0 };
/// With events, an outbox and a join that counts.
pub const FULL: Life = Life { name: "life_full", cases: 1.0 };
/// Sixteen cases share each statement.
pub const BATCH: Life = Life { name: "life_batch16", cases: 16.0 };

/// A database with the floor's tables.
pub struct Floor(Database);

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Cases in a second.
    pub cases_per_second: f64,
    /// Processor time of the whole machine for a case, in milliseconds.
    pub cpu_ms: f64,
}

impl Floor {
    /// Makes it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(place: &Place) -> Result<Self, String> {
        let database = Database::create(place).await;
        let path = script("schema");
        let schema =
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        execute(&database.url(), schema).await?;
        Ok(Self(database))
    }

    /// Runs a script for so many seconds, on tables that are empty and known.
    ///
    /// # Errors
    /// What pgbench says; when it is not there.
    pub async fn measure(&self, life: Life, clients: usize, seconds: u64) -> Result<Measured, String> {
        execute(
            &self.0.url(),
            "truncate f.cases, f.task, f.event, f.fee, f.outbox; analyze f.cases, f.task".into(),
        )
        .await?;
        let before = machine::busy()?;
        let output = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol", "prepared", "--jobs", "2"])
            .args(["--client", &clients.to_string(), "--time", &seconds.to_string(), "--file"])
            .arg(script(life.name))
            .arg(self.0.url())
            .output()
            .await
            .map_err(|error| format!("pgbench cannot be run ({error}); install PostgreSQL's client tools"))?;
        let busy = machine::busy()? - before;
        if !output.status.success() {
            return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let tps = figure(&said, "tps = ").ok_or("pgbench gave no tps")?;
        let transactions =
            figure(&said, "number of transactions actually processed: ").ok_or("pgbench counted nothing")?;
        Ok(Measured {
            cases_per_second: tps * life.cases,
            cpu_ms: busy.as_secs_f64() * 1_000.0 / (transactions * life.cases),
        })
    }

    /// Removes it.
    pub async fn close(self) {
        self.0.drop().await;
    }
}

/// Runs statements that have no parameters.
///
/// # Errors
/// What the database says.
pub async fn execute(url: &str, statements: String) -> Result<(), String> {
    let mut connection = PgConnection::connect(url).await.map_err(|error| error.to_string())?;
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await
        .map_err(|error| error.to_string())?;
    connection.close().await.map_err(|error| error.to_string())
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("floor").join(format!("{name}.sql"))
}

fn figure(said: &str, after: &str) -> Option<f64> {
    let (_, rest) = said.split_once(after)?;
    rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?.parse().ok()
}
