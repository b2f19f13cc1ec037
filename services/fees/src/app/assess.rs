//! Raising the one notice of an application, and letting it lapse.

use chrono::Datelike as _;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DepartmentId, DocumentNumber, PaymentCode, Quantity, Reason};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fee_settled::How;

use super::{book, notices as operations, settle, timestamp};
use crate::domain::ledger::{self, Kind};
use crate::domain::notice::{Line, Notice, State};
use crate::grpc::{fee as published, message};
use crate::store::catalog;
use crate::store::notices::{self, About, Kept, Key};

/// One fee of an application, as the item asks for it.
pub struct Due {
    pub fee: String,
    pub department: DepartmentId,
    pub quantity: Option<Quantity>,
}

/// What the notice says of its application.
pub struct Case {
    pub number: CaseNumber,
    pub item_name_zh: String,
    pub item_name_en: String,
    pub payer: String,
    pub payer_is_person: bool,
}

/// Raises the notice of an application, once, of the fees that have a lawful basis in force today.
pub async fn raise(tx: &mut Tx, case: Case, due: Vec<Due>) -> Result<()> {
    if notices::take_turn(tx.sql(), &case.number).await? {
        // It lapsed before it was heard of; whoever waits for its fee is told all the same.
        settle::tell(tx, &case.number, 1, How::Cancelled, None, 0);
        return Ok(());
    }
    let now = tx.now();
    let (lines, fees) = lawful(tx, &case.number, due).await?;
    if lines.is_empty() {
        settle::tell(tx, &case.number, 1, How::NothingLawful, None, 0);
        return Ok(());
    }
    let center = case.number.center();
    let (serial, code_serial) = notices::next_serials(tx.sql()).await?;
    let today = local_date(now);
    let invalid = |fault: yimen_kernel::FieldFault| Error::invalid(vec![fault.at("notice")]);
    let notice = Notice {
        notice: DocumentNumber::issue(&center, "JF", today.year(), serial).map_err(invalid)?,
        payment_code: PaymentCode::issue(&center, today.year(), code_serial).map_err(invalid)?,
        number: case.number,
        state: State::Measuring,
        version: 1,
        lines,
    };
    let limit_on = tx.calendar().await?.calendar.after_days(today, notice.pay_within_days());
    let about = About {
        item_name_zh: case.item_name_zh,
        item_name_en: case.item_name_en,
        payer: case.payer,
        payer_is_person: case.payer_is_person,
        created_at: now,
        settled_at: None,
        receipt: None,
    };
    let kept = Kept { notice: notice.issue(limit_on)?, about, fees };
    // A second request for the fees of an application changes nothing: there is one notice.
    if notices::insert(tx.sql(), &kept).await? {
        issued(tx, &kept).await?;
    }
    Ok(())
}

/// Those of the fees that may be charged; the others are noted and told of.
async fn lawful(tx: &mut Tx, number: &CaseNumber, due: Vec<Due>) -> Result<(Vec<Line>, Vec<pb::Fee>)> {
    let today = local_date(tx.now());
    let codes: Vec<String> = due.iter().map(|due| due.fee.clone()).collect();
    let versions = catalog::on_day(tx.sql(), &codes, today).await?;
    let (mut lines, mut fees) = (Vec::new(), Vec::new());
    for due in due {
        let version = versions.iter().find(|version| version.code == due.fee);
        let (fee, guide) = match version {
            Some(version) => published::decode(&version.body)?,
            None => {
                refuse(tx, number, &due.fee, &due.department, Reason::FeeUnknown).await?;
                continue;
            }
        };
        match fee.admit(&due.department, today) {
            Err(reason) => refuse(tx, number, &due.fee, &due.department, reason).await?,
            Ok(()) => {
                let line = Line::new(&fee, due.department, due.quantity);
                lines.push(line.map_err(|fault| Error::invalid(vec![fault.at("quantity")]))?);
                fees.push(guide);
            }
        }
    }
    Ok((lines, fees))
}

