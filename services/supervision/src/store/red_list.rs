//! The public list as those who watch it follow it.

use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// Changes that are read at once.
const BATCH: i64 = 200;

/// Tells of new warnings and of corrected ones. Whoever else adds to the list waits until this
/// transaction's end, so it is the last that the transaction does.
pub async fn tell(connection: &mut PgConnection, warnings: &[Uuid]) -> Result<()> {
    if warnings.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with list as (update supervision.red_list set last = last + cardinality($1::uuid[]) returning last)
         insert into supervision.red_list_change (seq, warning)
         select list.last - cardinality($1) + given.place, given.warning
         from list, unnest($1) with ordinality given(warning, place)",
        warnings
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The number of the last change.
pub async fn last(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar!("select last from supervision.red_list").fetch_one(connection).await.map_err(db)
}

/// Changes after a number, each with the warning that it is about.
pub async fn after(connection: &mut PgConnection, seq: i64) -> Result<Vec<(i64, Uuid)>> {
    let rows = sqlx::query!(
        "select seq, warning from supervision.red_list_change where seq > $1 order by seq limit $2",
        seq,
        BATCH
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.seq, row.warning)).collect())
}
