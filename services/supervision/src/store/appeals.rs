//! Appeals against warnings.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// A warning, as whoever appeals or decides needs it.
pub struct Row {
    pub number: String,
    pub center: String,
    pub department: String,
    pub kind: String,
    pub rung: String,
    pub public: bool,
    /// Of its appeal; none without one.
    pub state: Option<String>,
}

/// Takes a warning's case and finds its appeal.
pub async fn lock(connection: &mut PgConnection, warning: Uuid) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select c.number, w.center, c.department, c.kind, w.rung, w.public, p.state as "state?"
           from supervision.warning w
           join supervision.clock c using (clock)
           join supervision.application a using (number)
           left join supervision.appeal p using (warning)
           where w.warning = $1
           for update of a"#,
        warning
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Keeps the one appeal against a warning whose case is held.
pub async fn insert(
    connection: &mut PgConnection,
    warning: Uuid,
    appellant: &str,
    (reason, evidence): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supervision.appeal (warning, appellant, reason, evidence, at) values ($1, $2, $3, $4, $5)",
        warning,
        appellant,
        reason,
        evidence,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Decides the open appeal against a warning whose case is held.
pub async fn decide(
    connection: &mut PgConnection,
    warning: Uuid,
    state: &str,
    (decider, decision): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update supervision.appeal set state = $2, decider = $3, decision = $4, decided_at = $5
         where warning = $1",
        warning,
        state,
        decider,
        decision,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Corrects a warning without an appeal, once.
pub async fn correct(
    connection: &mut PgConnection,
    warning: Uuid,
    decision: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supervision.appeal (warning, appellant, reason, evidence, at, state, decision, decided_at)
         values ($1, '', '', '', $3, 'UPHELD', $2, $3)
         on conflict (warning) do update
         set state = 'UPHELD', decision = excluded.decision, decided_at = excluded.decided_at",
        warning,
        decision,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}
