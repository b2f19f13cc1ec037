//! Connections to one database, lent and given back.
//!
//! The pool of `sqlx` asks each connection for a sign of life when it is given back, and by default when it is lent:
//! two round trips for each transaction and each read, which was as many as there are statements
//! (`docs/adr/0014-lent-connections.md`). This one asks once a second.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::runtime::Handle;
use yimen_kernel::error::{Error, Result};

use super::db;

/// How long a connection is trusted that showed a sign of life. Whoever is lent one that broke meanwhile is told to
/// try again.
const TRUSTED: Duration = Duration::from_secs(1);
/// How old a connection grows, unless there can be no other: its process in the server keeps a plan of every
/// statement.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Connections to one database.
#[derive(Clone, Debug)]
pub struct Pool(managed::Pool<Connections, Connection>);

impl Pool {
    /// Up to `size` connections, none of them opened yet. A call waits for one as long as `turn`.
    pub(super) fn new(options: PgConnectOptions, size: usize, turn: Duration) -> Result<Self, String> {
        Self::build(Connections { options, lasting: false }, size, turn)
    }

    /// One connection, opened at once and never given up: for a database that ends with it.
    pub(super) async fn of_one(options: PgConnectOptions, turn: Duration) -> Result<Self, String> {
        let pool = Self::build(Connections { options, lasting: true }, 1, turn)?;
        pool.get().await.map_err(|error| error.to_string())?;
        Ok(pool)
    }

    fn build(connections: Connections, size: usize, turn: Duration) -> Result<Self, String> {
        managed::Pool::builder(connections)
            .max_size(size)
            // Those in use stay in use: their processes in the server have the plans and pages at hand.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .timeouts(managed::Timeouts { wait: Some(turn), create: Some(turn), recycle: Some(turn) })
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Lends a connection, which is given back when it is dropped.
    ///
    /// # Errors
    /// `UNAVAILABLE` when none is to be had.
    pub async fn get(&self) -> Result<Connection> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => db(error),
            error => Error::unavailable(error),
        })
    }

    /// Lends no more, and closes what is given back.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A connection on loan.
#[derive(Debug)]
pub struct Connection(Object<Connections>);

impl Connection {
    /// Closes it in order, rather than give it back.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        Object::take(self.0).sql.close().await
    }
}

impl From<Object<Connections>> for Connection {
    fn from(lent: Object<Connections>) -> Self {
        Self(lent)
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.sql
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.sql
    }
}

/// An open transaction. Dropped without [`Self::commit`], it is rolled back before its connection is given back.
pub(super) struct Transaction(Option<Connection>);

/// Makes connections, and says whether one can be lent again.
#[derive(Debug)]
struct Connections {
    options: PgConnectOptions,
    lasting: bool,
}

#[derive(Debug)]
struct Live {
    sql: PgConnection,
    seen: Instant,
}

impl managed::Manager for Connections {
    type Type = Live;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Live> {
        Ok(Live { sql: PgConnection::connect_with(&self.options).await?, seen: Instant::now() })
    }

    async fn recycle(&self, live: &mut Live, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if self.lasting {
            return Ok(());
        }
        if metrics.age() > LIFETIME {
            return Err(RecycleError::message("it is old"));
        }
        if live.seen.elapsed() > TRUSTED {
            live.sql.ping().await?;
            live.seen = Instant::now();
        }
        Ok(())
    }
}

impl Transaction {
    pub(super) async fn begin(connection: Connection) -> sqlx::Result<Self> {
        Self::begin_as(connection, "begin").await
    }

    /// One whose statements find rows by their keys: each is planned once for the connection, and by an index where
    /// there is one, however few rows there were (`docs/adr/0015-plans-of-steps.md`).
    pub(super) async fn begin_step(connection: Connection) -> sqlx::Result<Self> {
        let begin = "begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off";
        Self::begin_as(connection, begin).await
    }

    async fn begin_as(connection: Connection, begin: &'static str) -> sqlx::Result<Self> {
        // It is one before it is begun: whoever does not wait for that leaves nothing open.
        let mut transaction = Self(Some(connection));
        transaction.sql().execute(begin).await?;
        Ok(transaction)
    }

    /// Takes back what [`Self::begin_step`] said of plans.
    pub(super) async fn plan_by_values(&mut self) -> sqlx::Result<()> {
        let plans = "set local plan_cache_mode to default; set local enable_seqscan to default";
        self.sql().execute(plans).await.map(drop)
    }

    #[expect(clippy::expect_used, reason = "only the end takes the connection away")]
    pub(super) fn sql(&mut self) -> &mut PgConnection {
        self.0.as_deref_mut().expect("an open transaction has a connection")
    }

    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        self.sql().execute("commit").await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let (Some(connection), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(roll_back(connection));
        }
    }
}

/// Gives a connection back once nothing is open on it; one on which that fails is given up.
async fn roll_back(mut connection: Connection) {
    if let Err(error) = connection.execute("rollback").await {
        tracing::warn!(%error, "A transaction was left to the database to roll back: its connection broke.");
        drop(Object::take(connection.0));
    }
}
