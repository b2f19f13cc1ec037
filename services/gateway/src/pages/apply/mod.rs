//! Handing in an application: the form, a page to check what was typed, and the page that shows
//! number and lookup code once.
//!
//! Files go to intake with the form, before it is checked; from then on only their ids are sent,
//! so that handing in twice is the same request and has the same answer.

mod check;
mod fields;

use askama::Template;
use axum::extract::{Multipart, Path};
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Kind, RatingToken, Reason};
use yimen_proto::intake::v1::applicant::Kind as ApplicantKind;
use yimen_proto::intake::v1::{Applicant, GetItemRequest, ServiceItem, SubmitApplicationRequest};
use yimen_proto::policy::v1::Role;

use super::form::{Form, Typed};
use super::heard::in_groups;
use super::qr::Qr;
use super::shell::{Shell, Switch};
use super::upload;
use super::visitor::{Names, Visitor, see_other};
use crate::http::files::Keeper;
use crate::http::problem::status_of;

/// The form.
#[derive(Template)]
#[template(path = "apply.html")]
pub struct Apply {
    pub s: Shell,
    pub item: String,
    pub code: String,
    pub center: String,
    pub center_name: String,
    pub form: Form,
    /// Materials that other agencies give.
    pub shared: Vec<String>,
}

/// What was typed, to be checked before it is handed in.
#[derive(Template)]
#[template(path = "check.html")]
pub struct Check {
    pub s: Shell,
    pub item: String,
    pub code: String,
    pub center_name: String,
    pub groups: Vec<(String, Vec<(String, String)>)>,
    pub hidden: Vec<(String, String)>,
}

/// Number and lookup code.
#[derive(Template)]
#[template(path = "submitted.html")]
pub struct Submitted {
    pub s: Shell,
    pub item: String,
    pub center_name: String,
    pub number: String,
    pub lookup_code: String,
    /// As it is shown, in two groups of four.
    pub shown_code: String,
    pub receipt: String,
    pub time: String,
    /// By which this visit is rated, once.
    pub rating_token: String,
    pub rate: Option<Qr>,
}

/// The question for an item in force today.
pub fn asked_item(code: &str) -> GetItemRequest {
    GetItemRequest { code: code.to_owned(), on: String::new() }
}

/// What is applied for, and where.
struct Occasion {
    item: ServiceItem,
    center: String,
    center_name: String,
    /// A clerk of the center hands it in for the applicant: what is missing may follow.
    at_window: bool,
}

impl Occasion {
    async fn of(visitor: &Visitor, code: &str, center: &str) -> Result<Self> {
        let item = visitor.ask.get_item(asked_item(code)).await?;
        let centers = visitor.ask.centers().await?;
        let found =
            centers.into_iter().find(|found| found.code == center && item.centers.contains(&found.code));
        let found = found.ok_or_else(|| Error::new(Kind::NotFound, Reason::ItemNotOffered))?;
        let at_window = visitor
            .staff()
            .is_ok_and(|claims| claims.roles().any(|role| role == Role::Clerk) && claims.center == center);
        Ok(Self {
            item,
            center_name: visitor.shell.pick(&found.name_zh, &found.name_en).to_owned(),
            center: found.code,
            at_window,
        })
    }

    fn name<'a>(&'a self, s: &Shell) -> &'a str {
        s.text.pick(&self.item.name_zh, &self.item.name_en)
    }
}

/// `GET /apply/{code}?center=430102`
pub async fn show(visitor: Visitor, Path(code): Path<String>) -> Response {
    visitor.answer(empty(&visitor, &code).await)
}

async fn empty(visitor: &Visitor, code: &str) -> Result<Response> {
    let center = visitor.param("center");
    if center.is_empty() {
        // Where it is applied for is chosen on the guide.
        visitor.ask.get_item(asked_item(code)).await?;
        return Ok(see_other(&format!("/items/{code}")));
    }
    let occasion = Occasion::of(visitor, code, center).await?;
    let mut typed = Typed::default();
    typed.set("request_id".to_owned(), visitor.new_request_id());
    page(visitor, &occasion, &typed, StatusCode::OK, |_| {})
}

/// `POST /apply/{code}`: the files are taken in and everything is checked.
pub async fn check(visitor: Visitor, Path(code): Path<String>, parts: Multipart) -> Response {
    visitor.answer(checked(&visitor, &code, parts).await)
}

async fn checked(visitor: &Visitor, code: &str, parts: Multipart) -> Result<Response> {
    let item = visitor.ask.get_item(asked_item(code)).await?;
    let is_wanted = |code: &str| fields::asked(&item).any(|material| material.code == code);
    let mut received = upload::receive(&visitor.ask, Keeper::Intake, parts, is_wanted).await?;
    let occasion = Occasion::of(visitor, code, received.typed.get("center")).await?;
    visitor.settle(&mut received.typed);
    let typed = received.typed;
    let today = local_date(visitor.ask.door.clock().now());
    let mut faults = received.faults;
    for fault in check::faults(&occasion.item, &typed, occasion.at_window, today) {
        if !faults.iter().any(|known| known.field == fault.field) {
            faults.push(fault);
        }
    }
    if !faults.is_empty() {
        return refused(visitor, &occasion, &typed, &Error::invalid(faults));
    }
    let form = fields::form(&occasion.item, &occasion.center, occasion.at_window, &typed, &visitor.shell);
    let page = Check {
        item: occasion.name(&visitor.shell).to_owned(),
        code: code.to_owned(),
        center_name: occasion.center_name.clone(),
        groups: fields::summary(&form, &visitor.shell),
        hidden: typed.0.clone(),
        s: frame(visitor, code, &typed),
    };
    visitor.page(StatusCode::OK, &page)
}

