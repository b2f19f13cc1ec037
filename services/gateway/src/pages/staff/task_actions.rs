//! What a department does in an approval: a form each, one call each.

use axum::extract::Path;
use axum::response::Response;
use yimen_kernel::error::{Error, FieldError, Result};
use yimen_kernel::{Kind, Reason};
use yimen_proto::approval::v1::inspection_party::Conclusion;
use yimen_proto::approval::v1::opinion::Kind as OpinionKind;
use yimen_proto::approval::v1::{
    AddDepartmentRequest, AnswerInspectionRequest, Attendance, DecideRequest, ProposeInspectionRequest,
    RecordInspectionRequest, RecordOpinionRequest, ResolveReturnRequest, SignInspectionRequest,
};
use yimen_proto::intake::v1::decision::Outcome;

use super::super::form::{Typed, same_name};
use super::super::moment;
use super::super::visitor::{Visitor, see_other};
use super::{case_number, task};
use crate::http::problem::status_of;

/// Before the id of a department in the name of the field that takes its staff.
const STAFF: &str = "staff.";

/// `POST /staff/tasks/{number}`
pub async fn act(visitor: Visitor, Path(number): Path<String>, typed: Typed) -> Response {
    visitor.answer(acted(&visitor, &number, &typed).await)
}

async fn acted(visitor: &Visitor, number: &str, typed: &Typed) -> Result<Response> {
    visitor.staff()?;
    let number = case_number(number)?;
    let error = match done(visitor, &number, typed).await {
        Ok(done) => return Ok(see_other(&format!("/staff/tasks/{number}?done={done}"))),
        Err(error) => error,
    };
    if matches!(error.kind(), Kind::Unauthenticated | Kind::PermissionDenied | Kind::NotFound) {
        return Err(error);
    }
    let known = task::load(visitor, &number).await?;
    let (mut page, names) = task::page(visitor.shell.clone(), known, &visitor.new_request_id());
    let attended: Vec<String> = attendance(typed).into_iter().map(|at| at.department).collect();
    let place = |fault: &FieldError| match fault.field.strip_prefix("attendance[") {
        Some(rest) => {
            let index = rest.split(']').next().and_then(|index| index.parse::<usize>().ok());
            let department = index.and_then(|index| attended.get(index));
            department.map(|id| format!("{STAFF}{id}")).unwrap_or_default()
        }
        None => same_name(fault),
    };
    match page.forms.iter_mut().find(|form| form.id == typed.get("form")) {
        Some(form) => {
            form.refill(typed);
            form.refuse(&error, visitor.text(), &names, place);
        }
        // Meanwhile somebody else did what makes this form needless.
        None => return Err(error),
    }
    visitor.page(status_of(&error), &page)
}

/// Does what the form says; gives the key of what was done.
async fn done(visitor: &Visitor, number: &str, typed: &Typed) -> Result<&'static str> {
    let ask = &visitor.ask;
    let (request_id, number) = (typed.get("request_id").to_owned(), number.to_owned());
    let text = |name: &str| typed.get(name).to_owned();
    let materials_revision = typed.number("materials_revision");
    match typed.get("form") {
        "opinion" => {
            let message = RecordOpinionRequest {
                request_id,
                number,
                kind: OpinionKind::from_str_name(typed.get("kind")).unwrap_or_default().into(),
                conditions: text("conditions"),
                reason: text("reason"),
                materials_revision,
                materials: typed.all("materials"),
            };
            ask.record_opinion(message).await.map(|_| "opinion")
        }
        "propose" => {
            let message = ProposeInspectionRequest {
                request_id,
                number,
                time: moment::from_input(typed.get("time")),
                place: text("place"),
                departments: typed.all("departments"),
            };
            ask.propose_inspection(message).await.map(|_| "inspection_proposed")
        }
        "answer" => {
            let confirm = chosen(typed, "confirm", "decline")?;
            let message = AnswerInspectionRequest { request_id, number, confirm, reason: text("reason") };
            ask.answer_inspection(message).await.map(|_| "inspection_answered")
        }
        "record" => {
            let message = RecordInspectionRequest {
                request_id,
                number,
                attendance: attendance(typed),
                findings: text("findings"),
            };
            ask.record_inspection(message).await.map(|_| "inspection_recorded")
        }
        "sign" => {
            let message = SignInspectionRequest {
                request_id,
                number,
                conclusion: Conclusion::from_str_name(typed.get("conclusion")).unwrap_or_default().into(),
                text: text("text"),
            };
            ask.sign_inspection(message).await.map(|_| "inspection_signed")
        }
        "decide" => {
            let message = DecideRequest {
                request_id,
                number,
                outcome: Outcome::from_str_name(typed.get("outcome")).unwrap_or_default().into(),
                conditions: text("conditions"),
                reasons: text("reasons"),
                materials_revision,
            };
            ask.decide(message).await.map(|_| "decided")
        }
        "add" => {
            let message = AddDepartmentRequest {
                request_id,
                number,
                department: text("department"),
                limit_days: typed.number("limit_days"),
                reason: text("reason"),
                relies_on: typed.all("relies_on"),
            };
            ask.add_department(message).await.map(|_| "department_added")
        }
        form if form.starts_with("return-") => {
            let message = ResolveReturnRequest {
                request_id,
                number,
                department: text("department"),
                forward: chosen(typed, "forward", "back")?,
                note: text("note"),
                due_on: text("due_on"),
            };
            ask.resolve_return(message).await.map(|_| "return_resolved")
        }
        _ => Err(Error::new(Kind::InvalidArgument, Reason::MalformedBody)),
    }
}

/// Which of two ways was chosen. Nothing is done by default.
fn chosen(typed: &Typed, yes: &str, no: &str) -> Result<bool> {
    match typed.get("way") {
        way if way == yes => Ok(true),
        way if way == no => Ok(false),
        _ => Err(Error::field("way", Reason::Required)),
    }
}

/// Who was at the visit: a name on each line, or between commas.
fn attendance(typed: &Typed) -> Vec<Attendance> {
    let listed = typed.0.iter().filter_map(|(name, staff)| {
        let department = name.strip_prefix(STAFF)?.to_owned();
        let names = staff.split(['\n', ',', '，', '、', ';', '；']).map(str::trim);
        let staff = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Attendance { department, staff })
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_those_present() {
        let typed = Typed(vec![
            ("staff.430102-scjg".into(), "示例一、示例二\r\n 示例三 ,".into()),
            ("findings".into(), "x".into()),
            ("staff.430102-xfjy".into(), String::new()),
        ]);
        let found = attendance(&typed);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].staff, ["示例一", "示例二", "示例三"]);
        assert!(found[1].staff.is_empty());
    }

    #[test]
    fn nothing_is_chosen_by_default() {
        let way = |way: &str| Typed(vec![("way".into(), way.into())]);
        assert!(chosen(&way("forward"), "forward", "back").unwrap());
        assert!(!chosen(&way("back"), "forward", "back").unwrap());
        assert_eq!(chosen(&way(""), "forward", "back").unwrap_err().fields()[0].field, "way");
    }
}
