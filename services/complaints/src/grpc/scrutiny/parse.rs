//! Messages as commands. Every faulty field is named at once.

use chrono::NaiveDate;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DivisionCode, DocumentNumber, Fields, Reason, text};
use yimen_proto::complaints::v1 as pb;

use super::super::parse::{NAME_MAX, TEXT_MAX, optional};
use crate::app::scrutiny::Setting;
use crate::domain::scrutiny::Kind;

/// The most who ask or visit (示例).
const SEATS: u32 = 1_000;
/// The most units.
const UNITS: usize = 200;

pub fn number(value: &str) -> Result<DocumentNumber> {
    let number = DocumentNumber::parse(value).map_err(|fault| Error::invalid(vec![fault.at("scrutiny")]))?;
    let is_one = ["MP", "XS"].contains(&number.kind());
    if is_one { Ok(number) } else { Err(Error::field("scrutiny", Reason::BadFormat)) }
}

pub fn position(value: u32) -> Result<i32> {
    let position = i32::try_from(value).ok().filter(|position| *position > 0);
    position.ok_or_else(|| Error::field("position", Reason::OutOfRange))
}

pub fn setting(message: &pb::CreateScrutinyRequest) -> Result<Setting> {
    let mut fields = Fields::new();
    let center = fields.take("center", DivisionCode::parse(&message.center));
    let kind = pb::scrutiny::Kind::try_from(message.kind).unwrap_or_default();
    let kind = Kind::parse(kind.as_str_name());
    if kind.is_none() {
        fields.add("kind", Reason::UnknownValue);
    }
    let title = fields.take("title", text::line(&message.title, NAME_MAX));
    let held_on = fields.take("held_on", parse_date(&message.held_on));
    if !(1..=SEATS).contains(&message.seats) {
        fields.add_limit("seats", Reason::OutOfRange, format!("1–{SEATS}"));
    }
    let round = fields.take("round", optional(&message.round, DocumentNumber::parse)).flatten();
    if round.is_some() && kind == Some(Kind::Tour) {
        fields.add("round", Reason::NotAllowedHere);
    }
    let units = units(&mut fields, &message.departments, center.as_ref());
    fields.build(|| {
        Some(Setting {
            center: center?,
            kind: kind?,
            title: title?,
            held_on: held_on?,
            seats: message.seats,
            round,
            units,
        })
    })
}

fn units(fields: &mut Fields, given: &[String], center: Option<&DivisionCode>) -> Vec<DepartmentId> {
    if given.is_empty() {
        fields.add("departments", Reason::Required);
    }
    if given.len() > UNITS {
        fields.add_limit("departments", Reason::TooMany, UNITS);
        return Vec::new();
    }
    let mut units: Vec<DepartmentId> = Vec::new();
    for (nth, unit) in given.iter().enumerate() {
        let field = format!("departments[{nth}]");
        let Some(unit) = fields.take(&field, DepartmentId::parse(unit)) else { continue };
        if center.is_some_and(|center| unit.center() != *center) {
            fields.add(&field, Reason::OtherCenter);
        }
        if units.contains(&unit) {
            fields.add(&field, Reason::Duplicate);
        }
        units.push(unit);
    }
    units
}

pub fn question(message: &pb::AskUnitRequest) -> Result<(DocumentNumber, DepartmentId, String)> {
    let number = number(&message.scrutiny)?;
    let mut fields = Fields::new();
    let department = fields.take("department", DepartmentId::parse(&message.department));
    let text = fields.take("text", text::paragraph(&message.text, TEXT_MAX));
    fields.build(|| Some((number, department?, text?)))
}

/// What is to be done, as it was taken down.
pub struct New {
    pub number: DocumentNumber,
    pub department: DepartmentId,
    pub finding: Option<String>,
    pub text: String,
    pub due_on: NaiveDate,
}

pub fn undertaking(message: &pb::AddUndertakingRequest) -> Result<New> {
    let number = number(&message.scrutiny)?;
    let mut fields = Fields::new();
    let department = fields.take("department", DepartmentId::parse(&message.department));
    let finding = fields.take("finding", text::optional_paragraph(&message.finding, TEXT_MAX)).flatten();
    let text = fields.take("text", text::paragraph(&message.text, TEXT_MAX));
    let due_on = fields.take("due_on", parse_date(&message.due_on));
    fields.build(|| Some(New { number, department: department?, finding, text: text?, due_on: due_on? }))
}

pub fn settlement(message: &pb::SettleUndertakingRequest) -> Result<(String, Option<NaiveDate>)> {
    let mut fields = Fields::new();
    let evidence = fields.take("evidence", text::paragraph(&message.evidence, TEXT_MAX));
    let again_on = fields.take("due_on", optional(&message.due_on, parse_date)).flatten();
    if message.kept && !message.due_on.is_empty() {
        fields.add("due_on", Reason::NotAllowedHere);
    }
    fields.build(|| Some((evidence?, again_on)))
}
