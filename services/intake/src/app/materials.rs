//! Materials that come after the application: uploads, supplements, promises kept, returns answered.

use tonic::Streaming;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, MaterialCode};
use yimen_platform::Context;
use yimen_platform::files::{self, Sending};
use yimen_platform::store::Tx;
use yimen_proto::file::v1 as pb_file;
use yimen_proto::intake::v1 as pb;

use super::read::owed;
use super::submit::{Sources, find_files};
use super::{load, save, timestamp};
use crate::domain::application::{Application, State};
use crate::store::materials as table;

/// Takes in one file.
///
/// # Errors
/// As [`files::receive`].
pub async fn upload(
    ctx: &Context,
    call: Streaming<pb_file::UploadFileRequest>,
) -> Result<pb_file::UploadFileResponse> {
    let file = files::receive(&ctx.objects, call).await?;
    let id = Uuid::new_v4();
    let mut connection = ctx.store.read().await?;
    table::add_upload(&mut connection, id, &file, ctx.store.now()).await?;
    Ok(file.uploaded_as(id))
}

/// Takes in what was asked for or promised.
pub async fn provide(
    tx: &mut Tx,
    number: &CaseNumber,
    sources: Sources,
) -> Result<pb::ProvideMaterialsResponse> {
    let loaded = load(tx, number).await?;
    let now = tx.now();
    let codes: Vec<String> = sources.iter().map(|(code, _)| code.clone()).collect();
    let after: Application = loaded.application.clone().provide(&codes)?;
    let mut found = find_files(tx, vec![sources]).await?;
    let brought = found.pop().ok_or_else(|| Error::internal("a request's files were not looked for"))??;
    let used: Vec<(Uuid, &str)> = brought.uploads.iter().map(|upload| (*upload, number.as_str())).collect();
    table::use_uploads(tx.sql(), &used).await?;
    table::add(tx.sql(), number.as_str(), after.materials_revision, &brought.materials, now).await?;
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

/// The file of a material.
pub async fn download(
    ctx: &Context,
    number: &CaseNumber,
    code: &MaterialCode,
    revision: Option<i32>,
) -> Result<Sending> {
    let found = {
        let mut connection = ctx.store.read().await?;
        table::find(&mut connection, number.as_str(), code.as_str(), revision).await?
    };
    files::send(&ctx.objects, found.ok_or_else(|| Error::not_found(Reason::MaterialUnknown))?).await
}
