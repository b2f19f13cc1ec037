//! Messages as commands. Every faulty field is named at once.

use chrono::NaiveDate;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DivisionCode, DocumentNumber, Fields, Parsed, Reason, text};
use yimen_proto::complaints::v1 as pb;

use crate::app::office::Given;
use crate::domain::codes::Measure;
use crate::domain::complaint::EXTEND_MAX;
use crate::domain::{Accused, Finding, Handler, Way};

/// Characters of a reason.
pub const REASON_MAX: usize = 1_000;
/// Characters of a complaint, an answer or a finding.
pub const TEXT_MAX: usize = 5_000;
/// Characters of a name.
pub const NAME_MAX: usize = 100;

/// A number of one kind.
pub fn document(field: &str, kind: &str, value: &str) -> Result<DocumentNumber> {
    let number = DocumentNumber::parse(value).map_err(|fault| Error::invalid(vec![fault.at(field)]))?;
    if number.kind() == kind { Ok(number) } else { Err(Error::field(field, Reason::BadFormat)) }
}

pub fn number(value: &str) -> Result<DocumentNumber> {
    document("number", "TS", value)
}

pub fn case(value: &str) -> Result<DocumentNumber> {
    document("accountability_case", "ZR", value)
}

pub fn optional_number(field: &str, value: &str) -> Result<Option<DocumentNumber>> {
    if value.is_empty() { Ok(None) } else { document(field, "TS", value).map(Some) }
}

pub fn center(code: &str) -> Result<Option<DivisionCode>> {
    let mut fields = Fields::new();
    let center = fields.take("center", optional(code, DivisionCode::parse));
    fields.build(|| center)
}

pub fn one_center(code: &str) -> Result<DivisionCode> {
    let mut fields = Fields::new();
    let center = fields.take("center", DivisionCode::parse(code));
    fields.build(|| center)
}

pub fn state(value: i32) -> Result<Option<String>> {
    match pb::complaint::State::try_from(value) {
        Ok(pb::complaint::State::Unspecified) => Ok(None),
        Ok(state) => Ok(Some(state.as_str_name().to_owned())),
        Err(_) => Err(Error::field("state", Reason::UnknownValue)),
    }
}

/// What somebody says in one field.
pub fn said(field: &str, value: &str, max: usize) -> Result<String> {
    text::paragraph(value, max).map_err(|fault| Error::invalid(vec![fault.at(field)]))
}

pub fn accused(field: &str, accused: &[pb::Accused]) -> Result<Vec<Accused>> {
    let mut fields = Fields::new();
    let found = accused
        .iter()
        .enumerate()
        .filter_map(|(place, one)| {
            let kind = pb::accused::Kind::try_from(one.kind).unwrap_or_default();
            fields.take(&format!("{field}[{place}].id"), Accused::parse(kind.as_str_name(), &one.id))
        })
        .collect();
    fields.build(|| Some(found))
}

fn way(fields: &mut Fields, way: i32, department: &str) -> Option<Given> {
    let way = match pb::complaint::Way::try_from(way) {
        Ok(way) => Way::parse(way.as_str_name()),
        Err(_) => None,
    };
    let Some(way) = way else {
        fields.add("way", Reason::UnknownValue);
        return None;
    };
    let department = if way == Way::Own {
        if !department.is_empty() {
            fields.add("department", Reason::NotAllowedHere);
        }
        None
    } else {
        Some(fields.take("department", DepartmentId::parse(department))?)
    };
    Some(Given { way, handler: Handler::of(department) })
}

pub fn accept(message: &pb::AcceptComplaintRequest) -> Result<(DocumentNumber, Given, Vec<Accused>)> {
    let number = number(&message.number)?;
    let mut fields = Fields::new();
    let given = way(&mut fields, message.way, &message.department);
    let more = accused("accused", &message.accused)?;
    fields.build(|| Some((number, given?, more)))
}

pub fn decline(message: &pb::DeclineComplaintRequest) -> Result<(DocumentNumber, &'static str, String)> {
    use pb::complaint::Procedure;

    let number = number(&message.number)?;
    let mut fields = Fields::new();
    let procedure = match Procedure::try_from(message.procedure) {
        Ok(Procedure::Unspecified) | Err(_) => {
            fields.add("procedure", Reason::UnknownValue);
            None
        }
        Ok(procedure) => Some(procedure.as_str_name()),
    };
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((number, procedure?, reason?)))
}

