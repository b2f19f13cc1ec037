//! Following an application with number and lookup code. Both are sent in the body of a form, so
//! that neither address nor history holds them.

use askama::Template;
use axum::extract::Multipart;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::{Error, FieldError, Result};
use yimen_kernel::{CaseNumber, Kind, LookupCode, Money, RatingToken, Reason};
use yimen_proto::intake::v1::application_fee::State as FeeState;
use yimen_proto::intake::v1::application_state::Value as State;
use yimen_proto::intake::v1::{
    ApplicationFee, GetDocumentRequest, OwedMaterial, ProvideMaterialsRequest, TrackApplicationRequest,
    TrackedApplication, WithdrawApplicationRequest,
};

use super::form::{Control, Field, Form, Typed, same_name};
use super::printed::Printed;
use super::qr::Qr;
use super::shell::{Shell, Switch};
use super::steps::{Step, steps};
use super::upload::{self, FILE, UPLOAD};
use super::visitor::{Names, Visitor, see_other};
use crate::http::files::Keeper;
use crate::http::problem::status_of;

/// Where number and lookup code are asked for.
#[derive(Template)]
#[template(path = "track.html")]
pub struct Lookup {
    pub s: Shell,
    pub form: Form,
}

/// A material that is owed.
#[derive(Clone, Debug)]
pub struct OwedView {
    pub code: String,
    pub name: String,
    pub reason: String,
    pub due_on: String,
}

/// What is to be paid.
#[derive(Clone, Debug)]
pub struct FeeView {
    pub state: String,
    /// Whether it is still to be paid.
    pub due: bool,
    /// In yuan.
    pub amount: String,
    pub payment_code: String,
    pub limit_on: String,
    pub receipt: String,
}

/// An entry of the history.
#[derive(Clone, Debug)]
pub struct EntryView {
    pub time: String,
    pub text: String,
}

/// A document in a list.
#[derive(Clone, Debug)]
pub struct DocumentView {
    pub number: String,
    pub kind: String,
    pub issued: String,
}

/// The application, as its applicant sees it.
#[derive(Template)]
#[template(path = "tracked.html")]
pub struct Tracked {
    pub s: Shell,
    pub number: String,
    pub code: String,
    pub item: String,
    pub center_name: String,
    pub state: String,
    pub outcome: String,
    pub submitted: String,
    pub steps: Vec<Step>,
    pub timeline: Vec<EntryView>,
    pub documents: Vec<DocumentView>,
    pub owed: Vec<OwedView>,
    pub fee: Option<FeeView>,
    pub provide: Option<Form>,
    pub withdraw: Option<Form>,
}

/// `GET /track?number=…`
pub async fn show(visitor: Visitor) -> Response {
    let number = visitor.param("number").to_owned();
    let typed = Typed(vec![("number".to_owned(), number)]);
    visitor.answer(lookup(&visitor, &typed, None))
}

/// `GET` of what is only sent.
pub async fn back() -> Response {
    see_other("/track")
}

/// `POST /track`
pub async fn open(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(opened(&visitor, &typed, |_| StatusCode::OK).await)
}

/// `POST /track/materials`
pub async fn provide(visitor: Visitor, parts: Multipart) -> Response {
    visitor.answer(provided(&visitor, parts).await)
}

/// `POST /track/withdraw`
pub async fn withdraw(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(withdrawn(&visitor, &typed).await)
}

/// `POST /track/document`
pub async fn document(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(printed(&visitor, &typed).await)
}

/// The question for number and lookup code, with what is wrong with those given.
fn lookup(visitor: &Visitor, typed: &Typed, refused: Option<&Error>) -> Result<Response> {
    let s = visitor.shell.clone().at("track");
    let number = Field::new(Control::Line, "number", s.t("track.number"));
    let code = Field::new(Control::Line, "code", s.t("track.code"));
    let mut number = number.required().hint(s.t("track.number_hint")).typed(typed).known_as("off");
    number.keyboard = "numeric";
    let code = code.required().hint(s.t("track.code_hint")).known_as("off");
    let mut form = Form::new("track", "/track", s.t("track.open")).group("", vec![number, code]);
    let mut status = StatusCode::OK;
    if let Some(error) = refused {
        form.refuse(error, s.text, &Names::default(), same_name);
        status = status_of(error);
    }
    visitor.page(status, &Lookup { s, form })
}

