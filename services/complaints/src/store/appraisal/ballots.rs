//! Ballots: cast in one statement that waits for nobody but the same token.

use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use crate::domain::appraisal::Token;

/// What became of a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// It is the token's first and counts.
    Counted,
    /// The token was spent; that somebody tried is noted.
    Spent,
    /// The round was closed meanwhile.
    Closed,
}

/// Spends a token and adds its ballot, a row for each unit; or notes one more try of a spent one. Either is one
/// statement and one commit, so the answer takes as long.
pub async fn cast(connection: &mut PgConnection, token: &Token, choices: &[i16]) -> Result<Cast> {
    let ballots: Vec<Uuid> = choices.iter().map(|_| Uuid::new_v4()).collect();
    let digest = token.digest();
    let tries = sqlx::query_scalar!(
        r#"with tried as (
             update complaints.appraisal_token t set tries = t.tries + 1
             from complaints.appraisal_round r
             where t.digest = $1 and r.round = t.round and r.state = 'SET'
             returning t.round, t.electorate, t.tries),
           filled as (
             insert into complaints.appraisal_ballot (round, unit, electorate, choice, ballot)
             select tried.round, given.unit::smallint, tried.electorate, given.choice, given.ballot
             from tried, unnest($2::smallint[], $3::uuid[]) with ordinality given(choice, ballot, unit)
             where tried.tries = 1)
           select tries from tried"#,
        digest.as_slice(),
        choices,
        &ballots
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    Ok(match tries {
        Some(1) => Cast::Counted,
        Some(_) => Cast::Spent,
        None => Cast::Closed,
    })
}
