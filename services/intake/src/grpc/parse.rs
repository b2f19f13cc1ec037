//! Requests into commands; one answer names every bad field.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{
    CaseNumber, CitizenId, CreditCode, DivisionCode, Fields, ItemCode, MaterialCode, Mobile, Parsed, text,
};
use yimen_platform::files::Given;
use yimen_proto::intake::v1 as pb;
use yimen_proto::intake::v1::application_state::Value as StateValue;
use yimen_proto::intake::v1::material_input::Source as Input;

use crate::app::submit::{Applicant, Submission};
use crate::app::window::{Delivery, Notice, Refusal};
use crate::domain::application::{DeliveryMethod, RefusalGround};

/// Materials in one request.
const MAX_MATERIALS: usize = 60;
/// Own fields in one request.
const MAX_FORM: usize = 60;

pub(super) fn number(value: &str) -> Result<CaseNumber> {
    CaseNumber::parse(value).map_err(|fault| Error::invalid(vec![fault.at("number")]))
}

pub(super) fn optional_center(value: &str) -> Result<Option<DivisionCode>> {
    if value.is_empty() {
        return Ok(None);
    }
    DivisionCode::parse(value).map(Some).map_err(|fault| Error::invalid(vec![fault.at("center")]))
}

pub(super) fn optional_state(value: i32) -> Result<Option<StateValue>> {
    match StateValue::try_from(value) {
        Ok(StateValue::StateUnspecified) => Ok(None),
        Ok(state) => Ok(Some(state)),
        Err(_) => Err(Error::field("state", Reason::UnknownValue)),
    }
}

pub(super) fn submission(message: &pb::SubmitApplicationRequest, today: NaiveDate) -> Result<Submission> {
    let mut fields = Fields::new();
    let center = fields.take("center", DivisionCode::parse(&message.center));
    let item = fields.take("item", ItemCode::parse(&message.item));
    let subject = fields.take("subject", text::line(&message.subject, 200));
    let applicant = match &message.applicant {
        Some(applicant) => self::applicant(applicant, today, &mut fields),
        None => {
            fields.add("applicant", Reason::Required);
            None
        }
    };
    let form = form(&message.form, &mut fields);
    let materials = materials(&message.materials, &mut fields);
    fields.build(|| {
        Some(Submission {
            center: center?,
            item: item?,
            applicant: applicant?,
            subject: subject?,
            form,
            materials,
        })
    })
}

fn applicant(applicant: &pb::Applicant, today: NaiveDate, fields: &mut Fields) -> Option<Applicant> {
    let organization = match pb::applicant::Kind::try_from(applicant.kind) {
        Ok(pb::applicant::Kind::Person) => Some(false),
        Ok(pb::applicant::Kind::Organization) => Some(true),
        Ok(pb::applicant::Kind::Unspecified) => {
            fields.add("applicant.kind", Reason::Required);
            None
        }
        Err(_) => {
            fields.add("applicant.kind", Reason::UnknownValue);
            None
        }
    };
    let name = fields.take("applicant.name", text::line(&applicant.name, 100));
    let id_number = match organization {
        Some(true) => {
            let parsed = CreditCode::parse(&applicant.id_number).map(|code| code.as_str().to_owned());
            fields.take("applicant.id_number", parsed)
        }
        Some(false) => fields.take("applicant.id_number", citizen_id(&applicant.id_number, today)),
        None => None,
    };
    let contact_name = if organization == Some(true) {
        fields.take("applicant.contact_name", text::line(&applicant.contact_name, 60))
    } else {
        fields
            .take("applicant.contact_name", text::optional_line(&applicant.contact_name, 60))
            .map(Option::unwrap_or_default)
    };
    let mobile = fields.take("applicant.mobile", Mobile::parse(&applicant.mobile));
    let address = fields
        .take("applicant.address", text::optional_line(&applicant.address, 200))
        .map(Option::unwrap_or_default);
    Some(Applicant {
        organization: organization?,
        name: name?,
        id_number: id_number?,
        contact_name: contact_name?,
        mobile: mobile?,
        address: address?,
    })
}

fn citizen_id(value: &str, today: NaiveDate) -> Parsed<String> {
    let id = CitizenId::parse(value)?;
    if id.birth_date() > today { Err(Reason::ImpossibleDate.into()) } else { Ok(id.as_str().to_owned()) }
}

fn form(form: &BTreeMap<String, String>, fields: &mut Fields) -> BTreeMap<String, String> {
    if form.len() > MAX_FORM {
        fields.add_limit("form", Reason::TooMany, MAX_FORM);
    }
    form.clone()
}

