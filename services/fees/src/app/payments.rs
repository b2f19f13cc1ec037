//! Money comes in: at the counter, or reported by the bank.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tracing::Span;
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DocumentNumber, Fields, Money, PaymentCode, text};
use yimen_platform::group::waves;
use yimen_platform::store::Tx;
use yimen_platform::{Context, signature};
use yimen_proto::fees::v1 as pb;
use yimen_proto::policy::v1::SignedCallback;

use super::settle::{self, Paid};
use super::timestamp;
use crate::domain::ledger::{self, Account, Kind};
use crate::domain::notice::State;
use crate::domain::payment::{Anomaly, Channel, anomaly};
use crate::grpc::message;
use crate::store::ledger::{About, book};
use crate::store::notices::{self, Kept, Key};
use crate::store::payments::{self as table, Row};

/// How far the bank's clock may be ahead of ours.
const AHEAD: Duration = Duration::minutes(5);
/// The longest reference and code that a bank may give.
const TEXT_MAX: usize = 64;

/// A payment at the counter.
pub struct Counter {
    pub notice: DocumentNumber,
    pub channel: Channel,
    pub amount: Money,
    pub reference: Option<String>,
    pub cashier: String,
}

/// Takes exactly what notices ask for; each span is where its payment is traced. Gives what became of each; a refusal
/// leaves nothing.
///
/// # Errors
/// `REFERENCE_REUSED` for all when one payment's reference was used before.
pub async fn take(
    tx: &mut Tx,
    counters: Vec<(Span, Counter)>,
) -> Result<Vec<Result<pb::TakePaymentResponse>>> {
    let mut outcomes = Vec::with_capacity(counters.len());
    let placed: Vec<(usize, (Span, Counter))> = counters.into_iter().enumerate().collect();
    // Who pays a notice again finds it paid.
    for wave in waves(placed, |(_, (_, counter))| counter.notice.to_string()) {
        outcomes.extend(side_by_side(tx, wave).await?);
    }
    outcomes.sort_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Takes payments of different notices.
async fn side_by_side(
    tx: &mut Tx,
    counters: Vec<(usize, (Span, Counter))>,
) -> Result<Vec<(usize, Result<pb::TakePaymentResponse>)>> {
    let now = tx.now();
    let numbers: Vec<String> = counters.iter().map(|(_, (_, counter))| counter.notice.to_string()).collect();
    let known: HashMap<String, Kept> = notices::lock_all(tx.sql(), &numbers)
        .await?
        .into_iter()
        .map(|kept| (kept.notice.notice.to_string(), kept))
        .collect();
    let (mut outcomes, mut rows, mut paid) = (Vec::new(), Vec::new(), Vec::new());
    for ((place, (span, counter)), number) in counters.into_iter().zip(&numbers) {
        let found = known.get(number).ok_or_else(|| Error::not_found(Reason::NoticeUnknown));
        match found.and_then(|kept| Ok((kept, received(kept, counter, now)?))) {
            Err(refusal) => outcomes.push((place, Err(refusal))),
            Ok((kept, (from, row))) => {
                paid.push(Paid { kept, from, source: row.payment.to_string(), span });
                rows.push((place, row));
            }
        }
    }
    if rows.is_empty() {
        return Ok(outcomes);
    }
    let receipts = settle::pay_all(tx, Kind::Paid, &paid).await?;
    for ((_, row), receipt) in rows.iter_mut().zip(receipts) {
        row.receipt = Some(receipt);
    }
    let (places, rows): (Vec<usize>, Vec<Row>) = rows.into_iter().unzip();
    if !table::insert(tx.sql(), &rows).await? {
        return Err(Error::precondition(Reason::ReferenceReused));
    }
    let answer = |row: &Row| pb::TakePaymentResponse {
        payment: Some(message::payment(row)),
        receipt: row.receipt.clone().unwrap_or_default(),
    };
    outcomes.extend(places.into_iter().zip(rows.iter().map(|row| Ok(answer(row)))));
    Ok(outcomes)
}

/// Where the money of a payment lies, and its row; it has no receipt yet.
fn received(kept: &Kept, counter: Counter, now: DateTime<Utc>) -> Result<(Account, Row)> {
    let notice = &kept.notice;
    let limit_on = match notice.state {
        State::Issued { limit_on } | State::Overdue { limit_on } => limit_on,
        _ => return Err(notice.forbidden()),
    };
    let due = notice.amount()?;
    if counter.amount != due {
        return Err(Error::precondition(Reason::AmountDiffers).with("due", due.fen()));
    }
    if local_date(now) > limit_on {
        return Err(Error::precondition(Reason::FeeOverdue).with("limit_on", limit_on));
    }
    let payment = Uuid::now_v7();
    let digest = Sha256::digest(format!("{} {}", notice.notice, due.fen()));
    let mut row = Row {
        payment,
        channel: counter.channel.as_str().to_owned(),
        source: match counter.channel {
            Channel::Card => format!("card/{}", notice.center()),
            _ => format!("counter/{}", counter.cashier),
        },
        reference: counter.reference.unwrap_or_else(|| payment.to_string()),
        digest: digest.to_vec(),
        center: Some(notice.center().to_string()),
        payment_code: notice.payment_code.to_string(),
        notice: Some(notice.notice.to_string()),
        amount_fen: due.fen(),
        state: String::new(),
        anomaly: None,
        receipt: None,
        paid_at: now,
        received_at: now,
        resolution: String::new(),
    };
    row.set(None);
    Ok((ledger::till(counter.channel), row))
}

/// What a bank reports, as JSON.
#[derive(Deserialize)]
struct Reported {
    reference: String,
    payment_code: String,
    amount_fen: i64,
    paid_at: String,
}

struct BankPayment {
    source: String,
    reference: String,
    /// As the payer gave it: money under a code that is none is still money.
    payment_code: String,
    amount: Money,
    paid_at: DateTime<Utc>,
    digest: [u8; 32],
}

/// Takes in what a bank reports, once, however often it says so.
///
/// # Errors
/// `BAD_SIGNATURE`, `STALE_SIGNATURE`, the fields that are wrong; `REFERENCE_REUSED` for another payment under
/// a reference that was reported.
pub async fn report(ctx: &Context, callback: &SignedCallback) -> Result<pb::BankPaymentAnswer> {
    let now = ctx.store.now();
    signature::verify(&ctx.config.bank_keys, callback, now)?;
    let reported = parse(callback, now)?;
    let mut tx = ctx.store.begin().await?;
    if let Some(row) = take_in(&mut tx, &reported).await? {
        tx.commit().await?;
        return Ok(message::bank_answer(&row));
    }
    // It was reported before; what this transaction did is undone, and the earlier answer stands.
    drop(tx);
    let mut connection = ctx.store.read().await?;
    let earlier = table::reported(&mut connection, &reported.source, &reported.reference).await?;
    match earlier {
        Some(row) if row.digest == reported.digest => Ok(message::bank_answer(&row)),
        Some(_) => Err(Error::precondition(Reason::ReferenceReused)),
        None => Err(Error::aborted(Reason::StaleVersion)),
    }
}

fn parse(callback: &SignedCallback, now: DateTime<Utc>) -> Result<BankPayment> {
    let malformed = || Error::new(yimen_kernel::Kind::InvalidArgument, Reason::MalformedBody);
    let body: Reported = serde_json::from_slice(&callback.body).map_err(|_| malformed())?;
    let mut fields = Fields::new();
    let reference = fields.take("reference", text::line(&body.reference, TEXT_MAX));
    let payment_code = fields.take("payment_code", text::line(&body.payment_code, TEXT_MAX));
    let amount = fields.take("amount_fen", Money::from_fen(body.amount_fen));
    if amount.is_some_and(Money::is_zero) {
        fields.add("amount_fen", Reason::OutOfRange);
    }
    let paid_at = DateTime::parse_from_rfc3339(&body.paid_at).map(|at| at.to_utc()).ok();
    match paid_at {
        None => fields.add("paid_at", Reason::BadFormat),
        Some(at) if at > now + AHEAD => fields.add_limit("paid_at", Reason::OutOfRange, now.to_rfc3339()),
        Some(_) => {}
    }
    let key = &callback.key_id;
    fields.build(|| {
        let (reference, payment_code, amount, paid_at) = (reference?, payment_code?, amount?, paid_at?);
        let content = format!("{payment_code} {} {}", amount.fen(), paid_at.timestamp_millis());
        let digest = Sha256::digest(content).into();
        Some(BankPayment { source: format!("bank/{key}"), reference, payment_code, amount, paid_at, digest })
    })
}

/// Books a reported payment; none if it was reported before.
async fn take_in(tx: &mut Tx, reported: &BankPayment) -> Result<Option<Row>> {
    let code = PaymentCode::parse(&reported.payment_code).ok();
    let kept = match &code {
        Some(code) => notices::lock(tx.sql(), Key::PaymentCode(code)).await?,
        None => None,
    };
    let notice = kept.as_ref().map(|kept| &kept.notice);
    let odd = anomaly(notice, reported.amount, local_date(reported.paid_at))?;
    let now = tx.now();
    let mut row = Row {
        payment: Uuid::now_v7(),
        channel: Channel::Bank.as_str().to_owned(),
        source: reported.source.clone(),
        reference: reported.reference.clone(),
        digest: reported.digest.to_vec(),
        center: notice.map(|notice| notice.center().to_string()),
        payment_code: code.map_or_else(|| reported.payment_code.clone(), |code| code.to_string()),
        notice: notice.map(|notice| notice.notice.to_string()),
        amount_fen: reported.amount.fen(),
        state: String::new(),
        anomaly: None,
        receipt: None,
        paid_at: reported.paid_at,
        received_at: now,
        resolution: String::new(),
    };
    row.set(odd);
    match (odd, &kept) {
        (None, Some(kept)) => {
            let source = row.payment.to_string();
            let paid = Paid { kept, from: Account::Bank, source, span: Span::current() };
            row.receipt = Some(settle::pay(tx, Kind::Paid, paid).await?);
        }
        (odd, kept) => {
            hold(tx, &row, odd.unwrap_or(Anomaly::UnknownCode), kept.as_ref(), reported.amount).await?
        }
    }
    Ok(table::insert(tx.sql(), std::slice::from_ref(&row)).await?.then_some(row))
}

/// Books money that fits no notice, and tells that a person has to look.
async fn hold(tx: &mut Tx, row: &Row, odd: Anomaly, kept: Option<&Kept>, amount: Money) -> Result<()> {
    let number = kept.map(|kept| kept.notice.number.as_str());
    let center = row.center.as_deref().unwrap_or_default();
    let at = tx.now();
    let moves = ledger::shift(Account::Bank, Account::Suspense, amount);
    let about = About { source: row.payment.to_string(), center, number, at };
    book(tx.sql(), Kind::Held, &about, moves.as_slice()).await?;
    tx.emit(
        center,
        &row.payment.to_string(),
        1,
        &pb::PaymentHeld {
            payment: row.payment.to_string(),
            anomaly: message::anomaly(odd) as i32,
            amount_fen: row.amount_fen,
            time: Some(timestamp(at)),
        },
    );
    Ok(())
}
