//! What entitles to vote: digests of tokens.

use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

use super::rounds::Draw;
use crate::domain::appraisal::{Group, Round, Token};
use crate::store::odd;

/// Keeps the digests of new tokens of a group.
pub async fn issue(
    connection: &mut PgConnection,
    round: &Round,
    group: Group,
    batch: Uuid,
    tokens: &[Token],
) -> Result<()> {
    let digests: Vec<Vec<u8>> = tokens.iter().map(|token| token.digest().to_vec()).collect();
    sqlx::query!(
        "insert into complaints.appraisal_token (digest, round, electorate, batch)
         select digest, $1, $2, $3 from unnest($4::bytea[]) given(digest)",
        round.serial,
        group.number(),
        batch,
        &digests
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// How many tokens a group has.
pub async fn of_group(connection: &mut PgConnection, round: &Round, group: Group) -> Result<u64> {
    let issued = issued(connection, round).await?;
    Ok(issued.into_iter().find(|(known, _)| *known == group).map_or(0, |(_, tokens)| tokens))
}

/// How many tokens each group has.
pub async fn issued(connection: &mut PgConnection, round: &Round) -> Result<Vec<(Group, u64)>> {
    let rows = sqlx::query!(
        r#"select electorate, count(*) as "tokens!" from complaints.appraisal_token where round = $1
           group by electorate order by electorate"#,
        round.serial
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let group = Group::of(row.electorate).ok_or_else(|| odd("group"))?;
            Ok((group, u64::try_from(row.tokens).map_err(Error::internal)?))
        })
        .collect()
}

/// Voids tokens of a batch, or all of a group; gives how many there were.
pub async fn void(
    connection: &mut PgConnection,
    round: &Round,
    batch: Option<Uuid>,
    group: Option<Group>,
) -> Result<u64> {
    let done = sqlx::query!(
        "delete from complaints.appraisal_token
         where round = $1 and ($2::uuid is null or batch = $2) and ($3::smallint is null or electorate = $3)",
        round.serial,
        batch,
        group.map(Group::number)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected())
}

/// The round and the group of a token, and whether a ballot came with it.
pub async fn find(connection: &mut PgConnection, token: &Token) -> Result<Option<(i32, Group, bool)>> {
    let digest = token.digest();
    let row = sqlx::query!(
        r#"select round, electorate, tries > 0 as "spent!" from complaints.appraisal_token where digest = $1"#,
        digest.as_slice()
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.round, Group::of(row.electorate).ok_or_else(|| odd("group"))?, row.spent)))
}

/// Numbers of completed cases: those known already stay.
pub async fn complete(connection: &mut PgConnection, cases: &[(String, String)]) -> Result<()> {
    let numbers: Vec<String> = cases.iter().map(|(number, _)| number.clone()).collect();
    let centers: Vec<String> = cases.iter().map(|(_, center)| center.clone()).collect();
    sqlx::query!(
        "insert into complaints.appraisal_case (number, center)
         select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        &numbers,
        &centers
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Draws cases of a center by a seed, in the order of the draw; with what anyone needs to draw again.
pub async fn draw(
    connection: &mut PgConnection,
    center: &str,
    seed: String,
    wanted: i64,
) -> Result<(Draw, Vec<String>)> {
    let population = sqlx::query!(
        r#"select count(*) as "population!",
                  sha256(convert_to(coalesce(string_agg(number || E'\n', '' order by number collate "C"), ''), 'UTF8'))
                    as "digest!"
           from complaints.appraisal_case where center = $1"#,
        center
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(db)?;
    let drawn = sqlx::query_scalar!(
        "select number from complaints.appraisal_case where center = $1
         order by sha256(convert_to($2 || number, 'UTF8')), number limit $3",
        center,
        seed,
        wanted
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok((Draw { seed, population: population.population, population_digest: population.digest }, drawn))
}
