//! Serials of applications and documents.

use yimen_kernel::error::{Error, Result};
use yimen_platform::store::{Serials, Tx, db};

#[derive(Default)]
struct Cases(Serials<u32>);

#[derive(Default)]
struct Documents(Serials<u32>);

/// The serials of so many new applications.
pub async fn of_cases(tx: &mut Tx, count: usize) -> Result<Vec<u32>> {
    let cases = tx.memory().of::<Cases>();
    let draw = async |wanted: i32| {
        let drawn = sqlx::query_scalar!(
            r#"select nextval('intake.case_serial') as "serial!" from generate_series(1, $1::integer)"#,
            wanted
        );
        serials(drawn.fetch_all(tx.sql()).await.map_err(db)?)
    };
    cases.0.take(count, draw).await
}

/// The serials of so many new documents.
pub async fn of_documents(tx: &mut Tx, count: usize) -> Result<Vec<u32>> {
    let documents = tx.memory().of::<Documents>();
    let draw = async |wanted: i32| {
        let drawn = sqlx::query_scalar!(
            r#"select nextval('intake.document_serial') as "serial!" from generate_series(1, $1::integer)"#,
            wanted
        );
        serials(drawn.fetch_all(tx.sql()).await.map_err(db)?)
    };
    documents.0.take(count, draw).await
}

fn serials(drawn: Vec<i64>) -> Result<Vec<u32>> {
    drawn.into_iter().map(|serial| u32::try_from(serial).map_err(Error::internal)).collect()
}
