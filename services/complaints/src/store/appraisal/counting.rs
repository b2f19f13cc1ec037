//! Closing and counting. What is left of a round then has nothing that leads from a token to a ballot.

use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

use crate::domain::appraisal::{Group, Round, Votes};
use crate::store::odd;

/// What a group's tokens came to.
pub struct Turnout {
    pub group: Group,
    pub issued: u64,
    pub spent: u64,
}

/// Shuts the ballot box, and gives how many ballots came with spent tokens. A ballot that is under way is waited for:
/// it holds its token. One that comes now waits for this transaction, and then finds the round closed.
pub async fn seal(connection: &mut PgConnection, round: &Round) -> Result<i64> {
    sqlx::query_scalar!(
        "select count(*) from (
           select digest from complaints.appraisal_token where round = $1 order by digest for update) held",
        round.serial
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(db)?;
    let refused = sqlx::query_scalar!(
        r#"select coalesce(sum(greatest(tries - 1, 0)), 0) as "refused!"
           from complaints.appraisal_token where round = $1"#,
        round.serial
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(refused)
}

/// Writes the tokens and the ballots of a round anew, each in an order of chance, so that neither the transaction that
/// wrote a row nor its place says which belong together; ballots get new ids.
pub async fn shuffle(connection: &mut PgConnection, round: &Round) -> Result<()> {
    sqlx::query!(
        "with gone as (
           delete from complaints.appraisal_token where round = $1 returning digest, electorate, tries)
         insert into complaints.appraisal_token (digest, round, electorate, tries)
         select digest, $1, electorate, least(tries, 1) from gone order by random()",
        round.serial
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    sqlx::query!(
        "with gone as (
           delete from complaints.appraisal_ballot where round = $1 returning unit, electorate, choice)
         insert into complaints.appraisal_ballot (round, unit, electorate, choice, ballot)
         select $1, unit, electorate, choice, gen_random_uuid() from gone order by random()",
        round.serial
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Counts the ballots, and keeps the figures that are published.
pub async fn keep(connection: &mut PgConnection, round: &Round) -> Result<()> {
    sqlx::query!(
        "insert into complaints.appraisal_count (round, unit, electorate, choice, votes)
         select round, unit, electorate, choice, count(*) from complaints.appraisal_ballot where round = $1
         group by round, unit, electorate, choice",
        round.serial
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    sqlx::query!(
        "insert into complaints.appraisal_turnout (round, electorate, issued, spent)
         select round, electorate, count(*), count(*) filter (where tries > 0)
         from complaints.appraisal_token where round = $1 group by round, electorate",
        round.serial
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A figure, of the ballots or of what was kept.
struct Figure {
    unit: i16,
    electorate: i16,
    choice: i16,
    votes: i64,
}

/// The votes about each unit, as the ballots are.
pub async fn count(connection: &mut PgConnection, round: &Round) -> Result<Vec<Votes>> {
    let figures = sqlx::query_as!(
        Figure,
        r#"select unit, electorate, choice, count(*) as "votes!" from complaints.appraisal_ballot where round = $1
           group by unit, electorate, choice"#,
        round.serial
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    votes(round, figures)
}

/// The votes about each unit, as they were counted at the closing.
pub async fn counted(connection: &mut PgConnection, round: &Round) -> Result<Vec<Votes>> {
    let figures = sqlx::query_as!(
        Figure,
        "select unit, electorate, choice, votes from complaints.appraisal_count where round = $1",
        round.serial
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    votes(round, figures)
}

/// What each group's tokens came to.
pub async fn turnouts(connection: &mut PgConnection, round: &Round) -> Result<Vec<Turnout>> {
    let rows = sqlx::query!(
        "select electorate, issued, spent from complaints.appraisal_turnout where round = $1 order by electorate",
        round.serial
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            Ok(Turnout {
                group: Group::of(row.electorate).ok_or_else(|| odd("group"))?,
                issued: natural(row.issued)?,
                spent: natural(row.spent)?,
            })
        })
        .collect()
}

fn votes(round: &Round, figures: Vec<Figure>) -> Result<Vec<Votes>> {
    let mut all = vec![Votes::default(); round.units.len()];
    for figure in figures {
        let group = Group::of(figure.electorate).ok_or_else(|| odd("group"))?;
        let place = usize::try_from(figure.unit - 1).map_err(Error::internal)?;
        let unit = all.get_mut(place).ok_or_else(|| odd("unit"))?;
        let choice = u32::try_from(figure.choice).map_err(Error::internal)?;
        unit.add(group, choice, natural(figure.votes)?);
    }
    Ok(all)
}

fn natural(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(Error::internal)
}