pub fn objection(message: &pb::DecideObjectionRequest) -> Result<(DocumentNumber, Option<Given>, String)> {
    let number = number(&message.number)?;
    let mut fields = Fields::new();
    let given = if message.upheld {
        way(&mut fields, message.way, &message.department)
    } else {
        if message.way != 0 {
            fields.add("way", Reason::NotAllowedHere);
        }
        if !message.department.is_empty() {
            fields.add("department", Reason::NotAllowedHere);
        }
        None
    };
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((number, given, reason?)))
}

pub fn extension(message: &pb::ExtendComplaintRequest) -> Result<(DocumentNumber, u32, String, String)> {
    let number = number(&message.number)?;
    let mut fields = Fields::new();
    if !(1..=EXTEND_MAX).contains(&message.days) {
        fields.add_limit("days", Reason::OutOfRange, format!("1–{EXTEND_MAX}"));
    }
    let approver = fields.take("approver", text::line(&message.approver, NAME_MAX));
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((number, message.days, approver?, reason?)))
}

pub fn answer(number_of: &str, said: &str, finding: i32) -> Result<(DocumentNumber, String, Finding)> {
    let number = number(number_of)?;
    let mut fields = Fields::new();
    let text = fields.take("text", text::paragraph(said, TEXT_MAX));
    let finding = pb::complaint::Finding::try_from(finding).unwrap_or_default();
    let finding = fields.take("finding", known(Finding::parse(finding.as_str_name())));
    fields.build(|| Some((number, text?, finding?)))
}

pub fn method(message: &pb::TellComplainantRequest) -> Result<(DocumentNumber, &'static str)> {
    use pb::tell_complainant_request::Method;

    let number = number(&message.number)?;
    match Method::try_from(message.method) {
        Ok(Method::Unspecified) | Err(_) => Err(Error::field("method", Reason::UnknownValue)),
        Ok(method) => Ok((number, method.as_str_name())),
    }
}

pub fn merge(message: &pb::MergeComplaintRequest) -> Result<(DocumentNumber, DocumentNumber, String)> {
    let mut fields = Fields::new();
    let number = fields.take("number", complaint(&message.number));
    let into = fields.take("into", complaint(&message.into));
    if number.is_some() && number == into {
        fields.add("into", Reason::Duplicate);
    }
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((number?, into?, reason?)))
}

fn complaint(value: &str) -> Parsed<DocumentNumber> {
    let number = DocumentNumber::parse(value)?;
    if number.kind() == "TS" { Ok(number) } else { Err(Reason::BadFormat.into()) }
}

pub fn decide(message: &pb::DecideAccountabilityRequest) -> Result<(DocumentNumber, String, Measure)> {
    let number = case(&message.accountability_case)?;
    let mut fields = Fields::new();
    let finding = fields.take("finding", text::paragraph(&message.finding, TEXT_MAX));
    let measure = pb::accountability_case::Measure::try_from(message.measure).unwrap_or_default();
    let measure = fields.take("measure", known(Measure::parse(measure.as_str_name())));
    fields.build(|| Some((number, finding?, measure?)))
}

pub fn carry_out(message: &pb::CarryOutAccountabilityRequest) -> Result<(DocumentNumber, String, NaiveDate)> {
    let number = case(&message.accountability_case)?;
    let mut fields = Fields::new();
    let evidence = fields.take("evidence", text::paragraph(&message.evidence, REASON_MAX));
    let on = fields.take("carried_out_on", parse_date(&message.carried_out_on));
    fields.build(|| Some((number, evidence?, on?)))
}

pub fn span(from_on: &str, until_on: &str) -> Result<(Option<NaiveDate>, Option<NaiveDate>)> {
    let mut fields = Fields::new();
    let from = fields.take("from_on", optional(from_on, parse_date)).flatten();
    let until = fields.take("until_on", optional(until_on, parse_date)).flatten();
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        fields.add_limit("until_on", Reason::EndsBeforeItBegins, from);
    }
    fields.build(|| Some((from, until)))
}

fn known<T>(value: Option<T>) -> Parsed<T> {
    value.ok_or_else(|| Reason::UnknownValue.into())
}

/// A field that may be empty.
pub fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}
