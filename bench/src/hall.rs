//! A whole deployment under load: the real program as separate processes, with everybody who works in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Datelike as _;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;
use yimen::definitions;
use yimen_kernel::date::local_date;
use yimen_platform::clock::{Clock as _, SystemClock};
use yimen_tests::Center;
use yimen_tests::servers::{Place, Servers};

use crate::carrier::{self, Books};
use crate::people::{Badges, Desk, People};
use crate::{catalog, tap};

/// How long everything that was begun may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(180);
/// The wait before the databases are looked at again.
const AGAIN: Duration = Duration::from_millis(100);

/// A running deployment with the bench's catalog, its people at their desks, and a carrier.
pub struct Hall {
    center: Center,
    /// Everybody.
    pub people: Arc<People>,
    /// The process ids by the names of the services and the gateway.
    pub pids: BTreeMap<String, u32>,
    /// From the start of the processes to the end of the first case, with the database migrated.
    pub first_case: Duration,
    url: String,
    books: Arc<Books>,
    stop: CancellationToken,
}

impl Hall {
    /// Starts it; its items have so many departments, the largest number of them at each desk. Desks are shared out
    /// to the gateways of so many copies.
    ///
    /// # Errors
    /// When a part of it cannot be reached.
    pub async fn open(place: &Place, departments: &[u32], copies: usize) -> Result<Self, String> {
        let (carrier, books) = carrier::open().await?;
        let secret = "ab".repeat(32);
        let address = format!("http://{carrier}/");
        let more = [
            ("YIMEN_CARRIERS__BENCH__KIND", "http"),
            ("YIMEN_CARRIERS__BENCH__ADDRESS", address.as_str()),
            ("YIMEN_CARRIERS__BENCH__KEY_ID", "bench"),
            ("YIMEN_CARRIERS__BENCH__SECRET", secret.as_str()),
        ];
        let servers = Servers::start(place.clone(), &more).await;
        let url = servers.database_url();
        let mut center = Center::with_catalog(servers, &catalog::catalog(departments)).await;
        let heard = tap::open(&place.amqp_url).await?;
        let most = departments.iter().copied().max().unwrap_or_default();
        let mut badges = Vec::new();
        for nth in 0..catalog::CENTERS {
            badges.push(Badges::of(&center, catalog::center(nth), most).await);
        }
        let servers = center.servers().ok_or("the center does not run on servers")?;
        servers.stop_all().await;
        let started = Instant::now();
        servers.start_all().await;
        let starting = started.elapsed();
        let mut gateways = vec![servers.address()];
        for _ in 1..copies {
            gateways.push(servers.add_copy().await);
        }
        let pids = servers.pids();
        let mut desks = Vec::new();
        for (badges, gateway) in badges.into_iter().zip(gateways.into_iter().cycle()) {
            desks.push(Desk::open(badges, gateway).await?);
        }
        let stop = CancellationToken::new();
        let people = People::start(desks, heard, &stop);
        let started = Instant::now();
        people.case(&catalog::item(most)).await?;
        let first_case = starting + started.elapsed();
        Ok(Self { center, people, pids, first_case, url, books, stop })
    }

