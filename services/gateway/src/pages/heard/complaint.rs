//! Following a complaint with number and lookup code, and what its complainant does with it.

use axum::response::Response;
use http::StatusCode;
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, Result};
use yimen_proto::complaints::v1::{
    ConfirmAnswerRequest, FollowComplaintRequest, ReopenComplaintRequest, RequestReviewRequest,
    WithdrawComplaintRequest,
};

use super::followed::{self, Followed};
use super::{Key, is_theirs, lookup};
use crate::http::problem::status_of;
use crate::pages::form::{Typed, same_name};
use crate::pages::visitor::{Names, Visitor, see_other};

const FOLLOW: (&str, &str) = ("/complaints/follow", "complaint.follow");

/// `GET /complaints/follow`
pub async fn show(visitor: Visitor) -> Response {
    visitor.answer(lookup(&visitor, "complaints", FOLLOW, &Typed::default(), None))
}

/// `POST /complaints/follow`
pub async fn open(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(opened(&visitor, &typed, |_| StatusCode::OK).await)
}

/// `GET` of what is only sent.
pub async fn back() -> Response {
    see_other("/complaints/follow")
}

/// `POST /complaints/act`
pub async fn act(visitor: Visitor, typed: Typed) -> Response {
    visitor.answer(acted(&visitor, &typed).await)
}

/// The complaint, or the question for number and code again.
async fn opened(
    visitor: &Visitor,
    typed: &Typed,
    change: impl FnOnce(&mut Followed) -> StatusCode,
) -> Result<Response> {
    let again = |error: &Error| lookup(visitor, "complaints", FOLLOW, typed, Some(error));
    let key = match Key::read(typed) {
        Ok(key) => key,
        Err(error) => return again(&error),
    };
    let asked = FollowComplaintRequest { number: key.number.clone(), code: key.code.clone() };
    let complaint = match visitor.ask.follow_complaint(asked).await {
        Ok(complaint) => complaint,
        Err(error) if is_theirs(&error) => return again(&error),
        Err(error) => return Err(error),
    };
    let departments = visitor.ask.departments(&complaint.center).await?;
    let s = visitor.shell.clone().at("complaints");
    let mut page = followed::page(s, complaint, &departments, &key.pairs(), &visitor.new_request_id());
    let status = change(&mut page);
    visitor.page(status, &page)
}

async fn acted(visitor: &Visitor, typed: &Typed) -> Result<Response> {
    let of = |name: &str| typed.get(name).to_owned();
    let (request_id, number, code, reason) = (of("request_id"), of("number"), of("code"), of("reason"));
    let (outcome, done) = match typed.get("form") {
        "confirm" => {
            let message = ConfirmAnswerRequest { request_id, number, code };
            (visitor.ask.confirm_answer(message).await, "done.complaint_confirmed")
        }
        "reopen" => {
            let message = ReopenComplaintRequest { request_id, number, code, reason };
            (visitor.ask.reopen_complaint(message).await, "done.complaint_reopened")
        }
        "review" => {
            let message = RequestReviewRequest { request_id, number, code, reason };
            (visitor.ask.request_review(message).await, "done.complaint_review")
        }
        "withdraw" => {
            let message = WithdrawComplaintRequest { request_id, number, code, reason };
            (visitor.ask.withdraw_complaint(message).await, "done.complaint_withdrawn")
        }
        _ => (Err(Error::not_found(Reason::PageNotFound)), ""),
    };
    match outcome {
        Ok(_) => {
            let told = visitor.text().find(done);
            opened(visitor, typed, |page| {
                page.s.done = told;
                StatusCode::OK
            })
            .await
        }
        Err(error) if is_theirs(&error) => {
            opened(visitor, typed, |page| {
                let text = page.s.text;
                if let Some(form) = page.forms.iter_mut().find(|form| form.id == typed.get("form")) {
                    form.refill(typed);
                    form.refuse(&error, text, &Names::default(), same_name);
                }
                status_of(&error)
            })
            .await
        }
        Err(error) => Err(error),
    }
}
