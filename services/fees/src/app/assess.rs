//! Raising the one notice of an application, and letting it lapse.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Utc};
use tracing::{Instrument as _, Span};
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Calendar, CaseNumber, DepartmentId, DocumentNumber, PaymentCode, Quantity, Reason};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fee_settled::How;

use super::{Booked, book_all, notices as operations, settle, timestamp};
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

/// An application whose fees are due.
pub struct Request {
    pub case: Case,
    pub due: Vec<Due>,
    /// Where it is traced.
    pub span: Span,
}

/// Raises the notices of applications, each once, of the fees that have a lawful basis in force today.
pub async fn raise(tx: &mut Tx, requests: Vec<Request>) -> Result<()> {
    let numbers: Vec<&str> = requests.iter().map(|request| request.case.number.as_str()).collect();
    let lapsed = notices::take_turns(tx.sql(), &numbers).await?;
    let codes: BTreeSet<&str> =
        requests.iter().flat_map(|request| &request.due).map(|due| due.fee.as_str()).collect();
    let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
    let now = tx.now();
    let versions = catalog::on_day(tx.sql(), &codes, local_date(now)).await?;
    let mut charged = Vec::with_capacity(requests.len());
    for Request { case, due, span } in requests {
        if lapsed.contains(case.number.as_str()) {
            // It lapsed before it was heard of; whoever waits for its fee is told all the same.
            span.in_scope(|| settle::tell(tx, &case.number, 1, How::Cancelled, None, 0));
            continue;
        }
        let (lines, fees) = lawful(tx, &case.number, due, &versions).instrument(span.clone()).await?;
        if lines.is_empty() {
            span.in_scope(|| settle::tell(tx, &case.number, 1, How::NothingLawful, None, 0));
            continue;
        }
        charged.push((case, lines, fees, span));
    }
    if charged.is_empty() {
        return Ok(());
    }
    let serials = notices::next_serials(tx, charged.len()).await?;
    let calendar = tx.calendar().await?.calendar;
    let (mut raised, mut spans) = (Vec::with_capacity(charged.len()), BTreeMap::new());
    for ((case, lines, fees, span), serials) in charged.into_iter().zip(serials) {
        let kept = notice(case, lines, fees, serials, &calendar, now)?;
        spans.insert(kept.notice.notice.to_string(), span);
        raised.push(kept);
    }
    // A second request for the fees of an application changes nothing: there is one notice.
    let added = notices::insert(tx.sql(), &raised).await?;
    raised.retain(|kept| added.contains(kept.notice.notice.as_str()));
    let issued = raised.iter().filter(|kept| matches!(kept.notice.state, State::Issued { .. }));
    let booked = issued.map(|kept| assessed(&kept.notice));
    book_all(tx, Kind::Assessed, &booked.collect::<Vec<_>>()).await?;
    for kept in &raised {
        let span = spans.remove(kept.notice.notice.as_str()).unwrap_or_else(Span::none);
        span.in_scope(|| tell(tx, kept))?;
    }
    Ok(())
}

/// The notice of an application, issued if nothing is to be measured.
fn notice(
    case: Case,
    lines: Vec<Line>,
    fees: Vec<pb::Fee>,
    (serial, code_serial): (u32, u64),
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<Kept> {
    let (center, today) = (case.number.center(), local_date(now));
    let invalid = |fault: yimen_kernel::FieldFault| Error::invalid(vec![fault.at("notice")]);
    let notice = Notice {
        notice: DocumentNumber::issue(&center, "JF", today.year(), serial).map_err(invalid)?,
        payment_code: PaymentCode::issue(&center, today.year(), code_serial).map_err(invalid)?,
        number: case.number,
        state: State::Measuring,
        version: 1,
        lines,
    };
    let limit_on = calendar.after_days(today, notice.pay_within_days());
    let about = About {
        item_name_zh: case.item_name_zh,
        item_name_en: case.item_name_en,
        payer: case.payer,
        payer_is_person: case.payer_is_person,
        created_at: now,
        settled_at: None,
        receipt: None,
    };
    Ok(Kept { notice: notice.issue(limit_on)?, about, fees })
}

/// Those of the fees that may be charged; the others are noted and told of.
async fn lawful(
    tx: &mut Tx,
    number: &CaseNumber,
    due: Vec<Due>,
    versions: &[catalog::Published],
) -> Result<(Vec<Line>, Vec<pb::Fee>)> {
    let today = local_date(tx.now());
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

/// What is booked of a notice when it is issued.
fn assessed(notice: &Notice) -> Booked<'_> {
    let source = format!("{}/{}", notice.notice, notice.version);
    Booked { source, notice, moves: ledger::assessed(notice) }
}

/// Tells of a notice when it is issued, or when nothing comes of it; nothing before.
fn tell(tx: &mut Tx, kept: &Kept) -> Result<()> {
    let notice = &kept.notice;
    match notice.state {
        State::Issued { limit_on } => {
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
    notices::save(tx.sql(), &[(&kept.notice, &after.notice)], now).await?;
    if matches!(after.notice.state, State::Issued { .. }) {
        book_all(tx, Kind::Assessed, &[assessed(&after.notice)]).await?;
    }
    tell(tx, &after)?;
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
    notices::take_turns(tx.sql(), &[number.as_str()]).await?;
    notices::lapse(tx.sql(), number, now).await?;
    match notices::lock(tx.sql(), Key::Number(number)).await? {
        Some(kept) if !kept.notice.state.is_closed() => {
            operations::cancel_kept(tx, kept, "申请已撤回或者未获准予，不再收取。".to_owned()).await.map(drop)
        }
        _ => Ok(()),
    }
}
