//! Service items: proto into rules.

use chrono::NaiveDate;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DivisionCode, Fields, ItemCode, MaterialCode, text};
use yimen_proto::intake::v1 as pb;
use yimen_proto::intake::v1::{material_requirement, service_item};

use super::parse::plausible;
use crate::domain::catalog::{FormField, Item, ItemFee, Necessity, Plan, Requirement, Step};

/// Items in one import.
const MAX_ITEMS: usize = 1_000;
/// Entries of one list of an item.
const MAX_ENTRIES: usize = 60;
/// The longest limit, in working days.
const MAX_DAYS: u32 = 366;

/// Reads a catalog whole; one answer names every fault in it.
pub fn parse_all(
    items: &[pb::ServiceItem],
    today: NaiveDate,
) -> Result<Vec<(Item, NaiveDate, pb::ServiceItem)>> {
    if items.is_empty() {
        return Err(Error::field("items", Reason::Required));
    }
    let mut fields = Fields::new();
    if items.len() > MAX_ITEMS {
        fields.add_limit("items", Reason::TooMany, MAX_ITEMS);
    }
    let mut parsed = Vec::with_capacity(items.len());
    for (index, guide) in (0..).zip(items.iter().take(MAX_ITEMS)) {
        let path = format!("items[{index}]");
        if items.iter().filter(|other| other.code == guide.code).count() > 1 {
            fields.add(&format!("{path}.code"), Reason::Duplicate);
        }
        let mut guide = guide.clone();
        if guide.effective_from.is_empty() {
            guide.effective_from = today.to_string();
        }
        if let Some((item, from)) = parse(&guide, &path, &mut fields) {
            parsed.push((item, from, guide));
        }
    }
    fields.finish()?;
    Ok(parsed)
}

/// Reads one item; faults are named below `path`.
pub fn parse(guide: &pb::ServiceItem, path: &str, fields: &mut Fields) -> Option<(Item, NaiveDate)> {
    let at = |field: &str| format!("{path}.{field}");
    let code = fields.take(&at("code"), ItemCode::parse(&guide.code));
    texts(guide, path, fields);
    if matches!(service_item::Kind::try_from(guide.kind), Ok(service_item::Kind::Unspecified) | Err(_)) {
        fields.add(&at("kind"), Reason::UnknownValue);
    }
    let audience = match service_item::Audience::try_from(guide.audience) {
        Ok(service_item::Audience::Person) => Some((true, false)),
        Ok(service_item::Audience::Organization) => Some((false, true)),
        Ok(service_item::Audience::Anyone) => Some((true, true)),
        Ok(service_item::Audience::Unspecified) | Err(_) => {
            fields.add(&at("audience"), Reason::UnknownValue);
            None
        }
    };
    if guide.centers.is_empty() {
        fields.add(&at("centers"), Reason::Required);
    }
    let centers: Vec<DivisionCode> = (0..)
        .zip(&guide.centers)
        .filter_map(|(index, center)| {
            fields.take(&at(&format!("centers[{index}]")), DivisionCode::parse(center))
        })
        .collect();
    let materials: Vec<Requirement> = (0..)
        .zip(&guide.materials)
        .filter_map(|(index, material)| requirement(material, &at(&format!("materials[{index}]")), fields))
        .collect();
    let form: Vec<FormField> = (0..)
        .zip(&guide.form)
        .filter_map(|(index, field)| form_field(field, &at(&format!("form[{index}]")), fields))
        .collect();
    let plan = match &guide.plan {
        Some(plan) => plan_of(plan, &at("plan"), fields),
        None => {
            fields.add(&at("plan"), Reason::Required);
            None
        }
    };
    for (field, days) in [
        ("statutory_limit_days", guide.statutory_limit_days),
        ("promised_limit_days", guide.promised_limit_days),
    ] {
        if days > MAX_DAYS {
            fields.add_limit(&at(field), Reason::OutOfRange, MAX_DAYS);
        }
    }
    // A fee without a basis cannot be published (行政许可法 art. 58, 59).
    if guide.charges_fee && guide.fee_basis.trim().is_empty() {
        fields.add(&at("fee_basis"), Reason::Required);
    }
    if guide.charges_fee == guide.fees.is_empty() {
        fields.add(&at("fees"), if guide.charges_fee { Reason::Required } else { Reason::NotAllowedHere });
    }
    let fees: Vec<ItemFee> = (0..)
        .zip(&guide.fees)
        .filter_map(|(index, fee)| item_fee(fee, &at(&format!("fees[{index}]")), fields))
        .collect();
    let fees_raised = service_item::FeesRaised::try_from(guide.fees_raised);
    if fees_raised.is_err() {
        fields.add(&at("fees_raised"), Reason::UnknownValue);
    }
    let effective_from = fields.take(&at("effective_from"), parse_date(&guide.effective_from));
    if effective_from.is_some_and(|day| !plausible(day)) {
        fields.add(&at("effective_from"), Reason::OutOfRange);
    }
    let (persons, organizations) = audience?;
    let item = Item {
        code: code?,
        version: guide.version,
        centers,
        persons,
        organizations,
        materials,
        form,
        plan: plan?,
        fees,
        fees_at_acceptance: fees_raised == Ok(service_item::FeesRaised::AtAcceptance),
        statutory_limit_days: guide.statutory_limit_days,
        promised_limit_days: guide.promised_limit_days,
    };
    item.check(path, fields);
    Some((item, effective_from?))
}

