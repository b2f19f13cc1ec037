//! The closing: the box is shut, its ballots are shuffled and counted, and the rules say what they propose.

use yimen_kernel::Actor;
use yimen_kernel::DocumentNumber;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_proto::complaints::v1 as pb;

use crate::domain::appraisal::{self, Phase, unknown};
use crate::grpc::appraisal::message;
use crate::store::appraisal::{counting, outcomes, rounds};
use crate::store::odd;

/// Rounds that one round of the chore looks at.
const BATCH: i64 = 20;

/// Counts every round whose time is over. Copies of the service may do it side by side: a round is held while it is
/// counted.
pub async fn close(ctx: Context) -> Result<()> {
    let due = {
        let mut connection = ctx.store.read().await?;
        rounds::to_count(&mut connection, ctx.store.now(), BATCH).await?
    };
    for number in due {
        let number = DocumentNumber::parse(&number).map_err(|_| odd("number"))?;
        count(&ctx, &number).await?;
    }
    Ok(())
}

async fn count(ctx: &Context, number: &DocumentNumber) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    let now = tx.now();
    let Some(kept) = rounds::lock(tx.sql(), number).await? else { return Ok(()) };
    let round = kept.round;
    if round.phase(now) != Phase::Closed {
        return Ok(());
    }
    let refused = counting::seal(tx.sql(), &round).await?;
    counting::shuffle(tx.sql(), &round).await?;
    counting::keep(tx.sql(), &round).await?;
    let votes = counting::counted(tx.sql(), &round).await?;
    let standings = appraisal::evaluate(&round, &votes)?;
    let proposals: Vec<_> = (1..)
        .zip(&standings)
        .flat_map(|(unit, standing)| standing.proposals.iter().map(move |proposal| (unit, *proposal)))
        .collect();
    outcomes::propose(tx.sql(), &round, &proposals).await?;
    rounds::note_count(tx.sql(), &round, refused, now).await?;
    tx.commit().await
}

/// Counts the ballots of a counted round again.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`; `STATE_FORBIDS` before it is counted.
pub async fn recount(
    ctx: &Context,
    actor: &Actor,
    number: &DocumentNumber,
) -> Result<pb::RecountAppraisalRoundResponse> {
    let mut connection = ctx.store.read().await?;
    let kept = rounds::read(&mut connection, number).await?.ok_or_else(unknown)?;
    kept.round.manage(actor)?;
    if kept.noted.counted_at.is_none() {
        kept.round.counted(ctx.store.now())?;
    }
    let again = counting::count(&mut connection, &kept.round).await?;
    let first = counting::counted(&mut connection, &kept.round).await?;
    let standings = appraisal::evaluate(&kept.round, &again)?;
    let last = kept.round.rules.choices();
    let ballots = again
        .iter()
        .flat_map(|votes| appraisal::Group::ALL.into_iter().map(|group| votes.between(group, 0, last)));
    Ok(pb::RecountAppraisalRoundResponse {
        ballots: ballots.sum(),
        agrees: again == first,
        units: message::units(&kept.round, &again, &standings),
    })
}
