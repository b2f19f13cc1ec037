//! Materials that come after the application: uploads, supplements, promises kept, returns answered.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, MaterialCode};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::read::owed;
use super::submit::{Source, claim};
use super::{load, save, timestamp};
use crate::domain::application::{Application, State};
use crate::domain::files;
use crate::store::materials::{self as table, File};

/// Takes in one file piece by piece.
///
/// # Errors
/// `FILE_TOO_LARGE`, `FILE_TYPE_NOT_ALLOWED`, `FILE_EMPTY`; nothing is kept then.
pub async fn upload(
    ctx: &Context,
    file_name: String,
    pieces: impl Stream<Item = Result<Bytes>>,
) -> Result<pb::UploadFileResponse> {
    let mut pieces = std::pin::pin!(pieces);
    let mut head = Vec::new();
    let mut media_type = None;
    let mut receiving = ctx.objects.receive().await?;
    let outcome = async {
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            if receiving.size() + piece.len() as u64 > files::MAX_SIZE {
                return Err(Error::invalid(vec![
                    yimen_kernel::FieldError::new("file", Reason::FileTooLarge).limit("20 MiB"),
                ]));
            }
            if media_type.is_none() {
                head.extend_from_slice(&piece);
                if head.len() >= files::HEAD {
                    media_type = Some(recognize(&head, &file_name)?);
                }
            }
            receiving.write(&piece);
        }
        match media_type {
            Some(found) => Ok(found),
            None => recognize(&head, &file_name),
        }
    }
    .await;
    let media_type = match outcome {
        Ok(media_type) => media_type,
        Err(error) => {
            receiving.discard().await?;
            return Err(error);
        }
    };
    let kept = receiving.keep().await?;
    let file = File {
        file_name,
        media_type: media_type.to_owned(),
        size: i64::try_from(kept.size).map_err(Error::internal)?,
        sha256: kept.sha256.to_vec(),
    };
    let id = Uuid::new_v4();
    let mut connection = ctx.store.read().await?;
    table::add_upload(&mut connection, id, &file, ctx.store.now()).await?;
    Ok(pb::UploadFileResponse {
        upload_id: id.to_string(),
        sha256: hex::encode(&file.sha256),
        size: file.size,
        media_type: file.media_type,
    })
}

fn recognize(head: &[u8], file_name: &str) -> Result<&'static str> {
    let head = head.get(..files::HEAD).unwrap_or(head);
    files::media_type(head, file_name).map_err(|fault| Error::invalid(vec![fault.at("file")]))
}

/// Takes in what was asked for or promised.
pub async fn provide(
    tx: &mut Tx,
    number: &CaseNumber,
    sources: Vec<(String, Source)>,
) -> Result<pb::ProvideMaterialsResponse> {
    let loaded = load(tx, number).await?;
    let now = tx.now();
    let codes: Vec<String> = sources.iter().map(|(code, _)| code.clone()).collect();
    let after: Application = loaded.application.clone().provide(&codes)?;
    let claimed = claim(tx, number.as_str(), sources).await?;
    table::add(tx.sql(), number.as_str(), after.materials_revision, &claimed, now).await?;
    table::settle(tx.sql(), number.as_str(), &codes, now).await?;
    save(tx, &loaded.row, &after, "MATERIALS_PROVIDED", None).await?;
    if after.state == State::Supplemented && loaded.application.state != State::Supplemented {
        let (notice, time) = (after.notices, Some(timestamp(now)));
        tx.emit(
            &loaded.row.center,
            number.as_str(),
            after.version,
            &pb::SupplementReceived { number: number.to_string(), notice, time },
        );
    }
    if after.state == State::Accepted {
        tx.emit(
            &loaded.row.center,
            number.as_str(),
            after.version,
            &pb::MaterialsProvided {
                number: number.to_string(),
                materials_revision: after.materials_revision,
                codes,
                time: Some(timestamp(now)),
            },
        );
    }
    Ok(pb::ProvideMaterialsResponse {
        state: super::read::state(after.state) as i32,
        materials_revision: after.materials_revision,
        owed: owed(&after.owed, &loaded.version.guide),
    })
}

/// A material's description and its bytes.
pub async fn download(
    ctx: &Context,
    number: &CaseNumber,
    code: &MaterialCode,
    revision: Option<i32>,
) -> Result<(table::Present, BoxStream<'static, Result<Bytes>>)> {
    let found = {
        let mut connection = ctx.store.read().await?;
        table::find(&mut connection, number.as_str(), code.as_str(), revision).await?
    };
    let found = found.ok_or_else(|| Error::not_found(Reason::MaterialUnknown))?;
    let sha256: [u8; 32] = found
        .sha256
        .as_deref()
        .and_then(|digest| digest.try_into().ok())
        .ok_or_else(|| Error::internal("a material without a digest"))?;
    let bytes = ctx.objects.get(&sha256).await?;
    Ok((found, bytes))
}
