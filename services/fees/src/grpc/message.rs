//! Domain values and rows as messages.

use chrono::NaiveDate;
use yimen_kernel::error::Result;
use yimen_kernel::{Money, mask};
use yimen_proto::fees::v1 as pb;

use crate::app::timestamp;
use crate::domain::notice::State;
use crate::domain::payment::Anomaly;
use crate::domain::reconcile::Class;
use crate::store::ledger::Balance;
use crate::store::notices::{About, Kept};
use crate::store::{payments, receipts, reconciliations, refunds, reliefs};

/// A notice; its reliefs are shown where it stands alone.
pub fn notice(kept: &Kept, reliefs: &[reliefs::Row]) -> Result<pb::FeeNotice> {
    let Kept { notice, about, .. } = kept;
    let amount = notice.amount()?;
    Ok(pb::FeeNotice {
        notice: notice.notice.to_string(),
        number: notice.number.to_string(),
        center: notice.center().to_string(),
        item_name_zh: about.item_name_zh.clone(),
        item_name_en: about.item_name_en.clone(),
        payer: payer(about),
        state: pb::fee_notice::State::from_str_name(notice.state.as_str()).unwrap_or_default() as i32,
        lines: lines(kept),
        original_fen: notice.original()?.fen(),
        amount_fen: amount.fen(),
        amount_capital: amount.capital(),
        limit_on: date(notice.state.limit_on()),
        payment_code: notice.payment_code.to_string(),
        create_time: Some(timestamp(about.created_at)),
        settle_time: about.settled_at.map(timestamp),
        receipt: about.receipt.clone().unwrap_or_default(),
        reliefs: reliefs.iter().map(relief).collect(),
        cancel_reason: match &notice.state {
            State::Cancelled { reason, .. } => reason.clone(),
            _ => String::new(),
        },
        version: notice.version,
    })
}

fn payer(about: &About) -> String {
    if about.payer_is_person { mask::name(&about.payer) } else { about.payer.clone() }
}

/// The lines of a notice, with what their fees were published as.
pub fn lines(kept: &Kept) -> Vec<pb::FeeLine> {
    kept.notice
        .lines
        .iter()
        .zip(&kept.fees)
        .map(|(line, fee)| pb::FeeLine {
            fee: line.fee.clone(),
            name_zh: fee.name_zh.clone(),
            name_en: fee.name_en.clone(),
            department: line.department.to_string(),
            unit: fee.unit.clone(),
            quantity: line.charge.map(|charge| charge.quantity.to_string()).unwrap_or_default(),
            original_fen: line.charge.map_or(0, |charge| charge.original.fen()),
            amount_fen: line.charge.map_or(0, |charge| charge.amount.fen()),
            legal_basis: fee.legal_basis.clone(),
            fee_version: line.fee_version,
        })
        .collect()
}

fn relief(row: &reliefs::Row) -> pb::Relief {
    pb::Relief {
        kind: pb::relief::Kind::from_str_name(&row.kind).unwrap_or_default() as i32,
        ground: row.ground.clone(),
        document: row.document.clone(),
        approver: row.approver.clone(),
        from_fen: row.from_fen,
        to_fen: row.to_fen,
        from_limit_on: row.from_limit_on.to_string(),
        to_limit_on: row.to_limit_on.to_string(),
        time: Some(timestamp(row.at)),
    }
}

/// A payment.
pub fn payment(row: &payments::Row) -> pb::Payment {
    pb::Payment {
        payment: row.payment.to_string(),
        channel: pb::payment::Channel::from_str_name(&row.channel).unwrap_or_default() as i32,
        state: payment_state(row) as i32,
        anomaly: payment_anomaly(row) as i32,
        payment_code: row.payment_code.clone(),
        notice: row.notice.clone().unwrap_or_default(),
        amount_fen: row.amount_fen,
        reference: row.reference.clone(),
        pay_time: Some(timestamp(row.paid_at)),
        create_time: Some(timestamp(row.received_at)),
        resolution: row.resolution.clone(),
    }
}

