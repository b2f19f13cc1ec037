//! PostgreSQL: a service's pool, its transactions, and the events that leave with them.

mod embedded;
mod memory;
mod migrate;
mod pool;
mod serials;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use prost::{Message, Name};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Notify;
use uuid::Uuid;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;

use crate::calendar::Latest;
use crate::clock::Clock;
use crate::messages::outgoing::Outgoing;
use crate::messages::{Done, Envelope, LEASE, Tables};
use crate::telemetry;
use pool::Transaction;

pub use embedded::Embedded;
pub use memory::Memory;
pub use migrate::Migrations;
pub use pool::{Connection, Pool};
pub use serials::Serials;

/// How long a call waits for a connection.
const TURN: Duration = Duration::from_secs(10);

/// Opens a pool; says at once when no server answers.
///
/// # Errors
/// A sentence that says what to do when the address is wrong or no server answers.
pub async fn connect(url: &str, size: usize) -> Result<Pool, String> {
    let options: PgConnectOptions = url.parse().map_err(|error| {
        format!("The database address is not a postgres:// URL ({error}); correct YIMEN_DATABASE_URL.")
    })?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    // Our statements touch few rows each: compiling one costs more than running it.
    let options = options.application_name("yimen").options([("jit", "off")]);
    // The pool itself would go on knocking at a closed door.
    let first = tokio::time::timeout(TURN, PgConnection::connect_with(&options)).await;
    let outcome = match first {
        Ok(Ok(connection)) => connection.close().await.map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    };
    outcome.map_err(|error| {
        format!("PostgreSQL at {place} cannot be used ({error}); start it or correct YIMEN_DATABASE_URL.")
    })?;
    Pool::new(options, size, TURN)
}

/// A service's part of the database.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    tables: Arc<Tables>,
    clock: Arc<dyn Clock>,
    committed: Arc<Notify>,
    outgoing: Outgoing,
    calendar: Arc<Latest>,
    memory: Memory,
}

impl Store {
    /// The store of the service whose schema bears its name.
    pub fn new(pool: Pool, service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self {
            pool,
            tables: Arc::new(Tables::of(service)),
            clock,
            committed: Arc::new(Notify::new()),
            outgoing: Outgoing::default(),
            calendar: Arc::default(),
            memory: Memory::default(),
        }
    }

    /// What is kept in memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The service's name and schema.
    pub fn service(&self) -> &'static str {
        self.tables.service
    }

    /// Opens a transaction. Dropped without [`Tx::commit`], it leaves nothing.
    ///
    /// # Errors
    /// `UNAVAILABLE` when no connection is to be had.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.tx(Transaction::begin(self.pool.get().await?).await.map_err(db)?))
    }

    /// Opens the transaction of a step: of what people do, and of what follows from events. Its statements find rows
    /// by their keys and are planned once; see [`Tx::plan_by_values`].
    ///
    /// # Errors
    /// `UNAVAILABLE` when no connection is to be had.
    pub(crate) async fn begin_step(&self) -> Result<Tx> {
        Ok(self.tx(Transaction::begin_step(self.pool.get().await?).await.map_err(db)?))
    }

    fn tx(&self, inner: Transaction) -> Tx {
        Tx {
            inner,
            tables: self.tables.clone(),
            committed: self.committed.clone(),
            outgoing: self.outgoing.clone(),
            calendar: self.calendar.clone(),
            memory: self.memory.clone(),
            now: self.clock.now(),
            events: Vec::new(),
            last: Vec::new(),
        }
    }

    /// A connection for reading, outside any transaction.
    ///
    /// # Errors
    /// `UNAVAILABLE` when no connection is to be had.
    pub async fn read(&self) -> Result<Connection> {
        self.pool.get().await
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Wakes whoever watches for changes, at every commit of this process.
    ///
    /// A `notified()` that was made before the reading misses no commit after it.
    pub fn committed(&self) -> &Notify {
        &self.committed
    }

    /// The way of events to the relay of this process.
    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

/// What is written last in a transaction; gives what is done once it is committed.
type Last = Box<dyn for<'t> FnOnce(&'t mut PgConnection) -> BoxFuture<'t, Result<Afterwards>> + Send>;

/// What is done once a transaction is committed.
pub type Afterwards = Box<dyn FnOnce() + Send>;

