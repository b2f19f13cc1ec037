//! The calendar as a service knows it: what comes with the program, and the notices that came since.
//!
//! Supervision takes a year's notice in and tells it (`CalendarImported`); every service that counts days
//! keeps it in its own schema ([`keep`], by way of [`crate::messages::subscribe::Subscriptions`]). A version
//! counts the notices, so that it can be said with which calendar something was computed.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sqlx::AssertSqlSafe;
use yimen_kernel::calendar::BadLine;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Calendar, Fields};

use crate::store::{Tx, db};

static PUBLISHED: LazyLock<Result<Arc<Calendar>, BadLine>> =
    LazyLock::new(|| Calendar::published().map(Arc::new));

/// The calendar in one version.
#[derive(Clone, Debug)]
pub struct Edition {
    /// How many notices have come since the program was made.
    pub version: i64,
    /// The days.
    pub calendar: Arc<Calendar>,
}

/// The last edition that this process has read.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<Option<Edition>>);

impl Latest {
    fn get(&self) -> Option<Edition> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, edition: &Edition) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(edition.clone());
    }
}

impl Tx {
    /// The calendar with every notice that the service has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calendar(&mut self) -> Result<Edition> {
        let latest = self.latest_calendar();
        let known = match latest.get() {
            Some(known) => known,
            None => Edition { version: 0, calendar: published()? },
        };
        let edition = self.read_notices(known, i64::MAX).await?;
        latest.set(&edition);
        Ok(edition)
    }

    /// The calendar as it was in an earlier version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calendar_at(&mut self, version: i64) -> Result<Edition> {
        self.read_notices(Edition { version: 0, calendar: published()? }, version).await
    }

    async fn read_notices(&mut self, known: Edition, upto: i64) -> Result<Edition> {
        let sql = self.tables().notices.clone();
        let notices: Vec<(i64, String)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(known.version)
            .bind(upto)
            .fetch_all(self.sql())
            .await
            .map_err(db)?;
        notices.into_iter().try_fold(known, |known, (version, csv)| {
            let notice = Calendar::parse(&csv).map_err(|bad| Error::internal(bad.to_string()))?;
            Ok(Edition { version, calendar: Arc::new(known.calendar.with(&notice)) })
        })
    }

    /// The year of the notice that made a version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notice_year(&mut self, version: i64) -> Result<i32> {
        let sql = self.tables().notice_year.clone();
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(version).fetch_one(self.sql()).await.map_err(db)
    }
}

/// Keeps the notice of a year, if it says anything new. Gives whether it did.
///
/// # Errors
/// When the database fails, or another notice comes at the same moment.
pub async fn keep(tx: &mut Tx, year: i32, csv: &str) -> Result<bool> {
    let (sql, now) = (tx.tables().keep_notice.clone(), tx.now());
    let done =
        sqlx::query(AssertSqlSafe(sql)).bind(year).bind(csv).bind(now).execute(tx.sql()).await.map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// Reads a year's notice as somebody sent it.
///
/// # Errors
/// `BAD_FORMAT` at `csv` with the line and what is wrong with it; also for lines of several years.
pub fn parse(csv: &[u8]) -> Result<(i32, u32, String)> {
    let bad = |what: String| {
        let mut fields = Fields::new();
        fields.add_limit("csv", Reason::BadFormat, what);
        fields.finish().err().unwrap_or_else(|| Error::field("csv", Reason::BadFormat))
    };
    let text = std::str::from_utf8(csv).map_err(|_| bad("UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let notice = Calendar::parse(text).map_err(|line| bad(line.to_string()))?;
    let mut years = notice.years();
    match (years.next(), years.next()) {
        (Some(year), None) => Ok((year, notice.exceptions_of(year), text.to_owned())),
        _ => Err(bad("the days of one year".to_owned())),
    }
}

fn published() -> Result<Arc<Calendar>> {
    PUBLISHED.clone().map_err(|bad| Error::internal(format!("catalog/calendar.csv: {bad}")))
}