/// `POST /apply/{code}/edit`: back from the check, with everything as it was.
pub async fn edit(visitor: Visitor, Path(code): Path<String>, typed: Typed) -> Response {
    let edit = async {
        let mut typed = typed;
        visitor.settle(&mut typed);
        let occasion = Occasion::of(&visitor, &code, typed.get("center")).await?;
        page(&visitor, &occasion, &typed, StatusCode::OK, |_| {})
    };
    visitor.answer(edit.await)
}

/// `POST /apply/{code}/submit`: hands it in.
pub async fn submit(visitor: Visitor, Path(code): Path<String>, typed: Typed) -> Response {
    visitor.answer(submitted(&visitor, &code, typed).await)
}

async fn submitted(visitor: &Visitor, code: &str, mut typed: Typed) -> Result<Response> {
    visitor.settle(&mut typed);
    let occasion = Occasion::of(visitor, code, typed.get("center")).await?;
    let message = message(&occasion, &typed);
    let sent = message.materials.clone();
    match visitor.ask.submit_application(message).await {
        Ok(answer) => {
            let s = visitor.shell.clone().at("items").switched_by(Switch::None);
            let code = answer.lookup_code;
            let page = Submitted {
                item: occasion.name(&s).to_owned(),
                center_name: occasion.center_name,
                number: answer.number,
                shown_code: in_groups(&code),
                lookup_code: code,
                receipt: answer.receipt,
                rate: RatingToken::parse(&answer.rating_token)
                    .ok()
                    .and_then(|token| Qr::of(token.link(&visitor.public_url))),
                rating_token: answer.rating_token,
                time: s.time(&answer.submit_time),
                s,
            };
            visitor.page(StatusCode::CREATED, &page)
        }
        Err(error) if error.reason() == Reason::RequestIdReused => {
            let told = visitor.text().get("apply.already").to_owned();
            page(visitor, &occasion, &typed, StatusCode::CONFLICT, |form| form.refusal = told)
        }
        Err(error) if is_about_form(&error) => {
            for fault in error.fields().iter().filter(|fault| fault.reason == Reason::UploadUnknown) {
                upload::forget(&mut typed, &upload::place(fault, &sent));
            }
            refused_at(visitor, &occasion, &typed, &error, &sent)
        }
        Err(error) => Err(error),
    }
}

/// What the applicant can put right in the form, or try again with it.
fn is_about_form(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::InvalidArgument | Kind::FailedPrecondition | Kind::Unavailable | Kind::ResourceExhausted
    )
}

fn refused(visitor: &Visitor, occasion: &Occasion, typed: &Typed, error: &Error) -> Result<Response> {
    refused_at(visitor, occasion, typed, error, &[])
}

fn refused_at(
    visitor: &Visitor,
    occasion: &Occasion,
    typed: &Typed,
    error: &Error,
    sent: &[yimen_proto::intake::v1::MaterialInput],
) -> Result<Response> {
    page(visitor, occasion, typed, status_of(error), |form| {
        form.refuse(error, visitor.text(), &Names::default(), |fault| upload::place(fault, sent));
    })
}

fn page(
    visitor: &Visitor,
    occasion: &Occasion,
    typed: &Typed,
    status: StatusCode,
    change: impl FnOnce(&mut Form),
) -> Result<Response> {
    let s = frame(visitor, &occasion.item.code, typed);
    let mut form = fields::form(&occasion.item, &occasion.center, occasion.at_window, typed, &s);
    change(&mut form);
    let page = Apply {
        item: occasion.name(&s).to_owned(),
        code: occasion.item.code.clone(),
        center: occasion.center.clone(),
        center_name: occasion.center_name.clone(),
        shared: fields::shared(&occasion.item, &s),
        form,
        s,
    };
    visitor.page(status, &page)
}

/// The frame of a filled-in form: the other language keeps what was typed.
fn frame(visitor: &Visitor, code: &str, typed: &Typed) -> Shell {
    let s = visitor.shell.clone().at("items");
    // An untouched form holds its request id only.
    if typed.0.len() > 1 {
        s.switched_by(Switch::Form(format!("/apply/{code}/edit"), typed.0.clone()))
    } else {
        s
    }
}

fn message(occasion: &Occasion, typed: &Typed) -> SubmitApplicationRequest {
    let filled = occasion.item.form.iter().filter_map(|field| {
        let value = typed.get(&format!("form.{}", field.code));
        (!value.is_empty()).then(|| (field.code.clone(), value.to_owned()))
    });
    let field = |name: &str| typed.get(&format!("applicant.{name}")).to_owned();
    let kind = ApplicantKind::from_str_name(typed.get("applicant.kind")).unwrap_or_default();
    SubmitApplicationRequest {
        request_id: typed.get("request_id").to_owned(),
        center: occasion.center.clone(),
        item: occasion.item.code.clone(),
        applicant: Some(Applicant {
            kind: kind.into(),
            name: field("name"),
            id_number: field("id_number"),
            contact_name: field("contact_name"),
            mobile: field("mobile"),
            address: field("address"),
        }),
        subject: typed.get("subject").to_owned(),
        form: filled.collect(),
        materials: upload::materials(typed, fields::asked(&occasion.item).map(|m| m.code.clone())),
    }
}
