//! What somebody sees of a round: votes once everyone may, for supervisors whom it is not about once they are counted.

use yimen_kernel::error::Result;
use yimen_kernel::{Actor, DivisionCode, DocumentNumber};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use crate::domain::appraisal::{self, Phase, unknown};
use crate::grpc::appraisal::message;
use crate::store::appraisal::rounds::{self, Kept};
use crate::store::appraisal::{counting, outcomes, tokens};

/// A round as the caller may see it.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`.
pub async fn get(ctx: &Context, actor: &Actor, number: &DocumentNumber) -> Result<pb::AppraisalRound> {
    let mut tx = ctx.store.begin().await?;
    shown(&mut tx, actor, number).await
}

/// The same, within a change.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`.
pub async fn shown(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<pb::AppraisalRound> {
    let kept = rounds::read(tx.sql(), number).await?.ok_or_else(unknown)?;
    let now = tx.now();
    let mut shown = message::round(&kept, now);
    if kept.round.manage(actor).is_ok() {
        match kept.round.phase(now) {
            Phase::Preparing | Phase::Voting | Phase::Closed => {
                let issued = tokens::issued(tx.sql(), &kept.round).await?;
                shown.issued = issued.into_iter().map(message::issued).collect();
            }
            Phase::Counted | Phase::Published => shown.result = Some(result(tx, &kept, true).await?),
            Phase::Cancelled => {}
        }
    } else {
        shown.result = public(tx, &kept).await?;
    }
    Ok(shown)
}

/// What everyone sees of what was counted.
pub async fn public(tx: &mut Tx, kept: &Kept) -> Result<Option<pb::AppraisalResult>> {
    if kept.round.phase(tx.now()) == Phase::Published {
        result(tx, kept, false).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn result(tx: &mut Tx, kept: &Kept, is_office: bool) -> Result<pb::AppraisalResult> {
    let votes = counting::counted(tx.sql(), &kept.round).await?;
    let standings = appraisal::evaluate(&kept.round, &votes)?;
    let turnouts = counting::turnouts(tx.sql(), &kept.round).await?;
    let mut units = message::units(&kept.round, &votes, &standings);
    for outcome in outcomes::of(tx.sql(), &kept.round).await? {
        let place = usize::try_from(outcome.unit - 1).unwrap_or(usize::MAX);
        if let Some(unit) = units.get_mut(place) {
            unit.outcomes.push(message::outcome(outcome, is_office));
        }
    }
    Ok(message::result(&kept.noted, turnouts, units))
}

/// Rounds, newest first, without what was counted.
///
/// # Errors
/// `UNKNOWN_PAGE_TOKEN`.
pub async fn list(
    ctx: &Context,
    center: Option<DivisionCode>,
    page: Page,
) -> Result<pb::ListAppraisalRoundsResponse> {
    let now = ctx.store.now();
    let mut connection = ctx.store.read().await?;
    let center = center.as_ref().map(DivisionCode::as_str);
    let serials = rounds::page(&mut connection, center, page.after.as_deref(), page.limit()).await?;
    let mut kept = rounds::read_all(&mut connection, &serials).await?;
    kept.sort_by(|one, other| other.round.number.cmp(&one.round.number));
    let next_page_token = page.cut(&mut kept, |kept| kept.round.number.to_string());
    let rounds = kept.iter().map(|kept| message::round(kept, now)).collect();
    Ok(pb::ListAppraisalRoundsResponse { rounds, next_page_token })
}
