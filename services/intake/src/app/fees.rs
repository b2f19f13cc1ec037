//! The fee of an application: asked for, heard of, settled.

use chrono::NaiveDate;
use tracing::Span;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DocumentNumber, Money};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::{Loaded, Step, decide, draw_up_as, load, load_all, save, save_all, timestamp, unknown};
use crate::domain::application::{Application, Fee};
use crate::domain::catalog::Plan;
use crate::domain::documents::{Content, FeeLine};
use crate::store::fees::{self as table, Row, Said};

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
        .version
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
    pub number: CaseNumber,
    pub version: i64,
    pub notice: String,
    pub payment_code: String,
    pub amount_fen: i64,
    pub limit_on: NaiveDate,
    pub lines: Vec<FeeLine>,
}

/// Hands notices on to the applicants of different applications, as documents of the cases.
pub async fn assessed(tx: &mut Tx, assessed: Vec<Assessed>) -> Result<()> {
    let numbers: Vec<CaseNumber> = assessed.iter().map(|assessed| assessed.number.clone()).collect();
    let loaded = load_all(tx, &numbers).await?;
    let (mut rows, mut taken) = (Vec::new(), Vec::new());
    for assessed in assessed {
        let known = loaded.get(&assessed.number).ok_or_else(unknown)?;
        let amount = Money::from_fen(assessed.amount_fen)
            .map_err(|fault| Error::internal(format!("an event carries no amount: {fault:?}")))?;
        let notice = DocumentNumber::parse(&assessed.notice)
            .map_err(|fault| Error::internal(format!("an event names no notice: {fault:?}")))?;
        let content = Content::FeeNotice {
            lines: assessed.lines,
            amount,
            limit_on: assessed.limit_on,
            payment_code: &assessed.payment_code,
        };
        let document = draw_up_as(tx, &known.row, &content, &notice);
        taken.push((known, known.application.clone().note(), document));
        rows.push((
            assessed.version,
            &known.row.number,
            Row {
                notice: Some(assessed.notice),
                payment_code: Some(assessed.payment_code),
                amount_fen: Some(assessed.amount_fen),
                limit_on: Some(assessed.limit_on),
                receipt: None,
                how: None,
            },
        ));
    }
    note(tx, &rows).await?;
    let steps: Vec<Step<'_>> = taken
        .iter()
        .map(|(known, after, document)| Step {
            row: &known.row,
            after,
            happened: "FEE_ASSESSED",
            document: Some(document),
        })
        .collect();
    save_all(tx, &steps).await
}

/// Keeps what notices say: the versions, the applications' numbers, and what they say.
async fn note(tx: &mut Tx, rows: &[(i64, &String, Row)]) -> Result<()> {
    let said: Vec<Said<'_>> =
        rows.iter().map(|(version, number, what)| Said { number, version: *version, what }).collect();
    table::note(tx.sql(), &said).await
}

/// Notes that the amount or the last day changed.
pub async fn relieved(tx: &mut Tx, number: &CaseNumber, version: i64, said: Row) -> Result<()> {
    let loaded = load(tx, number).await?;
    note(tx, &[(version, &loaded.row.number, said)]).await?;
    let after = loaded.application.clone().note();
    save(tx, &loaded.row, &after, "FEE_RELIEVED", None).await
}

/// That nothing more is to be paid, and why.
pub struct Settled {
    pub number: CaseNumber,
    pub version: i64,
    pub said: Row,
    /// Where it is traced.
    pub span: Span,
}

/// Nothing more is to be paid for different applications: those that are decided are completed.
pub async fn settled(tx: &mut Tx, settled: Vec<Settled>) -> Result<()> {
    let numbers: Vec<CaseNumber> = settled.iter().map(|settled| settled.number.clone()).collect();
    let loaded = load_all(tx, &numbers).await?;
    let (mut rows, mut after) = (Vec::new(), Vec::new());
    for Settled { number, version, said, span } in settled {
        let known = loaded.get(&number).ok_or_else(unknown)?;
        rows.push((version, &known.row.number, said));
        let Some(settled) = known.application.clone().settle_fee() else { continue };
        if settled.state == known.application.state {
            after.push((known, settled, "FEE_SETTLED"));
        } else {
            let decision = known.row.decision.as_deref();
            let decision =
                decision.ok_or_else(|| Error::internal("a decided application has no decision"))?;
            span.in_scope(|| decide::tell_completed(tx, &number, &settled, decision));
            after.push((known, settled, "COMPLETED"));
        }
    }
    note(tx, &rows).await?;
    let steps: Vec<Step<'_>> = after
        .iter()
        .map(|(known, after, happened)| Step { row: &known.row, after, happened, document: None })
        .collect();
    save_all(tx, &steps).await
}

/// Notes that the money went back.
pub async fn refunded(tx: &mut Tx, number: &CaseNumber, version: i64) -> Result<()> {
    let loaded = load(tx, number).await?;
    let how = Some("REFUNDED".to_owned());
    let said = Row { notice: None, payment_code: None, amount_fen: None, limit_on: None, receipt: None, how };
    note(tx, &[(version, &loaded.row.number, said)]).await?;
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
