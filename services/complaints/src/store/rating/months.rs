//! Months in figures.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

use crate::domain::rating::month::{Counts, Month};

/// The figures of the center, or of one of its departments, windows or items.
pub struct Line {
    pub scope: String,
    /// Empty for the center.
    pub id: String,
    pub counts: Counts,
}

struct Row {
    scope: String,
    id: String,
    level1: i64,
    level2: i64,
    level3: i64,
    level4: i64,
    level5: i64,
    set_aside: i64,
}

impl Row {
    fn line(self) -> Result<Line> {
        let count = |number: i64| u64::try_from(number).map_err(Error::internal);
        let levels = [
            count(self.level1)?,
            count(self.level2)?,
            count(self.level3)?,
            count(self.level4)?,
            count(self.level5)?,
        ];
        let counts = Counts { levels, set_aside: count(self.set_aside)? };
        Ok(Line { scope: self.scope, id: self.id, counts })
    }
}

/// When the figures of a month were published, and the so-manieth edition of them.
pub async fn published(
    connection: &mut PgConnection,
    center: &str,
    month: Month,
) -> Result<Option<(DateTime<Utc>, i32)>> {
    let row = sqlx::query!(
        "select published_at, edition from complaints.rating_month where center = $1 and month = $2",
        center,
        month.first()
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    Ok(row.map(|row| (row.published_at, row.edition)))
}

/// The figures as they were published.
pub async fn figures(connection: &mut PgConnection, center: &str, month: Month) -> Result<Vec<Line>> {
    let rows = sqlx::query_as!(
        Row,
        "select scope, id, level1, level2, level3, level4, level5, set_aside from complaints.rating_figure
         where center = $1 and month = $2 order by scope, id",
        center,
        month.first()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(Row::line).collect()
}

/// The figures as the ratings have them now.
pub async fn counted(connection: &mut PgConnection, center: &str, month: Month) -> Result<Vec<Line>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select scope as "scope!", id as "id!", level1 as "level1!", level2 as "level2!", level3 as "level3!",
                  level4 as "level4!", level5 as "level5!", set_aside as "set_aside!"
           from complaints.rating_count where center = $1 and month = $2 order by scope, id"#,
        center,
        month.first()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(Row::line).collect()
}

/// Centers and months before one that have ratings and are not published, the oldest first.
pub async fn to_publish(connection: &mut PgConnection, before: Month) -> Result<Vec<(String, Month)>> {
    let rows = sqlx::query!(
        "select distinct r.month, r.center from complaints.rating r
         where r.month < $1
           and not exists (select from complaints.rating_month m where m.center = r.center and m.month = r.month)
         order by r.month, r.center",
        before.first()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.center, Month::of(row.month))).collect())
}

/// Publishes a month. Gives whether this copy does it.
pub async fn publish(
    connection: &mut PgConnection,
    center: &str,
    month: Month,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into complaints.rating_month (center, month, published_at) values ($1, $2, $3)
         on conflict do nothing",
        center,
        month.first(),
        now
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    write(connection, center, month).await?;
    Ok(true)
}

/// Writes the next edition of a month that is published; does nothing with one that is not.
pub async fn correct(connection: &mut PgConnection, center: &str, month: Month) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.rating_month set edition = edition + 1 where center = $1 and month = $2",
        center,
        month.first()
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!(
        "delete from complaints.rating_figure where center = $1 and month = $2",
        center,
        month.first()
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    write(connection, center, month).await
}

async fn write(connection: &mut PgConnection, center: &str, month: Month) -> Result<()> {
    sqlx::query!(
        "insert into complaints.rating_figure
           (center, month, scope, id, level1, level2, level3, level4, level5, set_aside)
         select center, month, scope, id, level1, level2, level3, level4, level5, set_aside
         from complaints.rating_count where center = $1 and month = $2",
        center,
        month.first()
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}
