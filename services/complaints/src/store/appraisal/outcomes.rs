//! What a round proposes, and what persons made of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DocumentNumber, Reason};
use yimen_platform::store::db;

use crate::domain::appraisal::{Proposal, Round};

/// An outcome as it is shown.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The unit's place on the ballot.
    pub unit: i16,
    pub proposal: String,
    pub state: String,
    pub reason: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub accountability_case: Option<String>,
}

/// Keeps what the rules propose: places on the ballot, each with its proposal.
pub async fn propose(
    connection: &mut PgConnection,
    round: &Round,
    proposals: &[(i16, Proposal)],
) -> Result<()> {
    let units: Vec<i16> = proposals.iter().map(|(unit, _)| *unit).collect();
    let proposals: Vec<String> = proposals.iter().map(|(_, proposal)| proposal.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into complaints.appraisal_outcome (round, unit, proposal, state)
         select $1, unit, proposal, 'PROPOSED' from unnest($2::smallint[], $3::text[]) given(unit, proposal)",
        round.serial,
        &units,
        &proposals
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The outcomes of a round.
pub async fn of(connection: &mut PgConnection, round: &Round) -> Result<Vec<Outcome>> {
    sqlx::query_as!(
        Outcome,
        "select unit, proposal, state, reason, decided_at, accountability_case
         from complaints.appraisal_outcome where round = $1 order by unit, proposal",
        round.serial
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// What a person decided.
pub struct Decided<'d> {
    pub confirmed: bool,
    pub by: &'d str,
    pub at: DateTime<Utc>,
    pub reason: &'d str,
    /// The case that was opened.
    pub case: Option<&'d DocumentNumber>,
}

/// Notes what a person decided.
///
/// # Errors
/// `STALE_VERSION` if somebody decided it meanwhile.
pub async fn decide(
    connection: &mut PgConnection,
    round: &Round,
    (unit, proposal): (i16, Proposal),
    decided: &Decided<'_>,
) -> Result<()> {
    let state = if decided.confirmed { "CONFIRMED" } else { "REJECTED" };
    let done = sqlx::query!(
        "update complaints.appraisal_outcome
         set state = $4, decided_by = $5, decided_at = $6, reason = $7, accountability_case = $8
         where round = $1 and unit = $2 and proposal = $3 and state = 'PROPOSED'",
        round.serial,
        unit,
        proposal.as_str(),
        state,
        decided.by,
        decided.at,
        decided.reason,
        decided.case.map(DocumentNumber::as_str)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}
