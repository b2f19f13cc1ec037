//! Messages as commands. Every faulty field is named at once.

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DepartmentId, DivisionCode, Fields, ItemCode, Parsed, Reason, text};
use yimen_proto::supervision::v1 as pb;

use crate::app::board::Query;
use crate::domain::board::{Grain, Scope};

/// Characters of what is said.
const TEXT_MAX: usize = 2_000;

pub fn number(number: &str) -> Result<CaseNumber> {
    CaseNumber::parse(number).map_err(|fault| Error::invalid(vec![fault.at("number")]))
}

pub fn center(code: &str) -> Result<Option<String>> {
    let mut fields = Fields::new();
    let center = fields.take("center", optional(code, DivisionCode::parse));
    fields.build(|| center.map(|center| center.map(|center| center.to_string())))
}

pub fn department(id: &str) -> Result<Option<String>> {
    let mut fields = Fields::new();
    let department = fields.take("department", optional(id, DepartmentId::parse));
    fields.build(|| department.map(|department| department.map(|department| department.to_string())))
}

/// What somebody says about something that has an id.
pub fn said(id_field: &str, id: &str, text_field: &str, said: &str) -> Result<(Uuid, String)> {
    let mut fields = Fields::new();
    let id = fields.take(id_field, uuid(id));
    let said = fields.take(text_field, text::paragraph(said, TEXT_MAX));
    fields.build(|| id.zip(said))
}

pub fn appeal(message: &pb::AppealWarningRequest) -> Result<(Uuid, String, String)> {
    let mut fields = Fields::new();
    let warning = fields.take("warning", uuid(&message.warning));
    let reason = fields.take("reason", text::paragraph(&message.reason, TEXT_MAX));
    let evidence = fields.take("evidence", text::paragraph(&message.evidence, TEXT_MAX));
    fields.build(|| Some((warning?, reason?, evidence?)))
}

pub fn board(message: &pb::GetBoardRequest) -> Result<Query> {
    use pb::get_board_request::{By, Grain as Wished};

    let mut fields = Fields::new();
    let division = fields.take("center", DivisionCode::parse(&message.center));
    let unknown = || Reason::UnknownValue.into();
    let scope = match By::try_from(message.by) {
        Ok(By::Unspecified) => Ok(Scope::Center),
        Ok(by) => Scope::parse(by.as_str_name()).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    };
    let scope = fields.take("by", scope);
    let grain = match Wished::try_from(message.grain) {
        Ok(Wished::Unspecified) => Ok(Grain::Day),
        Ok(grain) => Grain::parse(grain.as_str_name()).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    };
    let grain = fields.take("grain", grain);
    let from_on = fields.take("from_on", day(&message.from_on));
    let until_on = fields.take("until_on", day(&message.until_on));
    let department = fields.take("department", optional(&message.department, DepartmentId::parse));
    let item = fields.take("item", optional(&message.item, ItemCode::parse));
    let by = |wanted: &[Scope]| scope.is_none_or(|scope| wanted.contains(&scope));
    if !message.department.is_empty() && !by(&[Scope::Department, Scope::DepartmentAndItem]) {
        fields.add("department", Reason::NotAllowedHere);
    }
    if !message.item.is_empty() && !by(&[Scope::Item, Scope::DepartmentAndItem]) {
        fields.add("item", Reason::NotAllowedHere);
    }
    fields.build(|| {
        Some(Query {
            division: division?,
            scope: scope?,
            grain: grain?,
            from_on: from_on?,
            until_on: until_on?,
            periods: message.periods,
            department: department?.map(|department| department.to_string()),
            item: item?.map(|item| item.to_string()),
        })
    })
}

fn day(text: &str) -> Parsed<Option<NaiveDate>> {
    optional(text, parse_date)
}

fn uuid(text: &str) -> Parsed<Uuid> {
    match text {
        "" => Err(Reason::Required.into()),
        text => Uuid::parse_str(text).map_err(|_| Reason::BadFormat.into()),
    }
}

/// A field that may be empty.
fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}
