//! Forms with files: what is typed is read, each file goes to its keeper while it arrives.

use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::{FieldError, Reason};
use yimen_proto::file::v1::UploadFileResponse;
use yimen_proto::intake::v1::MaterialInput;
use yimen_proto::intake::v1::material_input::Source;

use super::ask::Ask;
use super::form::Typed;
use crate::http::files::{self, Keeper};

/// The largest form with its files, in bytes: 20 files of 20 MiB and what is typed.
pub const FORM_MAX: usize = 404 * 1024 * 1024;
/// The longest text of one field, in bytes: 2,000 characters and much that is wrong with them.
const TEXT_MAX: usize = 32 * 1024;
/// Fields of a form.
const FIELDS_MAX: usize = 200;

/// A file that is asked for under this name.
pub const FILE: &str = "file.";
/// The id of a file that came, kept in the form.
pub const UPLOAD: &str = "upload.";
/// The name of a file that came, kept in the form.
pub const UPLOAD_NAME: &str = "upload_name.";
/// Says that a material will come later.
pub const PROMISE: &str = "promise.";

/// What came with a form.
#[derive(Default)]
pub struct Received {
    /// What was typed, and the ids of the files that came.
    pub typed: Typed,
    /// Files that were refused, by the name of their field.
    pub faults: Vec<FieldError>,
}

/// Reads a form with files. A file under a name that is not wanted is thrown away.
///
/// # Errors
/// `MALFORMED_BODY`, `BODY_TOO_LARGE`; `UNAVAILABLE` and `INTERNAL` of the keeper.
pub async fn receive(
    ask: &Ask,
    keeper: Keeper,
    mut parts: Multipart,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Received> {
    let mut received = Received::default();
    for _ in 0..FIELDS_MAX {
        let Some(mut field) = parts.next_field().await.map_err(|error| broken(&error))? else {
            return Ok(received);
        };
        let name = field.name().unwrap_or_default().to_owned();
        let Some(code) = name.strip_prefix(FILE).map(str::to_owned) else {
            received.typed.0.push((name, text(&mut field).await?));
            continue;
        };
        let file_name = field.file_name().unwrap_or_default().to_owned();
        if file_name.is_empty() || !is_wanted(&code) {
            drain(&mut field).await?;
            continue;
        }
        match hand_over(ask, keeper, &mut field, file_name.clone()).await {
            Ok(kept) => {
                received.typed.set(format!("{UPLOAD}{code}"), kept.upload_id);
                received.typed.set(format!("{UPLOAD_NAME}{code}"), file_name);
            }
            Err(error) => received.faults.push(at_field(error, name)?),
        }
    }
    Err(Error::new(Kind::InvalidArgument, Reason::MalformedBody))
}

/// Forgets an upload that is no longer good, so that the file is asked for again.
pub fn forget(typed: &mut Typed, field: &str) {
    if let Some(code) = field.strip_prefix(FILE) {
        typed.remove(&format!("{UPLOAD}{code}"));
        typed.remove(&format!("{UPLOAD_NAME}{code}"));
    }
}

/// The materials that a form brings, in this order, and their codes.
pub fn materials(typed: &Typed, codes: impl IntoIterator<Item = String>) -> Vec<MaterialInput> {
    let given = |code: String| {
        let upload = typed.get(&format!("{UPLOAD}{code}"));
        let source = if !upload.is_empty() {
            Source::UploadId(upload.to_owned())
        } else if !typed.get(&format!("{PROMISE}{code}")).is_empty() {
            Source::Promised(true)
        } else {
            return None;
        };
        Some(MaterialInput { code, source: Some(source) })
    };
    codes.into_iter().filter_map(given).collect()
}

/// Where in the form a fault of intake belongs: `materials[2].upload_id` at the third material
/// that was sent, `materials.<code>` at the one that was not.
pub fn place(fault: &FieldError, sent: &[MaterialInput]) -> String {
    let field = fault.field.as_str();
    if let Some(rest) = field.strip_prefix("materials[") {
        let index = rest.split(']').next().and_then(|index| index.parse::<usize>().ok());
        if let Some(material) = index.and_then(|index| sent.get(index)) {
            return format!("{FILE}{}", material.code);
        }
    }
    match field.strip_prefix("materials.") {
        Some(code) => format!("{FILE}{code}"),
        None => field.to_owned(),
    }
}

/// Hands a file over while it arrives, and reads it to its end even if it is refused, so that the
/// fields after it are not lost.
async fn hand_over(
    ask: &Ask,
    keeper: Keeper,
    field: &mut Field<'_>,
    file_name: String,
) -> Result<UploadFileResponse> {
    let (pieces, received) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let body = Body::from_stream(ReceiverStream::new(received));
    let pump = async move {
        let mut pieces = Some(pieces);
        loop {
            match field.chunk().await {
                Ok(Some(chunk)) => {
                    if let Some(open) = &pieces
                        && open.send(Ok(chunk)).await.is_err()
                    {
                        pieces = None;
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    if let Some(open) = &pieces {
                        // Without this the file would seem to have come to its end.
                        let _refused = open.send(Err(std::io::ErrorKind::UnexpectedEof.into())).await;
                    }
                    return Err(broken(&error));
                }
            }
        }
    };
    let (stored, pumped) = tokio::join!(files::store(&ask.door, &ask.caller, keeper, file_name, body), pump);
    pumped?;
    stored
}

/// A refused file is the fault of its field; anything else concerns the whole form.
fn at_field(error: Error, name: String) -> Result<FieldError> {
    let fault = error.fields().first().map(|fault| (fault.reason, fault.limit.clone()));
    match (fault, error.reason()) {
        (Some((reason, limit)), _) => Ok(FieldError { field: name, reason, limit }),
        (None, reason @ (Reason::FileTooLarge | Reason::FileEmpty | Reason::FileTypeNotAllowed)) => {
            let limit = error.metadata().get("limit").cloned();
            Ok(FieldError { field: name, reason, limit })
        }
        (None, _) => Err(error),
    }
}

async fn text(field: &mut Field<'_>) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if text.len() + chunk.len() > TEXT_MAX {
            return Err(Error::new(Kind::InvalidArgument, Reason::BodyTooLarge).with("limit", "32 KiB"));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| Error::new(Kind::InvalidArgument, Reason::MalformedBody))
}

async fn drain(field: &mut Field<'_>) -> Result<()> {
    while field.chunk().await.map_err(|error| broken(&error))?.is_some() {}
    Ok(())
}

fn broken(error: &MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::new(Kind::ResourceExhausted, Reason::BodyTooLarge).with("limit", "404 MiB")
    } else {
        Error::new(Kind::InvalidArgument, Reason::MalformedBody)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_shown_at_the_file_they_concern() {
        let typed = Typed(vec![
            ("upload.plan".into(), "id".into()),
            ("promise.sketch".into(), "1".into()),
            ("promise.plan".into(), "1".into()),
        ]);
        let sent = materials(&typed, ["form", "plan", "sketch"].map(str::to_owned));
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].source, Some(Source::UploadId("id".into())));
        assert_eq!(sent[1].source, Some(Source::Promised(true)));
        for (field, name) in [
            ("materials[0].upload_id", "file.plan"),
            ("materials[1].code", "file.sketch"),
            ("materials[1]", "file.sketch"),
            ("materials[9].code", "materials[9].code"),
            ("materials.form", "file.form"),
            ("applicant.name", "applicant.name"),
        ] {
            assert_eq!(place(&FieldError::new(field, Reason::Required), &sent), name);
        }
    }
}
