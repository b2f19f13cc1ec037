//! An application as the window sees it, and what may be done with it now.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::intake::v1::application_state::Value as State;
use yimen_proto::intake::v1::decision::Outcome;
use yimen_proto::intake::v1::deliver_result_request::Method;
use yimen_proto::intake::v1::document::Kind as DocumentKind;
use yimen_proto::intake::v1::material_requirement::Source;
use yimen_proto::intake::v1::refuse_application_request::Ground;
use yimen_proto::intake::v1::{Application, GetApplicationRequest, Material, ServiceItem};
use yimen_proto::policy::v1::Role;

use super::super::apply::asked_item;
use super::super::form::{Control, Field, Form};
use super::super::shell::Shell;
use super::super::steps::{Step, steps};
use super::super::track::{DocumentView, EntryView, OwedView, documents, files, owed_view, timeline};
use super::super::visitor::{Names, Visitor};
use super::{action, case_number};

/// A material that was handed in or promised.
#[derive(Clone, Debug)]
pub struct MaterialRow {
    pub code: String,
    pub name: String,
    pub revision: u32,
    pub file_name: String,
    pub size: String,
    pub promised: bool,
    /// The reader's department relies on it.
    pub relied_on: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "staff/application.html")]
pub struct Case {
    pub s: Shell,
    pub number: String,
    pub item: String,
    pub item_code: String,
    pub center: String,
    pub subject: String,
    pub state: String,
    pub state_code: String,
    pub outcome: String,
    pub submitted: String,
    pub second_supplement: bool,
    pub applicant: Vec<(String, String)>,
    pub fields: Vec<(String, String)>,
    pub materials: Vec<MaterialRow>,
    pub owed: Vec<OwedView>,
    pub steps: Vec<Step>,
    pub timeline: Vec<EntryView>,
    pub documents: Vec<DocumentView>,
    pub forms: Vec<Form>,
    pub approver: bool,
}

/// `GET /staff/applications/{number}`
pub async fn show(visitor: Visitor, Path(number): Path<String>) -> Response {
    let shown = async {
        let (page, _) = load(&visitor, &number).await?;
        visitor.page(StatusCode::OK, &page)
    };
    visitor.answer(shown.await)
}

/// The page of an application, and the names of its materials.
pub async fn load(visitor: &Visitor, number: &str) -> Result<(Case, Names)> {
    let claims = visitor.staff()?;
    let number = case_number(number)?;
    let case = visitor.ask.get_application(GetApplicationRequest { number }).await?;
    let code = case.summary.as_ref().map(|summary| summary.item.clone()).unwrap_or_default();
    // An item that is no longer offered still has its applications.
    let item = visitor.ask.get_item(asked_item(&code)).await.ok();
    let is_clerk = claims.roles().any(|role| role == Role::Clerk);
    let s = visitor.shell.clone().at("applications");
    let names = Names { materials: material_names(&case, item.as_ref(), &s), ..Names::default() };
    Ok((page(s, case, item.as_ref(), is_clerk, &visitor.new_request_id()), names))
}

fn material_names(case: &Application, item: Option<&ServiceItem>, s: &Shell) -> BTreeMap<String, String> {
    let name = |code: &str, zh: &str, en: &str| (code.to_owned(), s.pick(zh, en).to_owned());
    let listed = item.into_iter().flat_map(|item| &item.materials);
    let mut names: BTreeMap<String, String> =
        listed.map(|material| name(&material.code, &material.name_zh, &material.name_en)).collect();
    names.extend(case.materials.iter().map(|m| name(&m.code, &m.name_zh, &m.name_en)));
    names
}

