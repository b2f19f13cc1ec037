//! Requests into commands; one answer names every bad field.

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{
    Actor, CaseNumber, DivisionCode, DocumentNumber, Fields, ItemCode, Money, PaymentCode, Quantity, text,
};
use yimen_proto::fees::v1 as pb;

use crate::app::notices::Grant;
use crate::app::payments::Counter;
use crate::app::reconcile::Files;
use crate::app::resolve::Decided;
use crate::domain::notice::Relief;
use crate::domain::payment::Channel;
use crate::store::notices::Filter;

/// The longest text of a reason.
const REASON_MAX: usize = 500;
/// The longest reference.
const REFERENCE_MAX: usize = 64;
/// The largest reconciliation file, in bytes.
const FILE_MAX: usize = 1024 * 1024;

/// A document number of one kind, which its center and nobody else's staff may use.
fn document(actor: &Actor, field: &str, kind: &str, value: &str) -> Result<DocumentNumber> {
    let number = DocumentNumber::parse(value).map_err(|fault| Error::invalid(vec![fault.at(field)]))?;
    if number.kind() != kind {
        return Err(Error::field(field, Reason::BadFormat));
    }
    actor.require_center(&number.center())?;
    Ok(number)
}

pub(super) fn notice(actor: &Actor, value: &str) -> Result<DocumentNumber> {
    document(actor, "notice", "JF", value)
}

pub(super) fn receipt(value: &str) -> Result<DocumentNumber> {
    let number = DocumentNumber::parse(value).map_err(|fault| Error::invalid(vec![fault.at("receipt")]))?;
    if number.kind() == "PJ" { Ok(number) } else { Err(Error::field("receipt", Reason::BadFormat)) }
}

pub(super) fn own_receipt(actor: &Actor, value: &str) -> Result<DocumentNumber> {
    document(actor, "receipt", "PJ", value)
}

pub(super) fn refund(actor: &Actor, value: &str) -> Result<DocumentNumber> {
    document(actor, "refund", "TF", value)
}

pub(super) fn id(field: &str, value: &str) -> Result<Uuid> {
    if value.is_empty() {
        return Err(Error::field(field, Reason::Required));
    }
    Uuid::parse_str(value).map_err(|_| Error::field(field, Reason::BadFormat))
}

pub(super) fn reason(value: &str) -> Result<String> {
    text::paragraph(value, REASON_MAX).map_err(|fault| Error::invalid(vec![fault.at("reason")]))
}

/// A reason that a rejection needs and an approval does not have.
pub(super) fn rejection(approve: bool, value: &str) -> Result<Option<String>> {
    if !approve {
        return reason(value).map(Some);
    }
    if value.trim().is_empty() { Ok(None) } else { Err(Error::field("reason", Reason::NotAllowedHere)) }
}

pub(super) fn reference(value: &str) -> Result<String> {
    text::line(value, REFERENCE_MAX).map_err(|fault| Error::invalid(vec![fault.at("reference")]))
}

/// The center that is asked for, or the caller's.
pub(super) fn center(actor: &Actor, value: &str) -> Result<DivisionCode> {
    let center = match (value, &actor.center) {
        ("", Some(own)) => own.clone(),
        (value, _) => DivisionCode::parse(value).map_err(|fault| Error::invalid(vec![fault.at("center")]))?,
    };
    actor.require_center(&center)?;
    Ok(center)
}

pub(super) fn day(value: &str, today: NaiveDate) -> Result<NaiveDate> {
    if value.is_empty() {
        return Ok(today);
    }
    parse_date(value).map_err(|fault| Error::invalid(vec![fault.at("on")]))
}

pub(super) fn measure(
    actor: &Actor,
    message: &pb::MeasureFeeRequest,
) -> Result<(DocumentNumber, String, Quantity)> {
    let notice = notice(actor, &message.notice)?;
    let mut fields = Fields::new();
    let fee = fields.take("fee", ItemCode::parse(&message.fee));
    let quantity = fields.take("quantity", Quantity::parse(&message.quantity));
    fields.build(|| Some((notice, fee?.to_string(), quantity?)))
}

pub(super) fn filter(actor: &Actor, message: &pb::ListFeeNoticesRequest) -> Result<Filter> {
    let center = center(actor, &message.center)?;
    let mut fields = Fields::new();
    let state = match pb::fee_notice::State::try_from(message.state) {
        Ok(pb::fee_notice::State::Unspecified) => None,
        Ok(state) => Some(state.as_str_name().to_owned()),
        Err(_) => {
            fields.add("state", Reason::UnknownValue);
            None
        }
    };
    let mut number = None;
    if !message.number.is_empty() {
        number = fields.take("number", CaseNumber::parse(&message.number)).map(|number| number.to_string());
    }
    let mut payment_code = None;
    if !message.payment_code.is_empty() {
        let code = fields.take("payment_code", PaymentCode::parse(&message.payment_code));
        payment_code = code.map(|code| code.to_string());
    }
    fields.finish()?;
    Ok(Filter { center: center.to_string(), state, number, payment_code })
}

