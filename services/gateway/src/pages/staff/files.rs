//! Files of applications and complaints, and documents, for staff.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use yimen_kernel::error::Result;
use yimen_proto::complaints::v1::DownloadAttachmentRequest;
use yimen_proto::complaints::v1::complaints_client::ComplaintsClient;
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::intake::v1::{DownloadMaterialRequest, GetDocumentRequest};

use super::super::printed::Printed;
use super::super::visitor::Visitor;
use super::case_number;
use crate::http::files;

/// `GET /staff/applications/{number}/materials/{code}?revision=1`
pub async fn material(visitor: Visitor, Path((number, code)): Path<(String, String)>) -> Response {
    visitor.answer(send_material(&visitor, number, code).await)
}

async fn send_material(visitor: &Visitor, number: String, material: String) -> Result<Response> {
    visitor.staff()?;
    let revision = visitor.param("revision").parse().unwrap_or_default();
    let asked = DownloadMaterialRequest { number: case_number(&number)?, material, revision };
    let door = &visitor.ask.door;
    let mut client = IntakeClient::new(door.open_channel("intake")?);
    files::send_out(client.download_material(door.request(&visitor.ask.caller, asked)).await).await
}

/// `GET /staff/complaints/{number}/attachments/{position}`
pub async fn attachment(visitor: Visitor, Path((number, position)): Path<(String, u32)>) -> Response {
    visitor.answer(send_attachment(&visitor, number, position).await)
}

async fn send_attachment(visitor: &Visitor, number: String, position: u32) -> Result<Response> {
    visitor.staff()?;
    let asked = DownloadAttachmentRequest { number, position };
    let door = &visitor.ask.door;
    let mut client = ComplaintsClient::new(door.open_channel("complaints")?);
    files::send_out(client.download_attachment(door.request(&visitor.ask.caller, asked)).await).await
}

/// `GET /staff/applications/{number}/documents/{document}`
pub async fn document(visitor: Visitor, Path((number, document)): Path<(String, String)>) -> Response {
    visitor.answer(print(&visitor, number, document).await)
}

async fn print(visitor: &Visitor, number: String, document: String) -> Result<Response> {
    visitor.staff()?;
    let number = case_number(&number)?;
    let asked = GetDocumentRequest { number: number.clone(), document, code: String::new() };
    let document = visitor.ask.get_document(asked).await?;
    let s = visitor.shell.clone().at("applications");
    let page = Printed { back: format!("/staff/applications/{number}"), ..Printed::of(document, s) };
    visitor.page(StatusCode::OK, &page)
}