/// What the page shows.
pub fn page(
    s: Shell,
    case: Application,
    item: Option<&ServiceItem>,
    is_clerk: bool,
    request_id: &str,
) -> Case {
    let summary = case.summary.clone().unwrap_or_default();
    let applicant = case.applicant.clone().unwrap_or_default();
    let owed: Vec<OwedView> = case.owed.iter().map(|owed| owed_view(owed, &s)).collect();
    let forms = if is_clerk { forms(&s, &case, item, &owed, request_id) } else { Vec::new() };
    let label = |code: &str| {
        let field = item.into_iter().flat_map(|item| &item.form).find(|field| field.code == code);
        field.map_or(code, |field| s.pick(&field.label_zh, &field.label_en)).to_owned()
    };
    let mut fields: Vec<(String, String)> =
        case.form.iter().map(|(code, value)| (label(code), value.clone())).collect();
    fields.sort();
    let rows = [
        ("apply.kind", s.name("applicant_kind", applicant.kind().as_str_name())),
        ("apply.name", applicant.name),
        ("apply.id", applicant.id_number),
        ("apply.contact", applicant.contact_name),
        ("apply.mobile", applicant.mobile),
        ("apply.address", applicant.address),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let state = summary.state().as_str_name();
    Case {
        applicant: rows.map(|(key, value)| (s.t(key).to_owned(), value)).collect(),
        item: s.pick(&summary.item_name_zh, &summary.item_name_en).to_owned(),
        state: s.name("application_state", state),
        state_code: state.to_ascii_lowercase(),
        outcome: match summary.outcome() {
            Outcome::Unspecified => String::new(),
            outcome => s.name("outcome", outcome.as_str_name()),
        },
        submitted: s.time(&summary.submit_time),
        second_supplement: summary.second_supplement,
        materials: case.materials.iter().map(|material| material_row(material, &s)).collect(),
        steps: steps(summary.state(), summary.outcome(), s.text),
        timeline: timeline(&case.timeline, &s),
        documents: documents(&case.documents, &s),
        number: summary.number,
        item_code: summary.item,
        center: summary.center,
        subject: summary.subject,
        approver: s.staff.as_ref().is_some_and(|bar| bar.tasks),
        fields,
        owed,
        forms,
        s,
    }
}

/// A line of the materials.
pub fn material_row(material: &Material, s: &Shell) -> MaterialRow {
    MaterialRow {
        code: material.code.clone(),
        name: s.pick(&material.name_zh, &material.name_en).to_owned(),
        revision: material.revision,
        file_name: material.file_name.clone(),
        size: size(material.size),
        promised: material.promised,
        relied_on: false,
    }
}

/// Bytes as people read them.
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// What a clerk may do with the application in its state.
fn forms(
    s: &Shell,
    case: &Application,
    item: Option<&ServiceItem>,
    owed: &[OwedView],
    request_id: &str,
) -> Vec<Form> {
    let summary = case.summary.clone().unwrap_or_default();
    let place = format!("/staff/applications/{}", summary.number);
    let act = |id: &str, submit: &str| action(id, &place, request_id, s.t(submit));
    let accept =
        || act("accept", "window.accept").titled(s.t("window.accept")).intro(s.t("window.accept_intro"));
    let told = case.documents.iter().any(|document| document.kind() == DocumentKind::SupplementNotice);
    let supplement = || supplement(act("supplement", "window.supplement_submit"), s, case, item, told);
    let refuse = || refuse(act("refuse", "window.refuse_submit"), s);
    let mut forms = match summary.state() {
        State::Submitted | State::Supplemented => vec![accept().open(true), supplement(), refuse()],
        State::SupplementRequested => vec![refuse()],
        State::Completed => vec![deliver(act("deliver", "window.deliver_submit"), s).open(true)],
        _ => Vec::new(),
    };
    let takes = matches!(
        summary.state(),
        State::Submitted | State::SupplementRequested | State::Supplemented | State::Accepted
    );
    if takes && !owed.is_empty() {
        let mut provide =
            action("provide", &format!("{place}/materials"), request_id, s.t("window.provide_submit"))
                .titled(s.t("window.provide"))
                .hidden("number", &summary.number)
                .group("", files(owed));
        provide.multipart = true;
        forms.push(provide);
    }
    forms
}

fn supplement(form: Form, s: &Shell, case: &Application, item: Option<&ServiceItem>, told: bool) -> Form {
    let problem = |code: &str, name: &str| Field {
        depends: true,
        ..Field::new(Control::Line, format!("problem.{code}"), name)
    };
    let problems: Vec<Field> = match item {
        Some(item) => item
            .materials
            .iter()
            .filter(|material| material.source() != Source::DataSharing)
            .map(|material| problem(&material.code, s.pick(&material.name_zh, &material.name_en)))
            .collect(),
        None => case.materials.iter().map(|m| problem(&m.code, s.pick(&m.name_zh, &m.name_en))).collect(),
    };
    let due_on = Field::new(Control::Day, "due_on", s.t("window.due_on")).required();
    let mut rest = vec![due_on.hint(s.t("window.due_on_hint"))];
    if told {
        let reason = Field::new(Control::Paragraph, "repeat_reason", s.t("window.repeat_reason")).required();
        rest.push(reason.hint(s.t("window.repeat_reason_hint")));
    }
    form.titled(s.t("window.supplement"))
        .intro(s.t("window.supplement_intro"))
        .group(s.t("window.problems"), problems)
        .group_intro(s.t("window.problems_intro"))
        .group("", rest)
}

fn refuse(form: Form, s: &Shell) -> Form {
    let grounds = [Ground::NotRequired, Ground::NotCompetent, Ground::Incomplete, Ground::FalseMaterials];
    let grounds = grounds
        .map(|ground| (ground.as_str_name().to_owned(), s.name("refusal_ground", ground.as_str_name())));
    let fields = vec![
        Field::new(Control::Radio, "ground", s.t("window.ground")).required().choices(grounds),
        Field::new(Control::Paragraph, "reason", s.t("window.reason")).required().hint(s.with(
            "form.at_most",
            "n",
            2000,
        )),
        Field::new(Control::Line, "referred_to", s.t("window.referred_to"))
            .when(s.t("window.referred_to_hint")),
    ];
    form.titled(s.t("window.refuse")).intro(s.t("window.refuse_intro")).group("", fields).grave()
}

fn deliver(form: Form, s: &Shell) -> Form {
    let methods = [Method::Counter, Method::Post, Method::Electronic];
    let methods = methods
        .map(|method| (method.as_str_name().to_owned(), s.name("delivery_method", method.as_str_name())));
    let fields = vec![
        Field::new(Control::Radio, "method", s.t("window.method")).required().choices(methods),
        Field::new(Control::Line, "recipient", s.t("window.recipient")).required(),
        Field::new(Control::Line, "tracking_number", s.t("window.tracking_number"))
            .when(s.t("window.tracking_number_hint")),
    ];
    form.titled(s.t("window.deliver")).group("", fields)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        assert_eq!(super::size(900), "900 B");
        assert_eq!(super::size(20_480), "20 KiB");
        assert_eq!(super::size(5_767_168), "5.5 MiB");
    }
}