    /// Waits until every event has had its effect, every message has been handed over (or waits for an answer
    /// that will not come), and everything is counted.
    ///
    /// # Errors
    /// When something does not come to rest.
    pub async fn quiet(&self, since: Instant) -> Result<(), String> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(said)?;
        let deadline = Instant::now() + PATIENCE;
        let since = SystemClock.now() - since.elapsed();
        while let Some(reason) = self.unrest(&mut connection, since).await.map_err(said)? {
            if Instant::now() > deadline {
                return Err(format!("it does not come to rest: {reason}"));
            }
            tokio::time::sleep(AGAIN).await;
        }
        connection.close().await.map_err(said)
    }

    /// The numbers of all cases.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cases(&self) -> Result<Vec<String>, String> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(said)?;
        let numbers = sqlx::query_scalar("select number from intake.application order by number");
        let numbers = numbers.fetch_all(&mut connection).await.map_err(said)?;
        connection.close().await.map_err(said)?;
        Ok(numbers)
    }

    async fn unrest(
        &self,
        connection: &mut PgConnection,
        since: chrono::DateTime<chrono::Utc>,
    ) -> Result<Option<String>, sqlx::Error> {
        let events = of_all("select id, source, kind, time, sent_at from {service}.outbox");
        let waiting = format!("select count(*) from ({events}) event where sent_at is null");
        if sqlx::query_scalar::<_, i64>(AssertSqlSafe(waiting)).fetch_one(&mut *connection).await? > 0 {
            return Ok(Some("events wait in an outbox".to_owned()));
        }
        let queued: i64 = sqlx::query_scalar(
            "select count(*) from notification.message where state in ('QUEUED', 'SENDING', 'AWAITING_CONTACT')",
        )
        .fetch_one(&mut *connection)
        .await?;
        let silent = i64::try_from(self.books.silent()).unwrap_or(i64::MAX);
        if queued > silent {
            return Ok(Some(format!("{} messages are not sent", queued - silent)));
        }
        let unsettled: i64 =
            sqlx::query_scalar("select count(*) from supervision.application where unsettled")
                .fetch_one(&mut *connection)
                .await?;
        if unsettled > 0 {
            return Ok(Some(format!("{unsettled} cases are not counted")));
        }
        for listener in definitions().map(|definition| definition.name) {
            let unheard: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
                "select count(*) from ({events}) event join {listener}.subscription using (kind)
                 where time >= $1 and not exists (
                   select from {listener}.processed heard where heard.id = event.id and heard.source = event.source)"
            )))
            .bind(since)
            .fetch_one(&mut *connection)
            .await?;
            if unheard > 0 {
                return Ok(Some(format!("{listener} has not heard {unheard} events")));
            }
        }
        Ok(None)
    }

    /// Runs a statement on the database.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, statement: &str) -> Result<(), String> {
        crate::floor::execute(&self.url, statement.to_owned()).await
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        &self.url
    }

    /// How large its database is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn size_mib(&self) -> Result<i64, String> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(said)?;
        let size = sqlx::query_scalar("select pg_database_size(current_database()) / 1048576");
        let size = size.fetch_one(&mut connection).await.map_err(said)?;
        connection.close().await.map_err(said)?;
        Ok(size)
    }

    /// Asks the gateway for ten years of all centers, each year by itself, and gives the time of the answer.
    ///
    /// # Errors
    /// When it is not that.
    pub async fn board(&self) -> Result<Duration, String> {
        let today = local_date(SystemClock.now());
        let region = format!("{}00", catalog::center(0).get(..4).unwrap_or_default());
        let path = format!(
            "/api/v1/boards/{region}?by=CENTER&grain=YEAR&from_on={}-01-01&until_on={today}&periods=true",
            today.year() - 9
        );
        let started = Instant::now();
        let answer = self.center.get(&path, None).await;
        let took = started.elapsed();
        let length = |path| answer.body.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
        let (lines, periods) = (length("/lines"), length("/lines/0/periods"));
        if (lines, periods) == (10, 10) {
            Ok(took)
        } else {
            Err(format!("the board has {lines} lines of {periods} periods: {answer:?}"))
        }
    }

    /// Has the independent checker look.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub async fn check(&self) -> Result<(), String> {
        match self.center.findings().await.into_iter().find(|finding| !finding.holds()) {
            Some(finding) => Err(finding.to_string()),
            None => Ok(()),
        }
    }

    /// Has the independent checker look, and stops everything.
    ///
    /// # Errors
    /// When a call failed, a message went out twice, or an invariant does not hold.
    pub async fn close(self) -> Result<(), String> {
        self.check().await?;
        self.leave().await
    }

    /// Stops everything.
    ///
    /// # Errors
    /// When a call failed, or a message went out twice.
    pub async fn leave(self) -> Result<(), String> {
        let faults = self.people.faults();
        self.stop.cancel();
        self.center.leave().await;
        if let [first, ..] = faults.as_slice() {
            return Err(format!("{} calls failed, the first: {first}", faults.len()));
        }
        match self.books.again() {
            0 => Ok(()),
            again => Err(format!("{again} messages were sent twice")),
        }
    }
}

/// A query of every service's schema.
fn of_all(query: &str) -> String {
    definitions().map(|definition| query.replace("{service}", definition.name)).join(" union all ")
}

fn said(error: sqlx::Error) -> String {
    error.to_string()
}
