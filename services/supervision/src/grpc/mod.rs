//! Proto ⇄ domain for every method of `yimen.supervision.v1.Supervision`.

use tonic::{Request, Response, Status};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DepartmentId, DivisionCode, Parsed};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::supervision::v1 as pb;
use yimen_proto::supervision::v1::supervision_server::Supervision;

use crate::app::{calendar, read};

/// The gRPC face of supervision.
pub struct Server(pub Context);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Supervision for Server {
    async fn import_calendar(
        &self,
        request: Request<pb::ImportCalendarRequest>,
    ) -> Answer<pb::ImportCalendarResponse> {
        self.0
            .mutate(request, |tx, _, message| {
                Box::pin(async move { calendar::import(tx, &message.csv).await })
            })
            .await
    }

    async fn list_application_clocks(
        &self,
        request: Request<pb::ListApplicationClocksRequest>,
    ) -> Answer<pb::ListClocksResponse> {
        self.0
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = CaseNumber::parse(&message.number)
                        .map_err(|fault| Error::invalid(vec![fault.at("number")]))?;
                    read::clocks(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn list_warnings(
        &self,
        request: Request<pb::ListWarningsRequest>,
    ) -> Answer<pb::ListWarningsResponse> {
        self.0
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = optional("center", &message.center, DivisionCode::parse)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::public(ctx, center.map(|center| center.to_string()), page).await
                })
            })
            .await
    }

    async fn list_own_warnings(
        &self,
        request: Request<pb::ListOwnWarningsRequest>,
    ) -> Answer<pb::ListWarningsResponse> {
        self.0
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let department = optional("department", &message.department, DepartmentId::parse)?;
                    let department = department.map(|department| department.to_string());
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::own(ctx, &caller.actor, department, message.running, page).await
                })
            })
            .await
    }
}

/// A field that may be empty.
fn optional<T>(field: &str, text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Result<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|fault| Error::invalid(vec![fault.at(field)]))
}