fn texts(guide: &pb::ServiceItem, path: &str, fields: &mut Fields) {
    for (field, value) in
        [("name_zh", &guide.name_zh), ("name_en", &guide.name_en), ("result_name", &guide.result_name)]
    {
        fields.take(&format!("{path}.{field}"), text::line(value, 200));
    }
    let lists = [("basis", &guide.basis), ("conditions", &guide.conditions), ("examples", &guide.examples)];
    for (field, entries) in lists {
        if entries.len() > MAX_ENTRIES {
            fields.add_limit(&format!("{path}.{field}"), Reason::TooMany, MAX_ENTRIES);
        }
        for (index, entry) in (0..).zip(entries.iter().take(MAX_ENTRIES)) {
            fields.take(&format!("{path}.{field}[{index}]"), text::paragraph(entry, 1_000));
        }
    }
    if guide.basis.is_empty() {
        fields.add(&format!("{path}.basis"), Reason::Required);
    }
    for (field, value, max) in [
        ("consultation", &guide.consultation, 100),
        ("complaint", &guide.complaint, 100),
        ("fee_basis", &guide.fee_basis, 500),
        ("item_type", &guide.item_type, 4),
    ] {
        fields.take(&format!("{path}.{field}"), text::optional_line(value, max));
    }
    let digits = guide.basic_code.chars().filter(char::is_ascii_digit).count();
    if !guide.basic_code.is_empty() && (digits != 12 || guide.basic_code.len() != 12) {
        fields.add(&format!("{path}.basic_code"), Reason::BadFormat);
    }
}

fn requirement(material: &pb::MaterialRequirement, path: &str, fields: &mut Fields) -> Option<Requirement> {
    let code = fields.take(&format!("{path}.code"), MaterialCode::parse(&material.code));
    fields.take(&format!("{path}.name_zh"), text::line(&material.name_zh, 200));
    fields.take(&format!("{path}.name_en"), text::line(&material.name_en, 200));
    fields.take(&format!("{path}.note"), text::optional_paragraph(&material.note, 500));
    let necessity = match material_requirement::Necessity::try_from(material.necessity) {
        Ok(material_requirement::Necessity::Required) => Some(Necessity::Required),
        Ok(material_requirement::Necessity::Optional) => Some(Necessity::Optional),
        Ok(material_requirement::Necessity::Deferrable) => Some(Necessity::Deferrable),
        Ok(material_requirement::Necessity::Unspecified) | Err(_) => {
            fields.add(&format!("{path}.necessity"), Reason::UnknownValue);
            None
        }
    };
    let shared = match material_requirement::Source::try_from(material.source) {
        Ok(material_requirement::Source::Applicant) => Some(false),
        Ok(material_requirement::Source::DataSharing) => Some(true),
        Ok(material_requirement::Source::Unspecified) | Err(_) => {
            fields.add(&format!("{path}.source"), Reason::UnknownValue);
            None
        }
    };
    Some(Requirement { code: code?, necessity: necessity?, shared: shared? })
}

fn form_field(field: &pb::FormField, path: &str, fields: &mut Fields) -> Option<FormField> {
    fields.take(&format!("{path}.label_zh"), text::line(&field.label_zh, 100));
    fields.take(&format!("{path}.label_en"), text::line(&field.label_en, 100));
    let well_formed = !field.code.is_empty()
        && field.code.len() <= 40
        && field.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !well_formed {
        fields.add(&format!("{path}.code"), Reason::BadFormat);
    }
    if !(1..=2_000).contains(&field.max_length) {
        fields.add_limit(&format!("{path}.max_length"), Reason::OutOfRange, 2_000);
    }
    let max_length = usize::try_from(field.max_length).ok()?;
    well_formed.then(|| FormField { code: field.code.clone(), required: field.required, max_length })
}

fn item_fee(fee: &pb::ItemFee, path: &str, fields: &mut Fields) -> Option<ItemFee> {
    // Fee codes have the form of item codes.
    let code = fields.take(&format!("{path}.fee"), ItemCode::parse(&fee.fee));
    if !short(&fee.department) {
        fields.add(&format!("{path}.department"), Reason::UnknownDepartment);
    }
    let quantity_field = Some(fee.quantity_field.clone()).filter(|field| !field.is_empty());
    Some(ItemFee { fee: code?.to_string(), department: fee.department.clone(), quantity_field })
}

/// Whether this is a short department code.
fn short(value: &str) -> bool {
    (1..=16).contains(&value.len()) && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn plan_of(plan: &pb::ApprovalPlan, path: &str, fields: &mut Fields) -> Option<Plan> {
    if !short(&plan.lead) {
        fields.add(&format!("{path}.lead"), Reason::UnknownDepartment);
    }
    let mut steps = Vec::with_capacity(plan.steps.len());
    for (index, step) in (0..).zip(&plan.steps) {
        let at = |field: &str| format!("{path}.steps[{index}].{field}");
        if !short(&step.department) {
            fields.add(&at("department"), Reason::UnknownDepartment);
        }
        if step.limit_days > MAX_DAYS {
            fields.add_limit(&at("limit_days"), Reason::OutOfRange, MAX_DAYS);
        }
        steps.push(Step {
            department: step.department.clone(),
            limit_days: step.limit_days,
            after: step.after.clone(),
            relies_on: step.relies_on.clone(),
        });
    }
    Some(Plan { lead: plan.lead.clone(), steps })
}
