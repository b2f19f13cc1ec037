//! 民主评议: rounds from their setting up to their publication.

pub mod counting;
pub mod electorate;
pub mod outcomes;
pub mod read;
pub mod voting;

use chrono::{DateTime, Datelike as _, Utc};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DivisionCode, DocumentNumber, Reason};
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::today;
use crate::domain::appraisal::{Group, Round, Rules, State, Unit, unknown};
use crate::domain::recusal;
use crate::store::appraisal::rounds::{self, Kept};

/// What is set up.
pub struct Setting {
    pub center: DivisionCode,
    pub title: String,
    pub award: String,
    pub rules: Rules,
    pub minimum: u64,
    pub weights: Option<Vec<(Group, u32)>>,
    pub units: Vec<Unit>,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// Sets up a round.
///
/// # Errors
/// `OTHER_CENTER`; `RECUSED` for whoever belongs to a unit; `BACK_DATED` at `open_time`.
pub async fn create(tx: &mut Tx, actor: &Actor, setting: Setting) -> Result<pb::AppraisalRound> {
    if !recusal::oversees(actor, &setting.center) {
        return Err(Error::denied(Reason::OtherCenter).with("center", &setting.center));
    }
    if setting.opens_at <= tx.now() {
        let fault =
            yimen_kernel::FieldError::new("open_time", Reason::BackDated).limit(tx.now().to_rfc3339());
        return Err(Error::invalid(vec![fault]));
    }
    let serial = rounds::next_serial(tx.sql()).await?;
    let number = DocumentNumber::issue(&setting.center, "PY", today(tx).year(), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("round")]))?;
    let Setting { title, award, rules, minimum, weights, units, opens_at, closes_at, .. } = setting;
    let round = Round {
        serial: i32::try_from(serial).map_err(Error::internal)?,
        number,
        version: 1,
        title,
        award,
        rules,
        minimum,
        weights,
        units,
        opens_at,
        closes_at,
        state: State::Set,
    };
    round.manage(actor)?;
    rounds::insert(tx.sql(), &round).await?;
    read::shown(tx, actor, &round.number).await
}

/// Calls a round off before it opens.
///
/// # Errors
/// `APPRAISAL_ROUND_UNKNOWN`, `OTHER_CENTER`, `RECUSED`, `STATE_FORBIDS`.
pub async fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    number: &DocumentNumber,
    reason: &str,
) -> Result<pb::AppraisalRound> {
    let Kept { round, .. } = managed(tx, actor, number).await?;
    round.preparing(tx.now())?;
    rounds::cancel(tx.sql(), &round, reason).await?;
    read::shown(tx, actor, number).await
}

/// A round that the caller runs, held until the transaction ends.
async fn managed(tx: &mut Tx, actor: &Actor, number: &DocumentNumber) -> Result<Kept> {
    let kept = rounds::lock(tx.sql(), number).await?.ok_or_else(unknown)?;
    kept.round.manage(actor)?;
    Ok(kept)
}
