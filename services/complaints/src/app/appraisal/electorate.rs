//! Who votes: tokens that are handed out, and applicants who are drawn.

use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DocumentNumber, FieldError, Reason};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{managed, read};
use crate::app::timestamp;
use crate::domain::appraisal::{Group, Token};
use crate::store::appraisal::rounds::{self, Kept};
use crate::store::appraisal::tokens;

/// The most tokens of a group: so many votes are counted exactly, whatever the weights.
const GROUP_MAX: u64 = 5_000_000;

/// Issues tokens. This answer is the one place that has them: it is not recorded, so the call is no mutation with an
/// answer that is kept, and what was lost is voided.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`; `STATE_FORBIDS` after the opening; `TOO_MANY` at `count`.
pub async fn issue(
    ctx: &Context,
    actor: &Actor,
    number: &DocumentNumber,
    group: Group,
    count: u32,
) -> Result<pb::IssueBallotTokensResponse> {
    let mut tx = ctx.store.begin().await?;
    let Kept { round, .. } = managed(&mut tx, actor, number).await?;
    round.preparing(tx.now())?;
    if tokens::of_group(tx.sql(), &round, group).await? + u64::from(count) > GROUP_MAX {
        return Err(Error::invalid(vec![FieldError::new("count", Reason::TooMany).limit(GROUP_MAX)]));
    }
    let batch = Uuid::new_v4();
    let issued: Vec<Token> = (0..count).map(|_| Token::from_random(rand::random())).collect();
    tokens::issue(tx.sql(), &round, group, batch, &issued).await?;
    tx.commit().await?;
    let tokens = issued.iter().map(|token| token.as_str().to_owned()).collect();
    Ok(pb::IssueBallotTokensResponse { batch: batch.to_string(), tokens })
}

/// Voids tokens of a batch, or all of a group, before the opening.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `STATE_FORBIDS`.
pub async fn void(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    batch: Option<Uuid>,
    group: Option<Group>,
) -> Result<pb::VoidBallotTokensResponse> {
    let Kept { round, .. } = managed(tx, actor, number).await?;
    round.preparing(tx.now())?;
    let voided = tokens::void(tx.sql(), &round, batch, group).await?;
    Ok(pb::VoidBallotTokensResponse { voided })
}

/// Draws service users, once, and has each sent a token. Which cases were drawn is kept nowhere; the seed and the
/// digest of all of them let anyone who has the numbers draw again.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `STATE_FORBIDS`, `ALREADY_DRAWN`, `NOTHING_TO_DRAW`.
pub async fn draw(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    wanted: u32,
) -> Result<pb::AppraisalRound> {
    let Kept { round, noted } = managed(tx, actor, number).await?;
    round.preparing(tx.now())?;
    if noted.draw.is_some() {
        return Err(Error::precondition(Reason::AlreadyDrawn));
    }
    let center = round.center();
    let seed = format!("{:032x}", rand::random::<u128>());
    let (draw, drawn) = tokens::draw(tx.sql(), center.as_str(), seed, wanted.into()).await?;
    if drawn.is_empty() {
        return Err(Error::precondition(Reason::NothingToDraw));
    }
    let given: Vec<Token> = drawn.iter().map(|_| Token::from_random(rand::random())).collect();
    tokens::issue(tx.sql(), &round, Group::ServiceUsers, Uuid::new_v4(), &given).await?;
    rounds::note_draw(tx.sql(), &round, &draw).await?;
    // The last day on which a ballot is taken.
    let last = round.closes_at - chrono::Duration::seconds(1);
    let now = timestamp(tx.now());
    for (case, token) in drawn.into_iter().zip(given) {
        let invited = pb::BallotInvited {
            number: case.clone(),
            center: center.to_string(),
            round: round.number.to_string(),
            token: token.as_str().to_owned(),
            open_on: local_date(round.opens_at).to_string(),
            close_on: local_date(last).to_string(),
            time: Some(now),
        };
        tx.emit(center.as_str(), &case, 1, &invited);
    }
    read::shown(tx, actor, number).await
}
