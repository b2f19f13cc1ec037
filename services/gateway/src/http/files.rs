//! Files in and out, piece by piece: none of them is ever whole in memory.

use std::net::SocketAddr;
use std::time::Duration;

use axum::RequestExt as _;
use axum::body::{Body, BodyDataStream};
use axum::extract::{RawPathParams, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::{Buf as _, Bytes};
use futures::{StreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyStream, StreamBody};
use prost::Message as _;
use prost_reflect::DynamicMessage;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tower::{Service, ServiceExt as _};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::rpc::{Body as GrpcBody, from_status};
use yimen_proto::complaints::v1::DownloadAttachmentRequest;
use yimen_proto::complaints::v1::complaints_client::ComplaintsClient;
use yimen_proto::file::v1::{
    DownloadFileResponse, FileDescription, FileHeader, UploadFileRequest, UploadFileResponse,
    download_file_response, upload_file_request,
};
use yimen_proto::intake::v1::DownloadMaterialRequest;
use yimen_proto::intake::v1::intake_client::IntakeClient;

use super::transcode::{announced, refused};
use super::{disposition, json, query};
use crate::door::{self, Door, DoorCaller, Way};

/// Where files of applications come in.
pub const UPLOADS: &str = "/api/v1/uploads";
/// Where files of complaints come in.
pub const COMPLAINT_UPLOADS: &str = "/api/v1/complaints/uploads";
/// Where the file of a material goes out.
pub const MATERIAL: &str = "/api/v1/window/applications/{number}/materials/{material}";
/// Where the file of a complaint goes out.
pub const ATTACHMENT: &str = "/api/v1/complaints/{number}/attachments/{position}";
/// The largest file, in bytes.
pub const FILE_MAX: u64 = 20 * 1024 * 1024;
/// The same, as people read it.
const FILE_MAX_TEXT: &str = "20 MiB";
/// The largest piece that is handed on, in bytes.
const PIECE: usize = 64 * 1024;
/// How long a file may take to arrive: 20 MiB at 35 kB/s.
const PATIENCE: Duration = Duration::from_secs(600);

/// The service that a file is for: it keeps the file until what it belongs to comes.
#[derive(Clone, Copy)]
pub enum Keeper {
    Intake,
    Complaints,
}

/// Takes in a file of an application.
pub async fn upload(State(door): State<Door>, request: Request) -> Response {
    take_in(&door, Keeper::Intake, request).await
}

/// Takes in a file of a complaint.
pub async fn upload_for_complaint(State(door): State<Door>, request: Request) -> Response {
    take_in(&door, Keeper::Complaints, request).await
}

/// Takes in one file: the body is the file, the query or `Content-Disposition` its name.
async fn take_in(door: &Door, keeper: Keeper, request: Request) -> Response {
    let lang = door::lang(request.headers());
    match receive(door, keeper, request).await.and_then(|answer| upload_json(&answer)) {
        Ok(json) => {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (StatusCode::CREATED, headers, json).into_response()
        }
        Err(refusal) => refused(refusal, lang),
    }
}

async fn receive(door: &Door, keeper: Keeper, request: Request) -> Result<UploadFileResponse> {
    let caller = caller(door, request.headers(), door::peer(request.extensions())).await?;
    let mut parameters = query::parse(request.uri().query())?;
    let file_name = query::take(&mut parameters, "file_name").or_else(|| named_in(request.headers()));
    query::nothing_else(&parameters)?;
    let file_name = file_name.ok_or_else(|| Error::field("file_name", Reason::Required))?;
    if announced(request.headers()).is_some_and(|length| length > FILE_MAX) {
        return Err(too_large());
    }
    store(door, &caller, keeper, file_name, request.into_body()).await
}

/// Hands one file of at most 20 MiB over to its keeper. A file that does not come to its end leaves
/// nothing behind.
///
/// # Errors
/// `FILE_TOO_LARGE`, `MALFORMED_BODY` for a body that breaks off, and what the keeper says.
pub async fn store(
    door: &Door,
    caller: &DoorCaller,
    keeper: Keeper,
    file_name: String,
    body: Body,
) -> Result<UploadFileResponse> {
    let (pieces, received) = mpsc::channel(4);
    let (complete, verdict) = oneshot::channel();
    let service = match keeper {
        Keeper::Intake => "intake",
        Keeper::Complaints => "complaints",
    };
    let way = ending_with(door.open_channel(service)?, verdict);
    let request = door.request(caller, ReceiverStream::new(received));
    let call = async {
        match keeper {
            Keeper::Intake => IntakeClient::new(way).upload_file(request).await,
            Keeper::Complaints => ComplaintsClient::new(way).upload_complaint_file(request).await,
        }
    };
    tokio::pin!(call);
    let feed = tokio::time::timeout(PATIENCE, feed(body, file_name, pieces));
    let answered = tokio::select! {
        answered = &mut call => answered,
        fed = feed => {
            fed.unwrap_or_else(|_late| Err(broken_off()))?;
            // Nobody listens any more if the keeper has refused the file already.
            let _refused = complete.send(());
            call.await
        }
    };
    Ok(answered.map_err(|status| from_status(&status))?.into_inner())
}

/// A way for one call whose body ends only when it is said to be complete. If that is never said,
/// because the file is broken off, too large or its client gone, the call breaks off too: dropping
/// the call alone would let the connection end the body in order, and half a file would be kept.
fn ending_with(
    way: Way,
    verdict: oneshot::Receiver<()>,
) -> impl Service<http::Request<GrpcBody>, Response = http::Response<GrpcBody>, Error = Status, Future: Send>
{
    let mut verdict = Some(verdict);
    way.map_request(move |request: http::Request<GrpcBody>| match verdict.take() {
        None => request,
        Some(verdict) => request.map(|body| {
            let end = stream::once(verdict).filter_map(async |complete| {
                complete.err().map(|_| Err(Status::cancelled("The file did not come to its end.")))
            });
            GrpcBody::new(StreamBody::new(BodyStream::new(body).chain(end)))
        }),
    })
}

/// Hands the body on in pieces, until it ends or its keeper has heard enough.
async fn feed(body: Body, file_name: String, pieces: mpsc::Sender<UploadFileRequest>) -> Result<()> {
    use upload_file_request::Part;
    let piece = |part| UploadFileRequest { part: Some(part) };
    if pieces.send(piece(Part::Header(FileHeader { file_name }))).await.is_err() {
        return Ok(());
    }
    let mut body: BodyDataStream = body.into_data_stream();
    let mut size: u64 = 0;
    while let Some(data) = body.next().await {
        let mut data: Bytes = data.map_err(|_| broken_off())?;
        size = size.saturating_add(data.len() as u64);
        if size > FILE_MAX {
            return Err(too_large());
        }
        while data.has_remaining() {
            let chunk = data.split_to(data.len().min(PIECE));
            if pieces.send(piece(Part::Chunk(chunk.into()))).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Gives out the file of a material.
pub async fn download(State(door): State<Door>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    material(&door, request).await.unwrap_or_else(|refusal| refused(refusal, lang))
}

async fn material(door: &Door, mut request: Request) -> Result<Response> {
    let caller = staff(door, request.headers(), door::peer(request.extensions())).await?;
    let mut parameters = query::parse(request.uri().query())?;
    let revision = match query::take(&mut parameters, "revision") {
        None => 0,
        Some(text) => number("revision", &text)?,
    };
    query::nothing_else(&parameters)?;
    let [number, material] = path(&mut request, ["number", "material"]).await?;
    let asked = DownloadMaterialRequest { number, material, revision };
    let mut client = IntakeClient::new(door.open_channel("intake")?);
    send_out(client.download_material(door.request(&caller, asked)).await).await
}

/// Gives out the file of a complaint.
pub async fn download_attachment(State(door): State<Door>, request: Request) -> Response {
    let lang = door::lang(request.headers());
    attachment(&door, request).await.unwrap_or_else(|refusal| refused(refusal, lang))
}

async fn attachment(door: &Door, mut request: Request) -> Result<Response> {
    let caller = staff(door, request.headers(), door::peer(request.extensions())).await?;
    query::nothing_else(&query::parse(request.uri().query())?)?;
    let [of, position] = path(&mut request, ["number", "position"]).await?;
    let asked = DownloadAttachmentRequest { number: of, position: number("position", &position)? };
    let mut client = ComplaintsClient::new(door.open_channel("complaints")?);
    send_out(client.download_attachment(door.request(&caller, asked)).await).await
}

/// Gives out what a service sends: its description becomes headers, its pieces the body.
///
/// # Errors
/// What the service says before its first piece.
pub async fn send_out(
    answer: Result<tonic::Response<Streaming<DownloadFileResponse>>, Status>,
) -> Result<Response> {
    use download_file_response::Part;
    let mut parts = answer.map_err(|status| from_status(&status))?.into_inner();
    let first = parts.message().await.map_err(|status| from_status(&status))?;
    let Some(Part::File(file)) = first.and_then(|message| message.part) else {
        return Err(Error::internal("a download does not begin with its description"));
    };
    let body = parts.map(|message| match message.map(|message| message.part) {
        Ok(Some(Part::Chunk(chunk))) => Ok(Bytes::from(chunk)),
        Ok(_) => Ok(Bytes::new()),
        Err(status) => Err(status),
    });
    let mut response = Body::from_stream(body).into_response();
    describe(response.headers_mut(), &file);
    Ok(response)
}

async fn staff(door: &Door, headers: &HeaderMap, peer: SocketAddr) -> Result<DoorCaller> {
    let caller = caller(door, headers, peer).await?;
    if caller.actor.is_none() {
        return Err(Error::unauthenticated(Reason::NotSignedIn));
    }
    Ok(caller)
}

/// The named parts of the path.
async fn path<const N: usize>(request: &mut Request, names: [&str; N]) -> Result<[String; N]> {
    let broken = || Error::field("path", Reason::BadFormat);
    if query::decode(request.uri().path(), false).is_none() {
        return Err(broken());
    }
    let params: RawPathParams = request.extract_parts().await.map_err(|_| broken())?;
    Ok(names.map(|name| {
        let found = params.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }))
}

fn number(field: &str, text: &str) -> Result<u32> {
    let value = json::scalar(&prost_reflect::Kind::Uint32, text);
    let value = value.map_err(|fault| Error::invalid(vec![fault.at(field)]))?;
    Ok(value.as_u32().unwrap_or_default())
}

/// The headers of a file: what somebody sent is never shown inside our pages.
fn describe(headers: &mut HeaderMap, file: &FileDescription) {
    let media_type = HeaderValue::try_from(&file.media_type).ok().filter(|value| !value.is_empty());
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(&file.file_name));
    if file.size > 0 {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(file.size));
    }
}

async fn caller(door: &Door, headers: &HeaderMap, peer: SocketAddr) -> Result<DoorCaller> {
    door.caller(headers, peer, door::bearer(headers)?).await
}

fn named_in(headers: &HeaderMap) -> Option<String> {
    // Some clients write the name as bare UTF-8.
    let header = std::str::from_utf8(headers.get(CONTENT_DISPOSITION)?.as_bytes()).ok()?;
    disposition::file_name(header)
}

fn upload_json(answer: &UploadFileResponse) -> Result<Vec<u8>> {
    let descriptor = yimen_proto::pool()
        .get_message_by_name("yimen.file.v1.UploadFileResponse")
        .ok_or_else(|| Error::internal("the contract has no UploadFileResponse"))?;
    let message = DynamicMessage::decode(descriptor, answer.encode_to_vec().as_slice());
    json::write(&message.map_err(Error::internal)?)
}

fn too_large() -> Error {
    Error::new(Kind::ResourceExhausted, Reason::FileTooLarge).with("limit", FILE_MAX_TEXT)
}

fn broken_off() -> Error {
    Error::new(Kind::InvalidArgument, Reason::MalformedBody)
}
