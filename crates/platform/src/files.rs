//! Files that come ahead of a request or within it, and go out again: piece by piece, never whole in memory.

use bytes::Bytes;
use chrono::Duration;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use tonic::{Status, Streaming};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{FieldError, Fields, Reason, media, text};
use yimen_proto::file::v1 as pb;
use yimen_proto::file::v1::download_file_response::Part as Out;
use yimen_proto::file::v1::upload_file_request::Part as In;

use crate::objects::Objects;
use crate::rpc::{from_status, to_status};

/// How long an upload waits for what it belongs to.
pub const UPLOAD_LIFE: Duration = Duration::hours(24);
/// Characters of a file's name.
const NAME_MAX: usize = 120;

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name that it came with.
    pub file_name: String,
    /// As recognized by its content.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of its content: where it is in [`Objects`].
    pub sha256: Vec<u8>,
}

/// A file as a request brings it, checked.
#[derive(Clone, Debug)]
pub enum Given {
    /// Taken in before.
    Upload(Uuid),
    /// Within the request.
    Inline {
        /// Its name.
        file_name: String,
        /// As recognized by its content.
        media_type: &'static str,
        /// All of it.
        content: Bytes,
    },
}

/// Where a file is that a request brought.
#[derive(Clone, Debug)]
pub enum Source {
    /// Taken in before; the service's own list of uploads knows it, or does not.
    Upload(Uuid),
    /// Came with the request.
    Kept(File),
}

impl Given {
    /// Reads the id of an upload.
    pub fn upload(field: &str, id: &str, fields: &mut Fields) -> Option<Self> {
        fields.take(field, Uuid::parse_str(id).map_err(|_| Reason::UploadUnknown.into())).map(Self::Upload)
    }

    /// Recognizes a small file.
    pub fn inline(field: &str, file: &pb::InlineFile, fields: &mut Fields) -> Option<Self> {
        let file_name = fields.take(&format!("{field}.file_name"), text::line(&file.file_name, NAME_MAX));
        if file.content.len() > media::MAX_INLINE {
            fields.add_limit(&format!("{field}.content"), Reason::FileTooLarge, "256 KiB");
            return None;
        }
        let file_name = file_name?;
        let media_type = media::media_type(media::head(&file.content), &file_name);
        let media_type = fields.take(&format!("{field}.content"), media_type)?;
        Some(Self::Inline { file_name, media_type, content: Bytes::copy_from_slice(&file.content) })
    }

    /// Keeps what came with the request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(&self, objects: &Objects) -> Result<Source> {
        match self {
            Self::Upload(id) => Ok(Source::Upload(*id)),
            Self::Inline { file_name, media_type, content } => {
                let kept = objects.put(content.clone()).await?;
                Ok(Source::Kept(File {
                    file_name: file_name.clone(),
                    media_type: (*media_type).to_owned(),
                    size: i64::try_from(kept.size).map_err(Error::internal)?,
                    sha256: kept.sha256.to_vec(),
                }))
            }
        }
    }
}

impl File {
    /// The answer to its upload.
    pub fn uploaded_as(self, id: Uuid) -> pb::UploadFileResponse {
        pb::UploadFileResponse {
            upload_id: id.to_string(),
            sha256: hex::encode(&self.sha256),
            size: self.size,
            media_type: self.media_type,
        }
    }
}

/// Takes in one file as a call brings it.
///
/// # Errors
/// `REQUIRED_FIELD` for a call that does not begin with a header or brings something else after it;
/// `FILE_TOO_LARGE`, `FILE_TYPE_NOT_ALLOWED`, `FILE_EMPTY`. Nothing is kept then.
pub async fn receive(objects: &Objects, mut call: Streaming<pb::UploadFileRequest>) -> Result<File> {
    let first = call.message().await.map_err(|broken| from_status(&broken))?;
    let Some(pb::UploadFileRequest { part: Some(In::Header(header)) }) = first else {
        return Err(Error::field("header", Reason::Required));
    };
    let file_name = text::line(&header.file_name, NAME_MAX)
        .map_err(|fault| Error::invalid(vec![fault.at("header.file_name")]))?;
    let pieces = call.map(|message| match message {
        Ok(pb::UploadFileRequest { part: Some(In::Chunk(chunk)) }) => Ok(Bytes::from(chunk)),
        Ok(_) => Err(Error::field("chunk", Reason::Required)),
        Err(broken) => Err(from_status(&broken)),
    });
    take_in(objects, file_name, pieces).await
}

