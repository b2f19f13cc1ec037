//! What a clerk does with an application: accept, ask for a supplement, refuse, take in, deliver.

use axum::extract::{Multipart, Path};
use axum::response::Response;
use yimen_kernel::error::{Error, FieldError, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::intake::v1::deliver_result_request::Method;
use yimen_proto::intake::v1::refuse_application_request::Ground;
use yimen_proto::intake::v1::{
    AcceptApplicationRequest, DeliverResultRequest, MaterialProblem, RefuseApplicationRequest,
    RequestSupplementRequest,
};

use super::super::form::{Typed, same_name};
use super::super::track::{hand_in, keep};
use super::super::upload;
use super::super::visitor::{Visitor, see_other};
use super::{application, case_number};
use crate::http::files::Keeper;
use crate::http::problem::status_of;

/// `POST /staff/applications/{number}`
pub async fn act(visitor: Visitor, Path(number): Path<String>, typed: Typed) -> Response {
    visitor.answer(acted(&visitor, &number, &typed).await)
}

async fn acted(visitor: &Visitor, number: &str, typed: &Typed) -> Result<Response> {
    visitor.staff()?;
    let number = case_number(number)?;
    let problems = problems(typed);
    let error = match done(visitor, &number, typed, &problems).await {
        Ok(done) => return Ok(see_other(&format!("/staff/applications/{number}?done={done}"))),
        Err(error) => error,
    };
    let place = |fault: &FieldError| match fault.field.strip_prefix("problems[") {
        Some(rest) => {
            let index = rest.split(']').next().and_then(|index| index.parse::<usize>().ok());
            let problem = index.and_then(|index| problems.get(index));
            problem.map(|problem| format!("problem.{}", problem.material)).unwrap_or_default()
        }
        None => same_name(fault),
    };
    again(visitor, &number, typed, error, place).await
}

/// Shows the page again with the form that was refused, as it was filled in.
async fn again(
    visitor: &Visitor,
    number: &str,
    typed: &Typed,
    error: Error,
    place: impl Fn(&FieldError) -> String,
) -> Result<Response> {
    if matches!(error.kind(), Kind::Unauthenticated | Kind::PermissionDenied | Kind::NotFound) {
        return Err(error);
    }
    let (mut page, names) = application::load(visitor, number).await?;
    let text = visitor.text();
    match page.forms.iter_mut().find(|form| form.id == typed.get("form")) {
        Some(form) => {
            form.refill(typed);
            keep(form, typed);
            form.refuse(&error, text, &names, place);
        }
        // Meanwhile somebody else did what makes this form needless.
        None => return Err(error),
    }
    visitor.page(status_of(&error), &page)
}

async fn done(
    visitor: &Visitor,
    number: &str,
    typed: &Typed,
    problems: &[MaterialProblem],
) -> Result<&'static str> {
    let (request_id, number) = (typed.get("request_id").to_owned(), number.to_owned());
    let text = |name: &str| typed.get(name).to_owned();
    match typed.get("form") {
        "accept" => {
            let message = AcceptApplicationRequest { request_id, number };
            visitor.ask.accept_application(message).await.map(|_| "accepted")
        }
        "supplement" => {
            let message = RequestSupplementRequest {
                request_id,
                number,
                problems: problems.to_vec(),
                due_on: text("due_on"),
                repeat_reason: text("repeat_reason"),
            };
            visitor.ask.request_supplement(message).await.map(|_| "supplement_requested")
        }
        "refuse" => {
            let ground = Ground::from_str_name(typed.get("ground")).unwrap_or_default();
            let message = RefuseApplicationRequest {
                request_id,
                number,
                ground: ground.into(),
                reason: text("reason"),
                referred_to: text("referred_to"),
            };
            visitor.ask.refuse_application(message).await.map(|_| "refused")
        }
        "deliver" => {
            let method = Method::from_str_name(typed.get("method")).unwrap_or_default();
            let message = DeliverResultRequest {
                request_id,
                number,
                method: method.into(),
                recipient: text("recipient"),
                tracking_number: text("tracking_number"),
            };
            visitor.ask.deliver_result(message).await.map(|_| "delivered")
        }
        _ => Err(Error::new(Kind::InvalidArgument, Reason::MalformedBody)),
    }
}

/// The problems that were written down, in the order of the form.
fn problems(typed: &Typed) -> Vec<MaterialProblem> {
    let written = typed.0.iter().filter(|(_, problem)| !problem.trim().is_empty());
    written
        .filter_map(|(name, problem)| {
            let material = name.strip_prefix("problem.")?.to_owned();
            Some(MaterialProblem { material, problem: problem.clone() })
        })
        .collect()
}

/// `POST /staff/applications/{number}/materials`: papers that the applicant brought to the window.
pub async fn provide(visitor: Visitor, Path(number): Path<String>, parts: Multipart) -> Response {
    visitor.answer(provided(&visitor, &number, parts).await)
}

async fn provided(visitor: &Visitor, number: &str, parts: Multipart) -> Result<Response> {
    visitor.staff()?;
    let number = case_number(number)?;
    let is_wanted = |code: &str| yimen_kernel::MaterialCode::parse(code).is_ok();
    let mut received = upload::receive(&visitor.ask, Keeper::Intake, parts, is_wanted).await?;
    received.typed.set("number".to_owned(), number.clone());
    let typed = received.typed;
    match hand_in(visitor, &typed, received.faults, "").await {
        Ok(()) => Ok(see_other(&format!("/staff/applications/{number}?done=provided"))),
        Err((error, sent)) => {
            again(visitor, &number, &typed, error, |fault| upload::place(fault, &sent)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_a_problem() {
        let typed = Typed(vec![
            ("problem.plan".into(), " ".into()),
            ("problem.form".into(), "unsigned".into()),
            ("due_on".into(), "2026-12-01".into()),
        ]);
        let found = problems(&typed);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].material, "form");
    }
}