/// The application, or the question again.
async fn opened(
    visitor: &Visitor,
    typed: &Typed,
    change: impl FnOnce(&mut Tracked) -> StatusCode,
) -> Result<Response> {
    let mut fields = yimen_kernel::Fields::new();
    let number = fields.take("number", CaseNumber::parse(typed.get("number")));
    let code = fields.take("code", LookupCode::parse(typed.get("code")));
    let (number, code) = match fields.build(|| number.zip(code)) {
        Ok((number, code)) => (number.to_string(), code.as_str().to_owned()),
        Err(error) => return lookup(visitor, typed, Some(&error)),
    };
    let asked = TrackApplicationRequest { number, code: code.clone() };
    let tracked = match visitor.ask.track_application(asked).await {
        Ok(tracked) => tracked,
        Err(error) if !matches!(error.kind(), Kind::Internal | Kind::Unavailable) => {
            return lookup(visitor, typed, Some(&error));
        }
        Err(error) => return Err(error),
    };
    let s = visitor.shell.clone().at("track");
    let centers = visitor.ask.centers().await?;
    let center = centers.iter().find(|center| center.code == tracked.center);
    let center = center.map(|center| s.pick(&center.name_zh, &center.name_en).to_owned());
    let request_id = visitor.new_request_id();
    let mut page = page(s, tracked, center.unwrap_or_default(), &code, &request_id);
    let status = change(&mut page);
    visitor.page(status, &page)
}

/// What the page shows of an application.
pub fn page(
    s: Shell,
    case: TrackedApplication,
    center_name: String,
    code: &str,
    request_id: &str,
) -> Tracked {
    let key = vec![("number".to_owned(), case.number.clone()), ("code".to_owned(), code.to_owned())];
    let s = s.switched_by(Switch::Form("/track".to_owned(), key));
    let form = |id: &str, action: &str, submit: &str| {
        Form::new(id, action, s.t(submit))
            .hidden("number", &case.number)
            .hidden("code", code)
            .hidden("request_id", request_id)
    };
    let owed: Vec<OwedView> = case.owed.iter().map(|owed| owed_view(owed, &s)).collect();
    let takes = matches!(
        case.state(),
        State::SupplementRequested | State::Supplemented | State::Accepted | State::Submitted
    );
    let provide = (takes && !owed.is_empty()).then(|| {
        let mut provide = form("provide", "/track/materials", "track.provide").group("", files(&owed));
        provide.multipart = true;
        provide
    });
    let withdraw = takes.then(|| {
        let confirm = Field::new(Control::Checks, "confirm", s.t("track.withdraw_confirm"))
            .required()
            .choices([("1".to_owned(), s.t("track.withdraw_sure").to_owned())]);
        let reason = Field::new(Control::Paragraph, "reason", s.t("track.withdraw_reason"));
        form("withdraw", "/track/withdraw", "track.withdraw")
            .intro(s.t("track.withdraw_intro"))
            .group("", vec![reason.hint(s.with("form.at_most", "n", 500)), confirm])
            .grave()
    });
    Tracked {
        item: s.pick(&case.item_name_zh, &case.item_name_en).to_owned(),
        state: s.name("application_state", case.state().as_str_name()),
        outcome: match case.outcome() {
            yimen_proto::intake::v1::decision::Outcome::Unspecified => String::new(),
            outcome => s.name("outcome", outcome.as_str_name()),
        },
        submitted: s.time(&case.submit_time),
        steps: steps(case.state(), case.outcome(), s.text),
        timeline: timeline(&case.timeline, &s),
        documents: documents(&case.documents, &s),
        fee: case.fee.as_ref().map(|fee| fee_view(fee, &s)),
        number: case.number,
        code: code.to_owned(),
        center_name,
        owed,
        provide,
        withdraw,
        s,
    }
}

/// The history, latest first.
pub fn timeline(entries: &[yimen_proto::intake::v1::TimelineEntry], s: &Shell) -> Vec<EntryView> {
    let view = |entry: &yimen_proto::intake::v1::TimelineEntry| EntryView {
        time: s.time(&entry.time),
        text: s.pick(&entry.text_zh, &entry.text_en).to_owned(),
    };
    entries.iter().rev().map(view).collect()
}

/// The documents, in the order in which they were issued.
pub fn documents(documents: &[yimen_proto::intake::v1::DocumentSummary], s: &Shell) -> Vec<DocumentView> {
    let view = |document: &yimen_proto::intake::v1::DocumentSummary| DocumentView {
        number: document.number.clone(),
        kind: s.name("document_kind", document.kind().as_str_name()),
        issued: s.time(&document.issue_time),
    };
    documents.iter().map(view).collect()
}

/// A fee notice.
fn fee_view(fee: &ApplicationFee, s: &Shell) -> FeeView {
    FeeView {
        state: s.name("fee_state", fee.state().as_str_name()),
        due: fee.state() == FeeState::Due,
        amount: Money::from_fen(fee.amount_fen).unwrap_or_default().to_string(),
        payment_code: fee.payment_code.clone(),
        limit_on: s.date(&fee.limit_on),
        receipt: fee.receipt.clone(),
    }
}

/// A material that is owed.
pub fn owed_view(owed: &OwedMaterial, s: &Shell) -> OwedView {
    OwedView {
        code: owed.code.clone(),
        name: s.pick(&owed.name_zh, &owed.name_en).to_owned(),
        reason: owed.reason.clone(),
        due_on: if owed.due_on.is_empty() { String::new() } else { s.date(&owed.due_on) },
    }
}

