//! Supervision alone at a time that is set: for what needs more than one copy of it, or more clocks than a
//! whole center can be given.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use prost::{Message, Name};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use uuid::Uuid;
use yimen_kernel::date::day_start;
use yimen_platform::chores::Chore;
use yimen_platform::clock::ShiftedClock;
use yimen_platform::messages::Envelope;
use yimen_platform::objects::Objects;
use yimen_platform::store::{Connection, Embedded, Pool, Store};
use yimen_platform::{Config, Context, Service};
use yimen_proto::supervision::v1::supervision_client::SupervisionClient;
use yimen_supervision::DEFINITION;

/// One copy of the service.
pub struct Alone {
    /// Built, and nothing of it runs by itself.
    pub service: Service,
    /// Its database.
    pub pool: Pool,
    /// Its time.
    pub clock: Arc<ShiftedClock>,
    /// Its part of the database.
    pub store: Store,
    /// Ends its chores.
    pub stop: CancellationToken,
}

impl Alone {
    /// Makes the schema anew in a database, and opens at noon of a day.
    ///
    /// # Errors
    /// A sentence, as for everything here.
    pub async fn open(pool: Pool, day: NaiveDate) -> Result<Self, String> {
        run(&pool, "drop schema if exists supervision cascade").await?;
        DEFINITION.migrations.run(&pool).await?;
        Self::copy(pool, ShiftedClock::starting(noon(day))).await
    }

    /// Opens at noon of a day on an embedded database of its own; [`Self::end`] ends both.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub async fn embedded(day: NaiveDate) -> Result<(Self, Embedded), String> {
        let embedded = Embedded::start(None).await?;
        Ok((Self::open(embedded.pool().await?, day).await?, embedded))
    }

    /// Ends with its embedded database, in order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end(self, embedded: Embedded) -> Result<(), String> {
        let pool = self.pool.clone();
        drop(self);
        embedded.stop(&pool).await
    }

    /// Another copy on the same database and by the same clock.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub async fn another(&self) -> Result<Self, String> {
        Self::copy(self.pool.clone(), self.clock.clone()).await
    }

    async fn copy(pool: Pool, clock: Arc<ShiftedClock>) -> Result<Self, String> {
        let store = Store::new(pool.clone(), DEFINITION.name, clock.clone());
        let stop = CancellationToken::new();
        let context = Context {
            store: store.clone(),
            objects: Objects::local(&std::env::temp_dir()).map_err(|error| error.to_string())?,
            clock: clock.clone(),
            config: Arc::new(Config::default()),
            signer: None,
            stop: stop.clone(),
        };
        let service = (DEFINITION.build)(context).await?;
        Ok(Self { service, pool, clock, store, stop })
    }

    /// Sets the clock to noon of a day.
    pub fn set_day(&self, day: NaiveDate) {
        self.clock.set(noon(day));
    }

    /// A client without a gateway, for what everyone may ask.
    pub fn client(&self) -> SupervisionClient<Routes> {
        SupervisionClient::new(self.service.routes.clone())
    }

    /// A chore.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn chore(&self, name: &str) -> Result<&Chore, String> {
        let chore = self.service.chores.iter().find(|chore| chore.name() == name);
        chore.ok_or_else(|| format!("There is no chore named {name}."))
    }

    /// One round of a chore, and how long it took.
    ///
    /// # Errors
    /// What the round says.
    pub async fn round(&self, name: &str) -> Result<Duration, String> {
        let chore = self.chore(name)?;
        let started = Instant::now();
        chore.round().await.map_err(|error| error.to_string())?;
        Ok(started.elapsed())
    }

    /// Hands events over, as the bus does: those of a batch together.
    ///
    /// # Errors
    /// What the handlers say.
    pub async fn deliver(&self, events: &[Envelope]) -> Result<(), String> {
        let outcomes = self.service.subscriptions.deliver(events).await;
        outcomes.into_iter().collect::<Result<(), _>>().map_err(|error| error.to_string())
    }
}

/// An event of a case.
pub fn event<M: Message + Name>(number: &str, version: i64, time: DateTime<Utc>, message: &M) -> Envelope {
    let center = number.get(..6).unwrap_or_default().to_owned();
    Envelope {
        id: Uuid::now_v7(),
        source: format!("{center}/bench"),
        kind: M::full_name(),
        center,
        subject: number.to_owned(),
        version,
        time,
        traceparent: None,
        body: message.encode_to_vec().into(),
    }
}

/// Runs a statement that has no parameters, and gives how many rows it changed.
///
/// # Errors
/// What the database says.
pub async fn run(pool: &Pool, sql: &'static str) -> Result<u64, String> {
    let done = sqlx::query(sql).execute(&mut *lent(pool).await?).await.map_err(|error| error.to_string())?;
    Ok(done.rows_affected())
}

/// A connection to the service's database.
///
/// # Errors
/// When none is to be had.
pub async fn lent(pool: &Pool) -> Result<Connection, String> {
    pool.get().await.map_err(|error| error.to_string())
}

/// Noon of a day.
pub fn noon(day: NaiveDate) -> DateTime<Utc> {
    day_start(day) + chrono::Duration::hours(12)
}