/// Notes an attempt to charge without a lawful basis, and tells supervision.
pub async fn refuse(
    tx: &mut Tx,
    number: &CaseNumber,
    fee: &str,
    department: &DepartmentId,
    reason: Reason,
) -> Result<()> {
    let now = tx.now();
    notices::refuse_charge(tx.sql(), number.as_str(), fee, department.as_str(), reason, now).await?;
    tracing::warn!(case = %number, fee, department = %department, reason = reason.as_str(), "A charge without a lawful basis was refused.");
    tx.emit(
        number.center().as_str(),
        number.as_str(),
        1,
        &pb::UnlawfulFeeRefused {
            number: number.to_string(),
            fee: fee.to_owned(),
            department: department.to_string(),
            reason: reason.as_str().to_owned(),
            time: Some(timestamp(now)),
        },
    );
    Ok(())
}

/// Books and tells of a notice when it is issued; nothing before.
async fn issued(tx: &mut Tx, kept: &Kept) -> Result<()> {
    let notice = &kept.notice;
    match notice.state {
        State::Issued { limit_on } => {
            let source = format!("{}/{}", notice.notice, notice.version);
            book(tx, Kind::Assessed, source, notice, &ledger::assessed(notice)).await?;
            let time = Some(timestamp(tx.now()));
            tx.emit(
                notice.center().as_str(),
                notice.number.as_str(),
                notice.version,
                &pb::FeeAssessed {
                    number: notice.number.to_string(),
                    notice: notice.notice.to_string(),
                    payment_code: notice.payment_code.to_string(),
                    amount_fen: notice.amount()?.fen(),
                    limit_on: limit_on.to_string(),
                    lines: message::lines(kept),
                    time,
                },
            );
        }
        State::Waived { .. } => {
            settle::tell(tx, &notice.number, notice.version, How::Waived, Some(notice), 0)
        }
        _ => {}
    }
    Ok(())
}

/// The department measures its fee; when it was the last, the notice is issued.
pub async fn measure(
    tx: &mut Tx,
    notice: &DocumentNumber,
    department: &DepartmentId,
    fee: &str,
    quantity: Quantity,
) -> Result<pb::FeeNotice> {
    let kept = super::lock(tx, notice).await?;
    let today = local_date(tx.now());
    for guide in kept.fees.iter().filter(|guide| guide.code == fee) {
        published::read(guide)?.admit(department, today).map_err(Error::denied)?;
    }
    let measured = kept.notice.clone().measure(department, fee, quantity)?;
    let limit_on = tx.calendar().await?.calendar.after_days(today, measured.pay_within_days());
    let after = Kept { notice: measured.issue(limit_on)?, ..kept.clone() };
    let now = tx.now();
    notices::save(tx.sql(), &kept.notice, &after.notice, now).await?;
    issued(tx, &after).await?;
    message::notice(&after, &[])
}

/// Notes an attempt to measure what the department may not charge. The refused call itself leaves nothing,
/// so this is a transaction of its own.
pub async fn note_refused(
    ctx: &Context,
    notice: &DocumentNumber,
    department: &DepartmentId,
    fee: &str,
    reason: Reason,
) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    let kept = super::lock(&mut tx, notice).await?;
    refuse(&mut tx, &kept.notice.number, fee, department, reason).await?;
    tx.commit().await
}

/// No fee is due any more: what is not paid is cancelled.
pub async fn lapse(tx: &mut Tx, number: &CaseNumber) -> Result<()> {
    let now = tx.now();
    notices::take_turn(tx.sql(), number).await?;
    notices::lapse(tx.sql(), number, now).await?;
    match notices::lock(tx.sql(), Key::Number(number)).await? {
        Some(kept) if !kept.notice.state.is_closed() => {
            operations::cancel_kept(tx, kept, "申请已撤回或者未获准予，不再收取。".to_owned()).await.map(drop)
        }
        _ => Ok(()),
    }
}
