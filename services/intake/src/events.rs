//! What intake does with the events of the approval and of the fees.

use yimen_kernel::CaseNumber;
use yimen_kernel::date::parse_date;
use yimen_kernel::deadline::Ground;
use yimen_kernel::error::{Error, Result};
use yimen_platform::group::waves;
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::approval::v1 as approval;
use yimen_proto::fees::v1 as fees;
use yimen_proto::intake::v1::decision::Outcome as Decision;
use yimen_proto::supervision::v1 as supervision;

use crate::app;
use crate::app::decide::{self, Decided, Returned};
use crate::app::fees::{Assessed, Settled};
use crate::app::procedures::{self, Procedure};
use crate::app::window;
use crate::domain::application::Outcome;
use crate::domain::documents::FeeLine;
use crate::store::fees::Row;

/// The lead handed a department's return on.
pub async fn materials_returned(tx: &mut Tx, event: Received<approval::MaterialsReturned>) -> Result<()> {
    let approval::MaterialsReturned { number, materials, reason, due_on, .. } = event.message;
    decide::ask_again(tx, &case(&number)?, Returned { materials, reason, due_on }).await
}

/// A department joined midway.
pub async fn department_added(tx: &mut Tx, event: Received<approval::DepartmentAdded>) -> Result<()> {
    decide::join(tx, &case(&event.message.number)?, event.message.department).await
}

/// What comes with every case: taken in together.
pub enum Heard {
    /// The lead decided.
    Decided(Decided),
    /// The fee notice was raised.
    Assessed(Assessed),
    /// Nothing more is to be paid.
    Settled(Settled),
}

/// Takes in what was heard, decisions before notices and notices before their settlement: the order in which a
/// case has them, but for a fee that is paid before the decision, where either order comes to the same.
pub async fn hear(tx: &mut Tx, heard: Vec<Heard>) -> Result<()> {
    let (mut decided, mut assessed, mut settled) = (Vec::new(), Vec::new(), Vec::new());
    for heard in heard {
        match heard {
            Heard::Decided(one) => decided.push(one),
            Heard::Assessed(one) => assessed.push(one),
            Heard::Settled(one) => settled.push(one),
        }
    }
    for wave in waves(decided, |one| one.number.clone()) {
        decide::decide(tx, wave).await?;
    }
    for wave in waves(assessed, |one| one.number.clone()) {
        app::fees::assessed(tx, wave).await?;
    }
    for wave in waves(settled, |one| one.number.clone()) {
        app::fees::settled(tx, wave).await?;
    }
    Ok(())
}

/// The lead decided.
pub fn decided(event: Received<approval::JointApprovalDecided>) -> Result<Heard> {
    let outcome = match event.message.outcome() {
        Decision::Granted => Outcome::Granted,
        Decision::GrantedWithConditions => Outcome::GrantedWithConditions,
        Decision::Refused => Outcome::Refused,
        Decision::Unspecified => return Err(Error::internal("a decision without outcome")),
    };
    let (number, span) = (case(&event.message.number)?, event.span);
    let approval::JointApprovalDecided { conditions, reasons, materials_revision, .. } = event.message;
    Ok(Heard::Decided(Decided { number, outcome, conditions, reasons, materials_revision, span }))
}

/// A special procedure began.
pub async fn procedure_started(
    tx: &mut Tx,
    event: Received<approval::SpecialProcedureStarted>,
) -> Result<()> {
    let message = event.message;
    let procedure = Procedure {
        ground: ground(&message)?,
        id: message.procedure,
        reason: message.reason,
        from: day(&message.from_on)?,
        until: day(&message.until_on)?,
    };
    procedures::started(tx, &case(&message.number)?, procedure).await
}

/// A special procedure is over.
pub async fn procedure_ended(tx: &mut Tx, event: Received<approval::SpecialProcedureEnded>) -> Result<()> {
    procedures::ended(tx, &case(&event.message.number)?).await
}

/// The limit was extended.
pub async fn limit_extended(tx: &mut Tx, event: Received<approval::LimitExtended>) -> Result<()> {
    let by_government = event.message.authority() == approval::extension::Authority::GovernmentHead;
    let approval::LimitExtended { number, days, reason, .. } = event.message;
    procedures::extended(tx, &case(&number)?, days, by_government, &reason).await
}

/// Nothing was said of the application in five working days.
pub async fn acceptance_lapsed(tx: &mut Tx, event: Received<supervision::AcceptanceLapsed>) -> Result<()> {
    window::deem_accepted(tx, &case(&event.message.number)?, event.message.notices).await
}

/// The fee notice was raised.
pub fn fee_assessed(event: Received<fees::FeeAssessed>) -> Result<Heard> {
    let version = event.envelope.version;
    let fees::FeeAssessed { number, notice, payment_code, amount_fen, limit_on, lines, .. } = event.message;
    let lines = lines
        .into_iter()
        .map(|line| FeeLine {
            name_zh: line.name_zh,
            name_en: line.name_en,
            quantity: line.quantity,
            unit: line.unit,
            amount_fen: line.amount_fen,
            basis: line.legal_basis,
        })
        .collect();
    let limit_on = day(&limit_on)?;
    let number = case(&number)?;
    Ok(Heard::Assessed(Assessed { number, version, notice, payment_code, amount_fen, limit_on, lines }))
}

/// The amount or the last day to pay changed.
pub async fn fee_relieved(tx: &mut Tx, event: Received<fees::FeeRelieved>) -> Result<()> {
    let message = event.message;
    let said = Row {
        notice: Some(message.notice),
        payment_code: None,
        amount_fen: Some(message.amount_fen),
        limit_on: Some(day(&message.limit_on)?),
        receipt: None,
        how: None,
    };
    app::fees::relieved(tx, &case(&message.number)?, event.envelope.version, said).await
}

/// Nothing more is to be paid.
pub fn fee_settled(event: Received<fees::FeeSettled>) -> Result<Heard> {
    let (version, span) = (event.envelope.version, event.span);
    let how = event.message.how();
    let message = event.message;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let said = Row {
        notice: given(message.notice),
        payment_code: None,
        amount_fen: None,
        limit_on: None,
        receipt: given(message.receipt),
        how: Some(how.as_str_name().to_owned()),
    };
    Ok(Heard::Settled(Settled { number: case(&message.number)?, version, said, span }))
}

/// The money went back.
pub async fn fee_refunded(tx: &mut Tx, event: Received<fees::FeeRefunded>) -> Result<()> {
    app::fees::refunded(tx, &case(&event.message.number)?, event.envelope.version).await
}

fn ground(message: &approval::SpecialProcedureStarted) -> Result<Ground> {
    Ground::parse(message.ground_code())
        .map_err(|fault| Error::internal(format!("an event names no ground: {fault:?}")))
}

fn day(text: &str) -> Result<chrono::NaiveDate> {
    parse_date(text).map_err(|fault| Error::internal(format!("an event names no day: {fault:?}")))
}

fn case(number: &str) -> Result<CaseNumber> {
    CaseNumber::parse(number).map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))
}