pub(super) fn materials(
    materials: &[pb::MaterialInput],
    fields: &mut Fields,
) -> Vec<(MaterialCode, Option<Given>)> {
    if materials.len() > MAX_MATERIALS {
        fields.add_limit("materials", Reason::TooMany, MAX_MATERIALS);
        return Vec::new();
    }
    let mut parsed = Vec::with_capacity(materials.len());
    for (index, material) in (0..).zip(materials) {
        let at = format!("materials[{index}]");
        let code = fields.take(&format!("{at}.code"), MaterialCode::parse(&material.code));
        let given = match &material.source {
            Some(Input::UploadId(id)) => Given::upload(&format!("{at}.upload_id"), id, fields).map(Some),
            Some(Input::File(file)) => Given::inline(&format!("{at}.file"), file, fields).map(Some),
            Some(Input::Promised(true)) => Some(None),
            Some(Input::Promised(false)) | None => {
                fields.add(&at, Reason::Required);
                None
            }
        };
        if let (Some(code), Some(given)) = (code, given) {
            parsed.push((code, given));
        }
    }
    parsed
}

pub(super) fn withdrawal(message: &pb::WithdrawApplicationRequest) -> Result<CaseNumber> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    fields.take("reason", text::optional_paragraph(&message.reason, 500));
    fields.build(|| number)
}

pub(super) fn notice(message: &pb::RequestSupplementRequest) -> Result<(CaseNumber, Notice)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let due_on = fields.take("due_on", parse_date(&message.due_on));
    let repeat_reason = fields.take("repeat_reason", text::optional_paragraph(&message.repeat_reason, 500));
    if message.problems.is_empty() {
        fields.add("problems", Reason::Required);
    }
    if message.problems.len() > MAX_MATERIALS {
        fields.add_limit("problems", Reason::TooMany, MAX_MATERIALS);
    }
    let mut problems: Vec<(MaterialCode, String)> = Vec::new();
    for (index, problem) in (0..).zip(message.problems.iter().take(MAX_MATERIALS)) {
        let code =
            fields.take(&format!("problems[{index}].material"), MaterialCode::parse(&problem.material));
        let text = fields.take(&format!("problems[{index}].problem"), text::line(&problem.problem, 500));
        if let (Some(code), Some(text)) = (code, text) {
            if problems.iter().any(|(other, _)| *other == code) {
                fields.add(&format!("problems[{index}].material"), Reason::Duplicate);
            }
            problems.push((code, text));
        }
    }
    fields.build(|| Some((number?, Notice { problems, due_on: due_on?, repeat_reason: repeat_reason? })))
}

pub(super) fn refusal(message: &pb::RefuseApplicationRequest) -> Result<(CaseNumber, Refusal)> {
    use pb::refuse_application_request::Ground;
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let ground = match Ground::try_from(message.ground) {
        Ok(Ground::NotRequired) => Ok(RefusalGround::NotRequired),
        Ok(Ground::NotCompetent) => Ok(RefusalGround::NotCompetent),
        Ok(Ground::Incomplete) => Ok(RefusalGround::Incomplete),
        Ok(Ground::FalseMaterials) => Ok(RefusalGround::FalseMaterials),
        Ok(Ground::Unspecified) => Err(Reason::Required.into()),
        Err(_) => Err(Reason::UnknownValue.into()),
    };
    let ground = fields.take("ground", ground);
    let reason = fields.take("reason", text::paragraph(&message.reason, 2_000));
    let referred_to = fields.take("referred_to", text::optional_line(&message.referred_to, 100));
    // Art. 32(1)(2): the applicant is told which agency is the right one.
    if ground == Some(RefusalGround::NotCompetent) && referred_to == Some(None) {
        fields.add("referred_to", Reason::Required);
    }
    fields.build(|| Some((number?, Refusal { ground: ground?, reason: reason?, referred_to: referred_to? })))
}

pub(super) fn delivery(message: &pb::DeliverResultRequest) -> Result<(CaseNumber, Delivery)> {
    use pb::deliver_result_request::Method;
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let method = match Method::try_from(message.method) {
        Ok(Method::Counter) => Ok(DeliveryMethod::Counter),
        Ok(Method::Post) => Ok(DeliveryMethod::Post),
        Ok(Method::Electronic) => Ok(DeliveryMethod::Electronic),
        Ok(Method::Unspecified) => Err(Reason::Required.into()),
        Err(_) => Err(Reason::UnknownValue.into()),
    };
    let method = fields.take("method", method);
    let recipient = fields.take("recipient", text::line(&message.recipient, 60));
    let tracking_number = fields.take("tracking_number", text::optional_line(&message.tracking_number, 40));
    if method == Some(DeliveryMethod::Post) && tracking_number == Some(None) {
        fields.add("tracking_number", Reason::Required);
    }
    fields.build(|| {
        Some((
            number?,
            Delivery { method: method?, recipient: recipient?, tracking_number: tracking_number? },
        ))
    })
}

/// Years that an item may start in.
pub(super) fn plausible(day: NaiveDate) -> bool {
    (2000..=2100).contains(&day.year())
}
