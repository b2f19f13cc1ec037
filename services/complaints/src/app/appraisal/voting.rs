//! Casting a ballot. Neither call is a mutation with a record of its request: that record would have the voter's
//! marks, as a digest, beside a time.

use yimen_kernel::Reason;
use yimen_kernel::error::{Error, Result};
use yimen_platform::Context;
use yimen_proto::complaints::v1 as pb;

use super::read;
use crate::domain::appraisal::{self, Given, Round, Token};
use crate::grpc::appraisal::message;
use crate::store::appraisal::ballots::{self, Cast};
use crate::store::appraisal::{rounds, tokens};

/// The ballot that a token opens.
///
/// # Errors
/// `BALLOT_TOKEN_UNKNOWN`.
pub async fn open(ctx: &Context, token: &Token) -> Result<pb::Ballot> {
    let mut tx = ctx.store.begin().await?;
    let now = tx.now();
    let (serial, group, spent) = tokens::find(tx.sql(), token).await?.ok_or_else(unknown)?;
    let kept = rounds::read_all(tx.sql(), &[serial]).await?.pop().ok_or_else(unknown)?;
    let mut round = message::round(&kept, now);
    round.result = read::public(&mut tx, &kept).await?;
    Ok(pb::Ballot { round: Some(round), group: message::group(group).into(), spent })
}

/// Casts a ballot. Whether it is the first or another one, it takes the same statements and one commit.
///
/// # Errors
/// `BALLOT_TOKEN_UNKNOWN`, `VOTE_EARLY`, `VOTE_LATE`, `STATE_FORBIDS`, `ALREADY_VOTED`; what is wrong with the marks.
pub async fn cast(ctx: &Context, token: &Token, marks: &[Given]) -> Result<pb::CastBallotResponse> {
    let mut tx = ctx.store.begin().await?;
    let (serial, _, _) = tokens::find(tx.sql(), token).await?.ok_or_else(unknown)?;
    let round: Round = rounds::read_all(tx.sql(), &[serial]).await?.pop().ok_or_else(unknown)?.round;
    round.voting(tx.now())?;
    let choices = appraisal::read(&round, marks)?;
    let cast = ballots::cast(tx.sql(), token, &choices).await?;
    tx.commit().await?;
    match cast {
        Cast::Counted => Ok(pb::CastBallotResponse { round: round.number.to_string(), title: round.title }),
        Cast::Spent => Err(Error::precondition(Reason::AlreadyVoted)),
        Cast::Closed => Err(round.late()),
    }
}

fn unknown() -> Error {
    Error::not_found(Reason::BallotTokenUnknown)
}
