//! For those who work in the hall: the clerk's window, the department's tasks and what the supervisor's office hears.
//!
//! What is done here is followed by a redirect to the page it was done on, so that reloading does
//! not do it again; what is refused comes back with everything that was typed.

mod application;
mod applications;
mod complaints;
mod files;
mod inspection;
mod messages;
mod questions;
mod sign_in;
mod task;
mod task_actions;
mod task_forms;
mod tasks;
mod window;

#[cfg(test)]
pub use application::page as application_page;
#[cfg(test)]
pub use complaints::page as complaint_page;
#[cfg(test)]
pub use messages::{Messages, Row as MessageRow, Seen, Simulator};
#[cfg(test)]
pub use questions::page as question_page;
#[cfg(test)]
pub use task::{Known, page as task_page};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::{get, post};
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, Result};

use super::Pages;
use super::form::Form;
use super::upload::FORM_MAX;
use super::visitor::{Visitor, see_other};

/// Everything under `/staff`.
pub fn routes() -> Router<Pages> {
    let with_files = DefaultBodyLimit::max(FORM_MAX);
    Router::new()
        .route("/staff", get(first))
        .route("/staff/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/staff/sign-out", post(sign_in::sign_out))
        .route("/staff/tasks", get(tasks::show))
        .route("/staff/tasks/{number}", get(task::show).post(task_actions::act))
        .route("/staff/complaints", get(complaints::list))
        .route("/staff/complaints/{number}", get(complaints::show))
        .route("/staff/complaints/{number}/attachments/{position}", get(files::attachment))
        .route("/staff/questions", get(questions::list))
        .route("/staff/questions/{number}", get(questions::show).post(questions::act))
        .route("/staff/messages", get(messages::show).post(messages::resolve))
        .route("/staff/simulator", get(messages::simulator))
        .route("/staff/applications", get(applications::show))
        .route("/staff/applications/{number}", get(application::show).post(window::act))
        .route("/staff/applications/{number}/materials", post(window::provide).layer(with_files))
        .route("/staff/applications/{number}/materials/{code}", get(files::material))
        .route("/staff/applications/{number}/documents/{document}", get(files::document))
}

/// `GET /staff`: where each begins the day.
async fn first(visitor: Visitor) -> Response {
    let place = visitor.staff().and_then(|_| match &visitor.shell.staff {
        Some(bar) if bar.tasks => Ok(see_other("/staff/tasks")),
        Some(bar) if bar.complaints => Ok(see_other("/staff/complaints")),
        Some(bar) if bar.applications => Ok(see_other("/staff/applications")),
        Some(bar) if bar.simulator => Ok(see_other("/staff/simulator")),
        _ => Err(Error::denied(Reason::RoleRequired).with("roles", "CLERK, APPROVER")),
    });
    visitor.answer(place)
}

/// A form for one thing that is done on a page; its id tells which form comes back.
fn action(id: &str, place: &str, request_id: &str, submit: &str) -> Form {
    Form::new(id, place, submit).hidden("form", id).hidden("request_id", request_id)
}

/// A case number in an address, before anything is asked with it.
fn case_number(number: &str) -> Result<String> {
    yimen_kernel::CaseNumber::parse(number)
        .map(|number| number.to_string())
        .map_err(|_| Error::not_found(Reason::ApplicationUnknown))
}
