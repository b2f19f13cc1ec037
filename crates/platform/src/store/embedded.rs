//! PostgreSQL inside the process: for trying, tests and training.
//!
//! It survives a killed process but never asks the disk to flush, so a power cut may lose work;
//! and it takes one connection, for its whole life. See `docs/adr/0002-embedded-database.md`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pglite_oxide::PgliteServer;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tempfile::TempDir;

use super::Pool;

/// The server names its socket after this number; nothing listens on the port.
const PORT: u16 = 5432;
/// How long a call waits for the one connection.
const TURN: Duration = Duration::from_secs(120);
/// Statements that stay prepared: more than all services have.
const STATEMENTS: usize = 1_000;

/// A running embedded database. [`Embedded::stop`] stops it in order; dropping it stops it some time
/// later. A temporary one leaves no files.
pub struct Embedded {
    server: Option<PgliteServer>,
    /// Holds the socket; only this user may enter.
    door: TempDir,
}

impl Embedded {
    /// Starts it in `directory`, or in a temporary one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the directory.
    pub async fn start(directory: Option<PathBuf>) -> Result<Self, String> {
        let door = tempfile::Builder::new().prefix("yimen-").tempdir().map_err(|error| {
            format!("No temporary directory can be made ({error}); set TMPDIR to one that can be written.")
        })?;
        let socket = door.path().join(format!(".s.PGSQL.{PORT}"));
        let place = directory.as_deref().map_or_else(|| "a temporary directory".to_owned(), describe);
        // Starting compiles and runs the database on this thread for a second.
        let server = tokio::task::spawn_blocking(move || {
            let builder = PgliteServer::builder().unix(socket);
            match directory {
                Some(path) => builder.path(path),
                None => builder.temporary(),
            }
            .start()
        })
        .await
        .map_err(|error| format!("The embedded database stopped while starting: {error}"))?
        .map_err(|error| format!("The embedded database cannot start in {place} ({error:#}); name another directory with --data."))?;
        Ok(Self { server: Some(server), door })
    }

    /// Opens the only pool that it bears.
    ///
    /// The server ends when its connection breaks off, so the pool never gives that up: it does not
    /// grow old, and no acquisition that is dropped halfway leaves it in the middle of a test.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn pool(&self) -> Result<Pool, String> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.door.path())
            .port(PORT)
            .username("postgres")
            .database("template1")
            .ssl_mode(PgSslMode::Disable)
            // The one connection prepares the statements of every service, each once.
            .statement_cache_capacity(STATEMENTS);
        Pool::of_one(options, TURN)
            .await
            .map_err(|error| format!("The embedded database does not answer ({error}); start again."))
    }

    /// Closes its pool, and stops the server.
    ///
    /// A connection that is on its way back to a closed pool goes without waiting for the answers that
    /// it is owed, such as that of a rollback, and the server takes that for a failure: so the
    /// connection is waited for first.
    ///
    /// # Errors
    /// When the connection does not come back, or the server does not stop in order.
    pub async fn stop(mut self, pool: &Pool) -> Result<(), String> {
        let cut_off = |error: String| format!("The embedded database was cut off from a call: {error}");
        let connection = pool.get().await.map_err(|error| cut_off(error.to_string()))?;
        pool.close();
        connection.close().await.map_err(|error| cut_off(error.to_string()))?;
        let Some(server) = self.server.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || server.shutdown())
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("The embedded database did not stop in order: {error:#}"))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // The server waits for its last connection, which the dropping thread may hold.
            std::thread::spawn(move || drop(server));
        }
    }
}

fn describe(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::pool::Transaction;
    use super::*;

    async fn begin(pool: &Pool) -> Transaction {
        Transaction::begin(pool.get().await.unwrap()).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn calls_that_are_given_up_do_not_break_it() {
        let embedded = Embedded::start(None).await.unwrap();
        let pool = embedded.pool().await.unwrap();
        for round in 0..20_u64 {
            let calls: Vec<_> = (0..8)
                .map(|_| {
                    let pool = pool.clone();
                    tokio::spawn(async move {
                        loop {
                            let mut transaction = begin(&pool).await;
                            sqlx::query("select pg_sleep(0.002)").execute(transaction.sql()).await.unwrap();
                            transaction.commit().await.unwrap();
                        }
                    })
                })
                .collect();
            tokio::time::sleep(Duration::from_micros(3_000 + 317 * round)).await;
            calls.iter().for_each(tokio::task::JoinHandle::abort);
            for call in calls {
                assert!(call.await.unwrap_err().is_cancelled());
            }
        }
        let mut connection = pool.get().await.unwrap();
        let answer = sqlx::query_scalar::<_, i32>("select 1").fetch_one(&mut *connection);
        assert_eq!(tokio::time::timeout(Duration::from_secs(30), answer).await.unwrap().unwrap(), 1);
        drop(connection);
        embedded.stop(&pool).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_rolled_back_last_does_not_trouble_the_end() {
        for _ in 0..5 {
            let embedded = Embedded::start(None).await.unwrap();
            let pool = embedded.pool().await.unwrap();
            let mut transaction = begin(&pool).await;
            sqlx::query("create table given_up ()").execute(transaction.sql()).await.unwrap();
            drop(transaction);
            embedded.stop(&pool).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_plans_of_a_step_end_with_it() {
        async fn plans(connection: &mut sqlx::PgConnection) -> String {
            let settings = "select concat_ws(' ', current_setting('plan_cache_mode'), current_setting('enable_seqscan'))";
            sqlx::query_scalar(settings).fetch_one(connection).await.unwrap()
        }
        let embedded = Embedded::start(None).await.unwrap();
        let pool = embedded.pool().await.unwrap();
        let mut step = Transaction::begin_step(pool.get().await.unwrap()).await.unwrap();
        assert_eq!(plans(step.sql()).await, "force_generic_plan off");
        step.plan_by_values().await.unwrap();
        assert_eq!(plans(step.sql()).await, "auto on");
        step.commit().await.unwrap();
        drop(Transaction::begin_step(pool.get().await.unwrap()).await.unwrap());
        assert_eq!(plans(&mut pool.get().await.unwrap()).await, "auto on");
        embedded.stop(&pool).await.unwrap();
    }
}
