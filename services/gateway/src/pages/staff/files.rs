//! Files and documents of an application, for staff.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use yimen_kernel::error::{Error, Result};
use yimen_platform::rpc::from_status;
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::intake::v1::{
    DownloadMaterialRequest, DownloadMaterialResponse, GetDocumentRequest, download_material_response,
};

use super::super::printed::Printed;
use super::super::visitor::Visitor;
use super::case_number;
use crate::http::disposition;

/// `GET /staff/applications/{number}/materials/{code}?revision=1`
pub async fn material(visitor: Visitor, Path((number, code)): Path<(String, String)>) -> Response {
    visitor.answer(send(&visitor, number, code).await)
}

async fn send(visitor: &Visitor, number: String, material: String) -> Result<Response> {
    use download_material_response::Part;
    visitor.staff()?;
    let revision = visitor.param("revision").parse().unwrap_or_default();
    let asked = DownloadMaterialRequest { number: case_number(&number)?, material, revision };
    let door = &visitor.ask.door;
    let mut client = IntakeClient::new(door.open_channel("intake")?);
    let answer = client.download_material(door.request(&visitor.ask.caller, asked)).await;
    let mut parts = answer.map_err(|status| from_status(&status))?.into_inner();
    let first = parts.message().await.map_err(|status| from_status(&status))?;
    let Some(DownloadMaterialResponse { part: Some(Part::Material(material)) }) = first else {
        return Err(Error::internal("a download does not begin with its description"));
    };
    let body = parts.map(|message| match message.map(|message| message.part) {
        Ok(Some(Part::Chunk(chunk))) => Ok(Bytes::from(chunk)),
        Ok(_) => Ok(Bytes::new()),
        Err(status) => Err(status),
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::try_from(&material.media_type).ok().filter(|value| !value.is_empty());
    headers.insert(CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    // What an applicant sent is never shown inside our pages.
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(&material.file_name));
    if material.size > 0 {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(material.size));
    }
    Ok(response)
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