/// One transaction of one operation: its SQL, its time, its events.
pub struct Tx {
    inner: Transaction,
    tables: Arc<Tables>,
    committed: Arc<Notify>,
    outgoing: Outgoing,
    calendar: Arc<Latest>,
    memory: Memory,
    now: DateTime<Utc>,
    events: Vec<Envelope>,
    last: Vec<Last>,
}

impl Tx {
    /// The connection, for `store.rs`.
    pub fn sql(&mut self) -> &mut PgConnection {
        self.inner.sql()
    }

    /// Has what follows in the transaction planned by what is asked, each time: for a list whose filters may be absent
    /// (`$1 is null or …`), of which a plan that is made once reads every row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_by_values(&mut self) -> Result<()> {
        self.inner.plan_by_values().await.map_err(db)
    }

    /// What the service keeps in memory: only what is committed belongs there.
    pub fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// The moment of the operation: the same for all that it writes.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Sends `event` to its subscribers if, and only if, this transaction commits.
    ///
    /// `version` is the aggregate's after the change: subscribers order by it.
    pub fn emit<M: Message + Name>(&mut self, center: &str, subject: &str, version: i64, event: &M) {
        self.events.push(Envelope {
            id: Uuid::now_v7(),
            source: format!("{center}/{}", self.tables.service),
            kind: M::full_name(),
            center: center.to_owned(),
            subject: subject.to_owned(),
            version,
            time: self.now,
            traceparent: telemetry::traceparent(),
            body: event.encode_to_vec().into(),
        });
    }

    /// Has `last` write behind everything else in this transaction, right before the commit: so that a row for which
    /// all transactions queue is held for no longer than that. What it gives is done once all is committed.
    pub fn at_end<F>(&mut self, last: F)
    where
        F: for<'t> FnOnce(&'t mut PgConnection) -> BoxFuture<'t, Result<Afterwards>> + Send + 'static,
    {
        self.last.push(Box::new(last));
    }

    /// Makes the change durable, and hands its events to the relay.
    ///
    /// # Errors
    /// When the database does not confirm the commit: the caller must then assume nothing.
    pub async fn commit(self) -> Result<()> {
        self.commit_done(&Done::default()).await.map(drop)
    }

    /// Commits with the mark of what is to be done once. `Ok(false)` when some of it was done before: then nothing is
    /// done now.
    pub(crate) async fn commit_done(mut self, done: &Done<'_>) -> Result<bool> {
        let place = if self.events.is_empty() { None } else { self.outgoing.reserve() };
        let leased_until = place.as_ref().map(|_| self.now + LEASE);
        let (tables, now) = (self.tables.clone(), self.now);
        if !tables.write(self.inner.sql(), &self.events, leased_until, done, now).await? {
            return Ok(false);
        }
        let mut afterwards = Vec::with_capacity(self.last.len());
        for last in self.last {
            afterwards.push(last(self.inner.sql()).await?);
        }
        self.inner.commit().await.map_err(db)?;
        for done in afterwards {
            done();
        }
        self.committed.notify_waiters();
        match place {
            Some(place) => drop(place.send(self.events)),
            None if !self.events.is_empty() => self.outgoing.leave(),
            None => {}
        }
        Ok(true)
    }

    pub(crate) fn tables(&self) -> Arc<Tables> {
        self.tables.clone()
    }

    pub(crate) fn latest_calendar(&self) -> Arc<Latest> {
        self.calendar.clone()
    }
}

/// One value of each row, as a statement over lists takes them.
pub fn column<'r, R, T>(rows: &'r [R], get: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(get).collect()
}

/// Turns a database error into ours; what the reader can do decides the kind.
pub fn db(error: sqlx::Error) -> Error {
    let unavailable = match &error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed => true,
        // 40: rolled back, try again; 57P: the server shuts down; 53: out of resources.
        sqlx::Error::Database(e) => e
            .code()
            .is_some_and(|code| code.starts_with("40") || code.starts_with("57P") || code.starts_with("53")),
        _ => false,
    };
    if unavailable {
        Error::new(Kind::Unavailable, Reason::Unavailable).because(error)
    } else {
        Error::internal(error)
    }
}

/// Whether a write failed on the unique constraint `name`.
pub fn violates(error: &sqlx::Error, name: &str) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.constraint() == Some(name))
}
