//! A person decides what becomes of a payment that settled nothing by itself.

use tracing::Span;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, DivisionCode, DocumentNumber, Money};
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;

use super::settle::{self, Paid};
use crate::domain::ledger::{self, Account, Kind};
use crate::domain::notice::State;
use crate::grpc::message;
use crate::store::ledger::{About, book};
use crate::store::notices::{self, Kept, Key};
use crate::store::payments::{self as table, Resolution, Row};

/// What is decided.
pub enum Decided {
    /// Settles the notice; named when the payment's code was unknown.
    Apply(Option<DocumentNumber>),
    /// Sends the money back.
    Return,
}

/// Decides a held payment.
pub async fn resolve(
    tx: &mut Tx,
    actor: &Actor,
    payment: Uuid,
    decided: Decided,
    reason: &str,
) -> Result<pb::Payment> {
    let unknown = || Error::not_found(Reason::PaymentUnknown);
    let named = table::notice_of(tx.sql(), payment).await?.ok_or_else(unknown)?;
    let named = named.and_then(|notice| DocumentNumber::parse(&notice).ok());
    // The notice before the payment: who pays holds them in the same order.
    let kept = match (&named, &decided) {
        (Some(notice), _) | (None, Decided::Apply(Some(notice))) => {
            actor.require_center(&notice.center())?;
            Some(super::lock(tx, notice).await?)
        }
        (None, Decided::Apply(None)) => return Err(Error::field("notice", Reason::Required)),
        (None, Decided::Return) => None,
    };
    let row = table::lock(tx.sql(), payment).await?.ok_or_else(unknown)?;
    if row.state != "HELD" {
        return Err(Error::precondition(Reason::StateForbids).with("state", &row.state));
    }
    match (decided, kept) {
        (Decided::Apply(_), Some(kept)) => apply(tx, actor, row, &kept, reason).await?,
        (_, kept) => {
            let center = kept.map(|kept| kept.notice.center()).or_else(|| actor.center.clone());
            send_back(tx, actor, &row, center.ok_or_else(|| Error::denied(Reason::OtherCenter))?, reason)
                .await?;
        }
    }
    let row = table::lock(tx.sql(), payment).await?.ok_or_else(unknown)?;
    Ok(message::payment(&row))
}

/// Settles the notice with the payment, alone or with the other partial ones.
async fn apply(tx: &mut Tx, actor: &Actor, row: Row, kept: &Kept, reason: &str) -> Result<()> {
    let notice = &kept.notice;
    if !matches!(notice.state, State::Issued { .. } | State::Overdue { .. }) {
        return Err(notice.forbidden());
    }
    let due = notice.amount()?;
    let amount = money(row.amount_fen)?;
    let together = if amount < due {
        with_partial(tx, row.clone(), notice.notice.as_str()).await?
    } else {
        vec![row.clone()]
    };
    let received = together.iter().map(|row| money(row.amount_fen)).collect::<Result<Vec<_>>>()?;
    let received = Money::sum(received).map_err(|fault| Error::invalid(vec![fault.at("amount_fen")]))?;
    let insufficient = || {
        Error::precondition(Reason::PaymentInsufficient)
            .with("received", received.fen())
            .with("due", due.fen())
    };
    let excess = received.minus(due).map_err(|_| insufficient())?;
    if together.len() > 1 && !excess.is_zero() {
        return Err(insufficient());
    }
    for row in &together {
        bring_to_center(tx, row, kept).await?;
    }
    let source = row.payment.to_string();
    let paid = Paid { kept, from: Account::Suspense, source: source.clone(), span: Span::current() };
    let receipt = settle::pay(tx, Kind::Applied, paid).await?;
    let (center, at) = (notice.center(), tx.now());
    let about = About { source, center: center.as_str(), number: Some(notice.number.as_str()), at };
    let back = ledger::shift(Account::Suspense, Account::Bank, excess);
    book(tx.sql(), Kind::Returned, &about, back.as_slice()).await?;
    for part in &together {
        let resolution = Resolution {
            payment: part.payment,
            state: "APPLIED",
            notice: Some(notice.notice.as_str()),
            center: center.as_str(),
            receipt: Some(&receipt),
            returned_fen: excess.fen(),
            reason,
            by: &actor.subject,
            at,
        };
        table::resolve(tx.sql(), &resolution).await?;
    }
    Ok(())
}

/// The payment with the other partial ones of the notice.
async fn with_partial(tx: &mut Tx, row: Row, notice: &str) -> Result<Vec<Row>> {
    let mut together = table::partial(tx.sql(), notice).await?;
    if !together.iter().any(|other| other.payment == row.payment) {
        together.push(row);
    }
    Ok(together)
}

/// Money under an unknown code was booked for no center; now that its notice is known, it is that center's.
async fn bring_to_center(tx: &mut Tx, row: &Row, kept: &Kept) -> Result<()> {
    if row.center.is_some() {
        return Ok(());
    }
    let (center, at, amount) = (kept.notice.center(), tx.now(), money(row.amount_fen)?);
    let source = format!("{}/center", row.payment);
    let out = About { source: source.clone(), center: "", number: None, at };
    let back = ledger::shift(Account::Suspense, Account::Bank, amount);
    book(tx.sql(), Kind::Returned, &out, back.as_slice()).await?;
    let number = Some(kept.notice.number.as_str());
    let into = About { source, center: center.as_str(), number, at };
    let held = ledger::shift(Account::Bank, Account::Suspense, amount);
    book(tx.sql(), Kind::Held, &into, held.as_slice()).await.map(drop)
}

/// Books the way back of the whole payment.
async fn send_back(tx: &mut Tx, actor: &Actor, row: &Row, center: DivisionCode, reason: &str) -> Result<()> {
    actor.require_center(&center)?;
    let number = match row.notice.as_deref().and_then(|notice| DocumentNumber::parse(notice).ok()) {
        Some(notice) => notices::lock(tx.sql(), Key::Notice(&notice)).await?.map(|kept| kept.notice.number),
        None => None,
    };
    let at = tx.now();
    let about = About {
        source: row.payment.to_string(),
        center: row.center.as_deref().unwrap_or_default(),
        number: number.as_ref().map(|number| number.as_str()),
        at,
    };
    let back = ledger::shift(Account::Suspense, Account::Bank, money(row.amount_fen)?);
    book(tx.sql(), Kind::Returned, &about, back.as_slice()).await?;
    let resolution = Resolution {
        payment: row.payment,
        state: "RETURNED",
        notice: row.notice.as_deref(),
        center: center.as_str(),
        receipt: None,
        returned_fen: row.amount_fen,
        reason,
        by: &actor.subject,
        at,
    };
    table::resolve(tx.sql(), &resolution).await
}

fn money(fen: i64) -> Result<Money> {
    Money::from_fen(fen).map_err(|fault| Error::invalid(vec![fault.at("amount_fen")]))
}
