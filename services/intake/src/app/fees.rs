//! The fee of an application: asked for, heard of, settled.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DocumentNumber, Money};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::{Loaded, issue_as, load, save, timestamp};
use crate::domain::application::{Application, Fee};
use crate::domain::catalog::Plan;
use crate::domain::documents::{Content, FeeLine};
use crate::store::fees::{self as table, Row};

/// Asks the fees service to raise the notice.
pub fn ask(tx: &mut Tx, number: &CaseNumber, loaded: &Loaded, after: &Application) -> Result<()> {
    let center = number.center();
    let department = |short: &str| {
        Plan::department(&center, short)
            .map(|id| id.to_string())
            .ok_or_else(|| Error::internal(format!("no department id for {short}")))
    };
    let form = &loaded.row.form.0;
    let fees = loaded
        .item
        .fees
        .iter()
        .map(|fee| {
            let quantity = fee.quantity_field.as_ref().and_then(|field| form.get(field)).cloned();
            Ok(pb::DueFee {
                fee: fee.fee.clone(),
                department: department(&fee.department)?,
                quantity: quantity.unwrap_or_default(),
            })
        })
        .collect::<Result<_>>()?;
    let time = Some(timestamp(tx.now()));
    tx.emit(
        center.as_str(),
        number.as_str(),
        after.version,
        &pb::FeesDue {
            number: number.to_string(),
            center: center.to_string(),
            item_name_zh: loaded.row.item_name_zh.clone(),
            item_name_en: loaded.row.item_name_en.clone(),
            payer: loaded.row.applicant_name.clone(),
            payer_is_person: loaded.row.applicant_kind == "PERSON",
            fees,
            time,
        },
    );
    Ok(())
}

/// Tells the fees service that nothing is to be paid any more.
pub fn lapse(tx: &mut Tx, number: &CaseNumber, after: &Application) {
    let (center, time) = (number.center(), Some(timestamp(tx.now())));
    tx.emit(
        center.as_str(),
        number.as_str(),
        after.version,
        &pb::FeesLapsed { number: number.to_string(), center: center.to_string(), time },
    );
}

/// The notice as the fees service raised it.
pub struct Assessed {
    pub notice: String,
    pub payment_code: String,
    pub amount_fen: i64,
    pub limit_on: NaiveDate,
    pub lines: Vec<FeeLine>,
}

/// Hands the notice on to the applicant, as a document of the case.
pub async fn assessed(tx: &mut Tx, number: &CaseNumber, version: i64, assessed: Assessed) -> Result<()> {
    let loaded = load(tx, number).await?;
    let said = Row {
        notice: Some(assessed.notice.clone()),
        payment_code: Some(assessed.payment_code.clone()),
        amount_fen: Some(assessed.amount_fen),
        limit_on: Some(assessed.limit_on),
        receipt: None,
        how: None,
    };
    table::note(tx.sql(), number.as_str(), version, &said).await?;
    let amount = Money::from_fen(assessed.amount_fen)
        .map_err(|fault| Error::internal(format!("an event carries no amount: {fault:?}")))?;
    let document = DocumentNumber::parse(&assessed.notice)
        .map_err(|fault| Error::internal(format!("an event names no notice: {fault:?}")))?;
    let content = Content::FeeNotice {
        lines: assessed.lines,
        amount,
        limit_on: assessed.limit_on,
        payment_code: &assessed.payment_code,
    };
    issue_as(tx, &loaded.row, &content, &document).await?;
    let after = loaded.application.clone().note();
    save(tx, &loaded.row, &after, "FEE_ASSESSED", Some(&assessed.notice)).await
}

/// Notes that the amount or the last day changed.
pub async fn relieved(tx: &mut Tx, number: &CaseNumber, version: i64, said: Row) -> Result<()> {
    let loaded = load(tx, number).await?;
    table::note(tx.sql(), number.as_str(), version, &said).await?;
    let after = loaded.application.clone().note();
    save(tx, &loaded.row, &after, "FEE_RELIEVED", None).await
}

/// Nothing more is to be paid: a decided application is completed.
pub async fn settled(tx: &mut Tx, number: &CaseNumber, version: i64, said: Row) -> Result<()> {
    let loaded = load(tx, number).await?;
    table::note(tx.sql(), number.as_str(), version, &said).await?;
    let Some(after) = loaded.application.clone().settle_fee() else { return Ok(()) };
    if after.state == loaded.application.state {
        return save(tx, &loaded.row, &after, "FEE_SETTLED", None).await;
    }
    save(tx, &loaded.row, &after, "COMPLETED", None).await?;
    super::decide::tell_completed(tx, number, &after).await
}

/// Notes that the money went back.
pub async fn refunded(tx: &mut Tx, number: &CaseNumber, version: i64) -> Result<()> {
    let loaded = load(tx, number).await?;
    let how = Some("REFUNDED".to_owned());
    let said = Row { notice: None, payment_code: None, amount_fen: None, limit_on: None, receipt: None, how };
    table::note(tx.sql(), number.as_str(), version, &said).await?;
    let after = loaded.application.clone().note();
    save(tx, &loaded.row, &after, "FEE_REFUNDED", None).await
}

/// What a step means for the fees service.
pub fn follow(tx: &mut Tx, number: &CaseNumber, loaded: &Loaded, after: &Application) -> Result<()> {
    let refused = after.state.outcome() == Some(crate::domain::application::Outcome::Refused);
    match (loaded.application.fee, after.fee) {
        (Fee::Free | Fee::Later, Fee::Due) => ask(tx, number, loaded, after),
        (Fee::Due, Fee::Due) if refused => {
            lapse(tx, number, after);
            Ok(())
        }
        _ => Ok(()),
    }
}