async fn take_in(
    objects: &Objects,
    file_name: String,
    pieces: impl Stream<Item = Result<Bytes>>,
) -> Result<File> {
    let mut pieces = std::pin::pin!(pieces);
    let mut head = Vec::new();
    let mut media_type = None;
    let mut receiving = objects.receive().await?;
    let outcome = async {
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            if receiving.size() + piece.len() as u64 > media::MAX_SIZE {
                let fault = FieldError::new("file", Reason::FileTooLarge);
                return Err(Error::invalid(vec![fault.limit("20 MiB")]));
            }
            if media_type.is_none() {
                head.extend_from_slice(&piece);
                if head.len() >= media::HEAD {
                    media_type = Some(recognize(&head, &file_name)?);
                }
            }
            receiving.write(&piece);
        }
        media_type.map_or_else(|| recognize(&head, &file_name), Ok)
    }
    .await;
    let media_type = match outcome {
        Ok(media_type) => media_type.to_owned(),
        Err(error) => {
            receiving.discard().await?;
            return Err(error);
        }
    };
    let kept = receiving.keep().await?;
    let size = i64::try_from(kept.size).map_err(Error::internal)?;
    Ok(File { file_name, media_type, size, sha256: kept.sha256.to_vec() })
}

fn recognize(head: &[u8], file_name: &str) -> Result<&'static str> {
    media::media_type(media::head(head), file_name).map_err(|fault| Error::invalid(vec![fault.at("file")]))
}

/// A file on its way out.
pub type Sending = BoxStream<'static, std::result::Result<pb::DownloadFileResponse, Status>>;

/// Sends a file out: its description, then its content.
///
/// # Errors
/// When the store has no such file or fails.
pub async fn send(objects: &Objects, file: File) -> Result<Sending> {
    let sha256: [u8; 32] = file.sha256.as_slice().try_into().map_err(Error::internal)?;
    let content = objects.get(&sha256).await?;
    let part = |part| pb::DownloadFileResponse { part: Some(part) };
    let File { file_name, media_type, size, .. } = file;
    let first = part(Out::File(pb::FileDescription { file_name, media_type, size }));
    let rest = content.map(move |piece| match piece {
        Ok(piece) => Ok(part(Out::Chunk(piece.to_vec()))),
        Err(error) => Err(to_status(&error)),
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> (tempfile::TempDir, Objects) {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::local(dir.path()).unwrap();
        (dir, objects)
    }

    async fn taken_in(objects: &Objects, name: &str, pieces: Vec<Result<Bytes>>) -> Result<File> {
        take_in(objects, name.to_owned(), stream::iter(pieces)).await
    }

    #[tokio::test]
    async fn what_comes_in_goes_out_the_same() {
        let (_dir, objects) = objects();
        let pieces = vec![Ok(Bytes::from_static(b"%PDF-")), Ok(Bytes::from_static(b"1.4 text"))];
        let file = taken_in(&objects, "图.pdf", pieces).await.unwrap();
        assert_eq!((file.media_type.as_str(), file.size), ("application/pdf", 13));
        let sent: Vec<_> = send(&objects, file).await.unwrap().collect().await;
        let mut parts = sent.into_iter().map(|part| part.unwrap().part.unwrap());
        assert!(matches!(parts.next().unwrap(), Out::File(described) if described.file_name == "图.pdf"));
        let content: Vec<u8> = parts
            .flat_map(|part| match part {
                Out::Chunk(chunk) => chunk,
                Out::File(_) => panic!("described twice"),
            })
            .collect();
        assert_eq!(content, b"%PDF-1.4 text");
    }

    #[tokio::test]
    async fn what_is_refused_leaves_nothing() {
        let (dir, objects) = objects();
        let piece = |size| Ok(Bytes::from(vec![b'a'; size]));
        for (name, pieces, reason) in [
            ("a.txt", vec![], Reason::FileEmpty),
            ("a.exe", vec![piece(9)], Reason::FileTypeNotAllowed),
            ("a.txt", (0..21).map(|_| piece(1 << 20)).collect(), Reason::FileTooLarge),
            ("a.txt", vec![piece(9), Err(Error::field("chunk", Reason::Required))], Reason::Required),
        ] {
            let refused = taken_in(&objects, name, pieces).await.unwrap_err();
            assert_eq!(refused.fields()[0].reason, reason);
        }
        let kept = std::fs::read_dir(dir.path()).unwrap().filter(|entry| {
            let entry = entry.as_ref().unwrap();
            entry.file_name() != "draft" || std::fs::read_dir(entry.path()).unwrap().next().is_some()
        });
        assert_eq!(kept.count(), 0);
    }
}
