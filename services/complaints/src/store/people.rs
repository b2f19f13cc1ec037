//! Who complains: read by nobody but whoever asks for it by name, and that is recorded.

use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// Who complains.
#[derive(Clone, Default)]
pub struct Complainant {
    pub name: String,
    pub mobile: String,
    pub address: String,
    pub representatives: Vec<String>,
}

/// Keeps who complains.
pub async fn insert(connection: &mut PgConnection, number: &str, who: &Complainant) -> Result<()> {
    sqlx::query!(
        "insert into complaints.complainant (number, name, mobile, address, representatives)
         values ($1, $2, $3, $4, $5)",
        number,
        who.name,
        who.mobile,
        who.address,
        &who.representatives
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Who complains, if that is known.
pub async fn read(connection: &mut PgConnection, number: &str) -> Result<Option<Complainant>> {
    sqlx::query_as!(
        Complainant,
        "select name, mobile, address, representatives from complaints.complainant where number = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}