/// What the bank is told: what became of the payment when it was reported, whatever a person did since.
pub fn bank_answer(row: &payments::Row) -> pb::BankPaymentAnswer {
    let anomaly = payment_anomaly(row);
    let held = anomaly != pb::payment::Anomaly::Unspecified;
    let state = if held { pb::payment::State::Held } else { pb::payment::State::Applied };
    pb::BankPaymentAnswer {
        payment: row.payment.to_string(),
        state: state as i32,
        anomaly: anomaly as i32,
        receipt: row.receipt.clone().filter(|_| !held).unwrap_or_default(),
    }
}

fn payment_state(row: &payments::Row) -> pb::payment::State {
    pb::payment::State::from_str_name(&row.state).unwrap_or_default()
}

fn payment_anomaly(row: &payments::Row) -> pb::payment::Anomaly {
    row.anomaly.as_deref().and_then(pb::payment::Anomaly::from_str_name).unwrap_or_default()
}

/// An anomaly on the wire.
pub fn anomaly(anomaly: Anomaly) -> pb::payment::Anomaly {
    pb::payment::Anomaly::from_str_name(anomaly.as_str()).unwrap_or_default()
}

/// A receipt, as anyone may see it.
pub fn receipt(row: &receipts::Row, kept: Option<&Kept>) -> Result<pb::Receipt> {
    let amount = Money::from_fen(row.amount_fen).unwrap_or_default();
    Ok(pb::Receipt {
        receipt: row.receipt.clone(),
        state: pb::receipt::State::from_str_name(&row.state).unwrap_or_default() as i32,
        center: row.center.clone(),
        amount_fen: row.amount_fen,
        amount_capital: amount.capital(),
        issue_time: Some(timestamp(row.issued_at)),
        fee_names: kept
            .map(|kept| kept.fees.iter().map(|fee| fee.name_zh.clone()).collect())
            .unwrap_or_default(),
        payer: kept.map(|kept| payer(&kept.about)).unwrap_or_default(),
        replaced_by: row.replaced_by.clone().unwrap_or_default(),
    })
}

/// A refund.
pub fn refund(row: &refunds::Row) -> pb::Refund {
    pb::Refund {
        refund: row.refund.clone(),
        notice: row.notice.clone(),
        number: row.number.clone(),
        state: pb::refund::State::from_str_name(&row.state).unwrap_or_default() as i32,
        ground: pb::refund::Ground::from_str_name(&row.ground).unwrap_or_default() as i32,
        reason: row.reason.clone(),
        amount_fen: row.amount_fen,
        create_time: Some(timestamp(row.created_at)),
        pay_time: row.paid_at.map(timestamp),
        reject_reason: row.reject_reason.clone(),
        reference: row.reference.clone(),
    }
}

/// One account's sums.
pub fn balance(row: Balance) -> pb::Balance {
    pb::Balance {
        account: pb::account::Kind::from_str_name(&row.account).unwrap_or_default() as i32,
        department: row.department,
        debit_fen: row.debit_fen,
        credit_fen: row.credit_fen,
    }
}

/// A reconciliation with the count of each class.
pub fn reconciliation(row: &reconciliations::Row, lines: &[reconciliations::LineRow]) -> pb::Reconciliation {
    use pb::reconciliation::{Class as Shown, Count, Line};
    let shown = |class: &str| Shown::from_str_name(class).unwrap_or_default() as i32;
    let counts = Class::ALL.map(|class| {
        let mut count = Count { class: shown(class.as_str()), ..Count::default() };
        for line in lines.iter().filter(|line| line.class == class.as_str()) {
            count.lines += 1;
            count.ours_fen += line.ours_fen;
            count.bank_fen += line.bank_fen;
            count.treasury_fen += line.treasury_fen;
        }
        count
    });
    pb::Reconciliation {
        reconciliation: row.reconciliation.to_string(),
        center: row.center.clone(),
        day: row.day.to_string(),
        lines: lines
            .iter()
            .map(|line| Line {
                payment_code: line.payment_code.clone(),
                class: shown(&line.class),
                ours_fen: line.ours_fen,
                bank_fen: line.bank_fen,
                treasury_fen: line.treasury_fen,
                ours_on: date(line.ours_on),
                bank_on: date(line.bank_on),
                treasury_on: date(line.treasury_on),
            })
            .collect(),
        counts: counts.into(),
        create_time: Some(timestamp(row.at)),
    }
}

fn date(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}