/// A file for each material that is owed, once.
pub fn files(owed: &[OwedView]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for owed in owed {
        let name = format!("{FILE}{}", owed.code);
        if !fields.iter().any(|field| field.name == name) {
            let field = Field::new(Control::File, name, &owed.name);
            fields.push(Field { depends: true, ..field });
        }
    }
    fields
}

async fn provided(visitor: &Visitor, parts: Multipart) -> Result<Response> {
    // Which materials are owed is known only when number and code were read; intake refuses others.
    let is_wanted = |code: &str| yimen_kernel::MaterialCode::parse(code).is_ok();
    let received = upload::receive(&visitor.ask, Keeper::Intake, parts, is_wanted).await?;
    let (typed, faults) = (received.typed, received.faults);
    let outcome = hand_in(visitor, &typed, faults, typed.get("code")).await;
    match outcome {
        Ok(()) => {
            let told = visitor.text().find("done.provided");
            opened(visitor, &typed, |page| {
                page.s.done = told;
                StatusCode::OK
            })
            .await
        }
        Err((error, _)) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => Err(error),
        Err((error, sent)) => {
            opened(visitor, &typed, |page| {
                let text = page.s.text;
                let again = error.reason() == Reason::RequestIdReused;
                if let Some(form) = page.provide.as_mut().filter(|_| !again) {
                    keep(form, &typed);
                    form.refuse(&error, text, &Names::default(), |fault| upload::place(fault, &sent));
                } else {
                    // The same form came before, or nothing is owed any more.
                    page.s.done = text.find("done.provided_before");
                }
                status_of(&error)
            })
            .await
        }
    }
}

/// Files that came stay in the form.
pub fn keep(form: &mut Form, typed: &Typed) {
    for field in form.fields_mut() {
        field.keep_upload(typed);
    }
}

/// Hands in what came with a form. A refusal comes with the materials that were sent, because
/// faults are named by their place among them.
pub async fn hand_in(
    visitor: &Visitor,
    typed: &Typed,
    faults: Vec<FieldError>,
    code: &str,
) -> Result<(), (Error, Vec<yimen_proto::intake::v1::MaterialInput>)> {
    let codes = typed.0.iter().filter_map(|(name, _)| name.strip_prefix(UPLOAD).map(str::to_owned));
    let materials = upload::materials(typed, codes);
    if !faults.is_empty() {
        return Err((Error::invalid(faults), materials));
    }
    if materials.is_empty() {
        let told = Error::new(Kind::InvalidArgument, Reason::MaterialMissing);
        return Err((told, materials));
    }
    let message = ProvideMaterialsRequest {
        request_id: typed.get("request_id").to_owned(),
        number: typed.get("number").to_owned(),
        code: code.to_owned(),
        materials: materials.clone(),
    };
    match visitor.ask.provide_materials(message).await {
        Ok(_) => Ok(()),
        Err(error) => Err((error, materials)),
    }
}

async fn withdrawn(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    let outcome = if typed.get("confirm").is_empty() {
        Err(Error::field("confirm", Reason::Required))
    } else {
        let message = WithdrawApplicationRequest {
            request_id: typed.get("request_id").to_owned(),
            number: typed.get("number").to_owned(),
            code: typed.get("code").to_owned(),
            reason: typed.get("reason").to_owned(),
        };
        visitor.ask.withdraw_application(message).await
    };
    match outcome {
        Ok(_) => {
            let told = visitor.text().find("done.withdrawn");
            opened(visitor, typed, |page| {
                page.s.done = told;
                StatusCode::OK
            })
            .await
        }
        Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => Err(error),
        Err(error) => {
            opened(visitor, typed, |page| {
                let text = page.s.text;
                if let Some(form) = &mut page.withdraw {
                    form.refill(typed);
                    form.refuse(&error, text, &Names::default(), same_name);
                }
                status_of(&error)
            })
            .await
        }
    }
}

async fn printed(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    let number = typed.get("number").to_owned();
    let code = typed.get("code").to_owned();
    if code.is_empty() {
        return Ok(see_other("/track"));
    }
    let asked = GetDocumentRequest {
        number: number.clone(),
        document: typed.get("document").to_owned(),
        code: code.clone(),
    };
    let document = visitor.ask.get_document(asked).await?;
    let again =
        ["number", "code", "document", "rate"].map(|name| (name.to_owned(), typed.get(name).to_owned()));
    let switch = Switch::Form("/track/document".to_owned(), again.to_vec());
    let s = visitor.shell.clone().at("track").switched_by(switch);
    // Only the page after handing in has the token: nobody else can print a link to rate.
    let token = RatingToken::parse(typed.get("rate")).ok();
    let rate = token.and_then(|token| Qr::of(token.link(&visitor.public_url)));
    let page = Printed { case: number, code, rate, ..Printed::of(document, s) };
    visitor.page(StatusCode::OK, &page)
}