pub(super) fn relief(actor: &Actor, message: &pb::GrantReliefRequest) -> Result<(DocumentNumber, Grant)> {
    let notice = notice(actor, &message.notice)?;
    let mut fields = Fields::new();
    let ground = fields.take("ground", text::line(&message.ground, REASON_MAX));
    let document = fields.take("document", text::line(&message.document, 200));
    let approver = fields.take("approver", text::line(&message.approver, 200));
    let mut empty = |field: &str, is_empty: bool| {
        if !is_empty {
            fields.add(field, Reason::NotAllowedHere);
        }
    };
    let relief = match pb::relief::Kind::try_from(message.kind) {
        Ok(pb::relief::Kind::Reduction) => {
            empty("to_limit_on", message.to_limit_on.is_empty());
            let fee = fields.take("fee", ItemCode::parse(&message.fee));
            let to = fields.take("to_fen", Money::from_fen(message.to_fen));
            fee.zip(to).map(|(fee, to)| Relief::Reduction { fee: fee.to_string(), to })
        }
        Ok(pb::relief::Kind::Waiver) => {
            empty("to_limit_on", message.to_limit_on.is_empty());
            empty("fee", message.fee.is_empty());
            empty("to_fen", message.to_fen == 0);
            Some(Relief::Waiver)
        }
        Ok(pb::relief::Kind::Postponement) => {
            empty("fee", message.fee.is_empty());
            empty("to_fen", message.to_fen == 0);
            fields.take("to_limit_on", parse_date(&message.to_limit_on)).map(|to| Relief::Postponement { to })
        }
        Ok(pb::relief::Kind::Unspecified) | Err(_) => {
            fields.add("kind", Reason::UnknownValue);
            None
        }
    };
    fields.build(|| {
        let grant = Grant { relief: relief?, ground: ground?, document: document?, approver: approver? };
        Some((notice, grant))
    })
}

pub(super) fn counter(actor: &Actor, message: &pb::TakePaymentRequest) -> Result<Counter> {
    let notice = notice(actor, &message.notice)?;
    let mut fields = Fields::new();
    let amount = fields.take("amount_fen", Money::from_fen(message.amount_fen));
    let channel = match pb::payment::Channel::try_from(message.channel) {
        Ok(pb::payment::Channel::Cash) => Some(Channel::Cash),
        Ok(pb::payment::Channel::Card) => Some(Channel::Card),
        _ => {
            fields.add("channel", Reason::UnknownValue);
            None
        }
    };
    let reference = match channel {
        Some(Channel::Card) => fields.take("reference", text::line(&message.reference, REFERENCE_MAX)),
        _ => {
            if !message.reference.is_empty() {
                fields.add("reference", Reason::NotAllowedHere);
            }
            None
        }
    };
    let cashier = actor.subject.clone();
    fields.build(|| Some(Counter { notice, channel: channel?, amount: amount?, reference, cashier }))
}

pub(super) fn resolution(message: &pb::ResolvePaymentRequest) -> Result<(Uuid, Decided, String)> {
    use pb::resolve_payment_request::Action;
    let mut fields = Fields::new();
    let payment = match id("payment", &message.payment) {
        Ok(payment) => Some(payment),
        Err(error) => return Err(error),
    };
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    let decided = match Action::try_from(message.action) {
        Ok(Action::Apply) if message.notice.is_empty() => Some(Decided::Apply(None)),
        Ok(Action::Apply) => fields
            .take("notice", DocumentNumber::parse(&message.notice))
            .map(|notice| Decided::Apply(Some(notice))),
        Ok(Action::Return) => {
            if !message.notice.is_empty() {
                fields.add("notice", Reason::NotAllowedHere);
            }
            Some(Decided::Return)
        }
        Ok(Action::Unspecified) | Err(_) => {
            fields.add("action", Reason::UnknownValue);
            None
        }
    };
    fields.build(|| Some((payment?, decided?, reason?)))
}

pub(super) fn refund_application(
    actor: &Actor,
    message: &pb::ApplyRefundRequest,
) -> Result<(DocumentNumber, pb::refund::Ground, String)> {
    let notice = notice(actor, &message.notice)?;
    let mut fields = Fields::new();
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    let ground = match pb::refund::Ground::try_from(message.ground) {
        Ok(pb::refund::Ground::Unspecified) | Err(_) => {
            fields.add("ground", Reason::UnknownValue);
            None
        }
        Ok(ground) => Some(ground),
    };
    fields.build(|| Some((notice, ground?, reason?)))
}

pub(super) fn files(actor: &Actor, message: pb::ReconcileRequest, today: NaiveDate) -> Result<Files> {
    let center = center(actor, &message.center)?;
    let mut fields = Fields::new();
    let day = fields.take("day", parse_date(&message.day));
    if day.is_some_and(|day| day > today) {
        fields.add_limit("day", Reason::OutOfRange, today);
    }
    for (field, file) in [("bank_csv", &message.bank_csv), ("treasury_csv", &message.treasury_csv)] {
        if file.is_empty() {
            fields.add(field, Reason::Required);
        } else if file.len() > FILE_MAX {
            fields.add_limit(field, Reason::FileTooLarge, "1 MiB");
        }
    }
    fields.build(|| {
        Some(Files { center, day: day?, bank_csv: message.bank_csv, treasury_csv: message.treasury_csv })
    })
}
