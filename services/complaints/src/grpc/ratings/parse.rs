//! Messages about ratings as commands. Every faulty field is named at once.

use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_kernel::{DepartmentId, DocumentNumber, Fields, Mobile, Parsed, Reason, text};
use yimen_proto::complaints::v1 as pb;

use crate::app::rating::rate::Rating;
use crate::domain::Identity;
use crate::domain::rating::month::Month;
use crate::domain::rating::rectification::Visit;
use crate::domain::rating::{Level, SetAside};
use crate::grpc::parse::{NAME_MAX, REASON_MAX, TEXT_MAX, optional};
use crate::store::rating::ratings::Rater;

/// Characters of what a rater says.
const SAID_MAX: usize = 500;

/// Reads what a rater says.
///
/// # Errors
/// Every faulty field at once.
pub fn rating(message: &pb::RateRequest) -> Result<Rating> {
    let mut fields = Fields::new();
    let level = Level::parse(pb::rating::Level::try_from(message.level).unwrap_or_default().as_str_name());
    let level = fields.take("level", level.ok_or_else(|| missing(message.level).into()));
    let aspects = aspects(&mut fields, &message.aspects);
    let said = fields.take("text", text::optional_paragraph(&message.text, SAID_MAX)).flatten();
    let given = message.rater.clone().unwrap_or_default();
    let rater = if given.name.trim().is_empty() && given.mobile.trim().is_empty() {
        if message.department_may_know {
            fields.add("rater.mobile", Reason::Required);
        }
        None
    } else {
        let name = fields.take("rater.name", text::line(&given.name, NAME_MAX));
        let mobile = fields.take("rater.mobile", Mobile::parse(&given.mobile));
        name.zip(mobile).map(|(name, mobile)| Rater { name, mobile: mobile.as_str().to_owned() })
    };
    let identity = match (&rater, message.department_may_know) {
        (None, _) => Identity::Anonymous,
        (Some(_), false) => Identity::Protected,
        (Some(_), true) => Identity::Named,
    };
    fields.build(|| Some(Rating { level: level?, aspects, text: said.unwrap_or_default(), rater, identity }))
}

fn aspects(fields: &mut Fields, given: &[i32]) -> Vec<String> {
    use pb::rating::Aspect;

    let mut aspects: Vec<String> = Vec::new();
    for (place, aspect) in given.iter().enumerate() {
        let field = format!("aspects[{place}]");
        match Aspect::try_from(*aspect) {
            Ok(Aspect::Unspecified) | Err(_) => fields.add(&field, Reason::UnknownValue),
            Ok(aspect) if aspects.iter().any(|known| known == aspect.as_str_name()) => {
                fields.add(&field, Reason::Duplicate);
            }
            Ok(aspect) => aspects.push(aspect.as_str_name().to_owned()),
        }
    }
    aspects
}

/// What is wrong with a value of an enum that is none of ours.
fn missing(value: i32) -> Reason {
    if value == 0 { Reason::Required } else { Reason::UnknownValue }
}

fn numbered(kind: &'static str, value: &str) -> Parsed<DocumentNumber> {
    let number = DocumentNumber::parse(value)?;
    if number.kind() == kind { Ok(number) } else { Err(Reason::BadFormat.into()) }
}

/// The number of a case of rectification.
pub fn rectification(value: &str) -> Result<DocumentNumber> {
    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", value));
    fields.build(|| number)
}

pub fn month(value: &str) -> Result<Option<Month>> {
    let mut fields = Fields::new();
    let month = fields.take("month", optional(value, Month::parse));
    fields.build(|| month)
}

pub fn state(value: i32) -> Result<Option<&'static str>> {
    match pb::rectification::State::try_from(value) {
        Ok(pb::rectification::State::Unspecified) => Ok(None),
        Ok(state) => Ok(Some(state.as_str_name())),
        Err(_) => Err(yimen_kernel::error::Error::field("state", Reason::UnknownValue)),
    }
}

pub fn set_aside(message: &pb::SetRatingAsideRequest) -> Result<(Uuid, SetAside, String)> {
    let mut fields = Fields::new();
    let rating = match message.rating.as_str() {
        "" => Err(Reason::Required.into()),
        id => Uuid::parse_str(id).map_err(|_| Reason::BadFormat.into()),
    };
    let rating = fields.take("rating", rating);
    let ground = pb::rating::SetAside::try_from(message.ground).unwrap_or_default();
    let ground = SetAside::parse(ground.as_str_name());
    let ground = fields.take("ground", ground.ok_or_else(|| missing(message.ground).into()));
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((rating?, ground?, reason?)))
}

pub fn give(message: &pb::GiveRectificationRequest) -> Result<(DocumentNumber, Option<DepartmentId>)> {
    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", &message.rectification));
    let department = fields.take("department", optional(&message.department, DepartmentId::parse));
    fields.build(|| number.zip(department))
}

pub fn contact(message: &pb::ContactRaterRequest) -> Result<(DocumentNumber, String)> {
    use pb::rectification::Contact;

    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", &message.rectification));
    let contact = match Contact::try_from(message.contact) {
        Ok(Contact::Unspecified) | Err(_) => Err(missing(message.contact).into()),
        Ok(contact) => Ok(contact),
    };
    let contact = fields.take("contact", contact);
    let note = fields.take("note", text::paragraph(&message.note, REASON_MAX));
    fields.build(|| {
        let (contact, note) = contact.zip(note)?;
        Some((number?, format!("{}: {note}", contact.as_str_name())))
    })
}

pub fn extension(message: &pb::ExtendRectificationRequest) -> Result<(DocumentNumber, String, String)> {
    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", &message.rectification));
    let approver = fields.take("approver", text::line(&message.approver, NAME_MAX));
    let reason = fields.take("reason", text::paragraph(&message.reason, REASON_MAX));
    fields.build(|| Some((number?, approver?, reason?)))
}

pub fn visit(message: &pb::VisitRaterRequest) -> Result<(DocumentNumber, Visit, String)> {
    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", &message.rectification));
    let visit = pb::rectification::Visit::try_from(message.visit).unwrap_or_default();
    let visit = Visit::parse(visit.as_str_name());
    let visit = fields.take("visit", visit.ok_or_else(|| missing(message.visit).into()));
    let note = fields.take("note", text::paragraph(&message.note, REASON_MAX));
    fields.build(|| Some((number?, visit?, note?)))
}

/// A number with what is said in one field.
pub fn said(number: &str, field: &str, value: &str) -> Result<(DocumentNumber, String)> {
    let mut fields = Fields::new();
    let number = fields.take("rectification", numbered("ZG", number));
    let said = fields.take(field, text::paragraph(value, TEXT_MAX));
    fields.build(|| number.zip(said))
}

pub fn held(message: &pb::HoldCallInRequest) -> Result<(DocumentNumber, String)> {
    let mut fields = Fields::new();
    let number = fields.take("call_in", numbered("YT", &message.call_in));
    let conclusion = fields.take("conclusion", text::paragraph(&message.conclusion, TEXT_MAX));
    fields.build(|| number.zip(conclusion))
}
