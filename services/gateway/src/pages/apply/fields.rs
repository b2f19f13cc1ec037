//! The fields of an application: the applicant's, the item's own, and a file for each material.

use yimen_proto::intake::v1::applicant::Kind as ApplicantKind;
use yimen_proto::intake::v1::material_requirement::{Necessity, Source};
use yimen_proto::intake::v1::service_item::Audience;
use yimen_proto::intake::v1::{MaterialRequirement, ServiceItem};

use super::super::form::{Control, Field, Form, Typed};
use super::super::shell::Shell;
use super::super::upload::PROMISE;

/// The longest text that is asked for in one line, in characters.
const LINE_MAX: u32 = 120;

/// The materials that the applicant brings. What agencies share may not be demanded.
pub fn asked(item: &ServiceItem) -> impl Iterator<Item = &MaterialRequirement> {
    item.materials.iter().filter(|material| material.source() != Source::DataSharing)
}

/// Names of the materials that agencies share.
pub fn shared(item: &ServiceItem, s: &Shell) -> Vec<String> {
    let shared = item.materials.iter().filter(|material| material.source() == Source::DataSharing);
    shared.map(|material| s.pick(&material.name_zh, &material.name_en).to_owned()).collect()
}

/// The form, with what was typed.
pub fn form(item: &ServiceItem, center: &str, at_window: bool, typed: &Typed, s: &Shell) -> Form {
    let mut form = Form::new("apply", format!("/apply/{}", item.code), s.t("apply.next"))
        .hidden("center", center)
        .hidden("request_id", typed.get("request_id"))
        .group(s.t("apply.applicant"), applicant(item, typed, s))
        .group(s.t("apply.matter"), matter(item, typed, s));
    let files: Vec<Field> = asked(item).map(|material| file(material, at_window, typed, s)).collect();
    if !files.is_empty() {
        form = form.group(s.t("apply.materials"), files).group_intro(s.t("apply.materials_intro"));
    }
    form.multipart = true;
    form
}

fn applicant(item: &ServiceItem, typed: &Typed, s: &Shell) -> Vec<Field> {
    let line = |name: &str, label: &str| Field::new(Control::Line, name, s.t(label));
    let (person, organization) = match item.audience() {
        Audience::Person => (true, false),
        Audience::Organization => (false, true),
        _ => (true, true),
    };
    let mut kinds = Vec::new();
    for (served, kind) in [(person, ApplicantKind::Person), (organization, ApplicantKind::Organization)] {
        if served {
            let code = kind.as_str_name();
            kinds.push((code.to_owned(), s.name("applicant_kind", code)));
        }
    }
    let only = if person && organization { None } else { kinds.first().map(|(code, _)| code.clone()) };
    let mut kind = Field::new(Control::Radio, "applicant.kind", s.t("apply.kind"))
        .required()
        .choices(kinds)
        .typed(typed);
    if let (Some(_), Some(choice)) = (only, kind.choices.first_mut()) {
        choice.chosen = true;
    }
    let (name, id_number, known_as) = match (person, organization) {
        (true, false) => ("apply.name_person", "apply.id_person", "name"),
        (false, true) => ("apply.name_organization", "apply.id_organization", "organization"),
        _ => ("apply.name", "apply.id", "name"),
    };
    let id_hint = match (person, organization) {
        (true, false) => "apply.id_person_hint",
        (false, true) => "apply.id_organization_hint",
        _ => "apply.id_hint",
    };
    let mut contact = line("applicant.contact_name", "apply.contact").known_as("name");
    if person && organization {
        contact = contact.when(s.t("apply.contact_hint"));
    }
    contact.required = !person;
    let mut mobile = line("applicant.mobile", "apply.mobile").required().known_as("tel");
    mobile.keyboard = "tel";
    [
        kind,
        line("applicant.name", name).required().known_as(known_as),
        line("applicant.id_number", id_number).required().hint(s.t(id_hint)).known_as("off"),
        contact,
        mobile.hint(s.t("apply.mobile_hint")),
        line("applicant.address", "apply.address").known_as("street-address"),
    ]
    .into_iter()
    .map(|field| if field.name == "applicant.kind" { field } else { field.typed(typed) })
    .collect()
}

fn matter(item: &ServiceItem, typed: &Typed, s: &Shell) -> Vec<Field> {
    let subject = Field::new(Control::Line, "subject", s.t("apply.subject"));
    let subject = subject.required().hint(s.t("apply.subject_hint"));
    let own = item.form.iter().map(|asked| {
        let control = if asked.max_length > LINE_MAX { Control::Paragraph } else { Control::Line };
        let label = s.pick(&asked.label_zh, &asked.label_en);
        let mut field = Field::new(control, format!("form.{}", asked.code), label).hint(s.with(
            "form.at_most",
            "n",
            asked.max_length,
        ));
        field.required = asked.required;
        field
    });
    std::iter::once(subject).chain(own).map(|field| field.typed(typed)).collect()
}

fn file(material: &MaterialRequirement, at_window: bool, typed: &Typed, s: &Shell) -> Field {
    let name = s.pick(&material.name_zh, &material.name_en);
    let mut field = Field::file(&material.code, name, typed);
    field.hint.clone_from(&material.note);
    field.lang = if s.is_english() && !field.hint.is_empty() { "zh-CN" } else { "" };
    field.required = material.necessity() == Necessity::Required && !at_window;
    if material.necessity() == Necessity::Deferrable {
        field.promise = Some(!typed.get(&format!("{PROMISE}{}", material.code)).is_empty());
    }
    field
}

/// Everything that was typed, as labels and values under the headings of the form.
pub fn summary(form: &Form, s: &Shell) -> Vec<(String, Vec<(String, String)>)> {
    let group = |group: &super::super::form::Group| {
        let row = |field: &Field| (field.label.clone(), shown(field, s));
        (group.legend.clone(), group.fields.iter().map(row).collect())
    };
    form.groups.iter().map(group).collect()
}

fn shown(field: &Field, s: &Shell) -> String {
    if field.is("file") {
        return match (field.value.is_empty(), field.promise) {
            (false, _) => field.kept.clone(),
            (true, Some(true)) => s.t("apply.promised").to_owned(),
            (true, _) => s.t("apply.not_provided").to_owned(),
        };
    }
    if !field.choices.is_empty() {
        let chosen = field.choices.iter().filter(|choice| choice.chosen);
        return chosen.map(|choice| choice.label.clone()).collect::<Vec<_>>().join(s.t("list.separator"));
    }
    if field.value.trim().is_empty() { s.t("apply.not_filled").to_owned() } else { field.value.clone() }
}
