//! API keys.

use tonic::Request;
use uuid::Uuid;
use yimen_kernel::{DepartmentId, Error, Fields, Reason, text};
use yimen_platform::page::Page;
use yimen_proto::identity::v1 as proto;

use super::{Answer, Identity, center, timestamp};
use crate::app;
use crate::app::api_key::NewApiKey;
use crate::domain::credential::Issued;
use crate::store;
use crate::store::api_key::ApiKey;

/// The longest label, in characters.
const LABEL_MAX: usize = 100;

impl Identity {
    /// The answer to a mutation is stored for those who repeat it, and a key must not be. So the
    /// stored answer leaves the key out, and it is put into the answer of the one call that made it:
    /// the one whose key id came back. Whoever lost that answer revokes the key and asks for another.
    pub(super) async fn issue_key(
        &self,
        request: Request<proto::CreateApiKeyRequest>,
    ) -> Answer<proto::CreateApiKeyResponse> {
        let id = Uuid::now_v7();
        let issued = Issued::api_key(id);
        let hash = issued.hash;
        let mut answer = self
            .ctx
            .mutate(request, move |tx, _, message: proto::CreateApiKeyRequest| {
                Box::pin(async move {
                    let mut fields = Fields::new();
                    let department = fields.take("department", DepartmentId::parse(&message.department));
                    let label = fields.take("label", text::line(&message.label, LABEL_MAX));
                    let new = fields
                        .build(|| Some(NewApiKey { id, hash, department: department?, label: label? }))?;
                    let key = app::api_key::create(tx, new).await?;
                    Ok(proto::CreateApiKeyResponse { key: String::new(), api_key: Some(key_to_proto(key)) })
                })
            })
            .await?;
        let created = answer.get_mut();
        if created.api_key.as_ref().is_some_and(|key| key.id == id.to_string()) {
            created.key = issued.text;
        }
        Ok(answer)
    }

    pub(super) async fn keys(
        &self,
        request: Request<proto::ListApiKeysRequest>,
    ) -> Answer<proto::ListApiKeysResponse> {
        self.ctx
            .query(request, |ctx, caller, message: proto::ListApiKeysRequest| {
                Box::pin(async move {
                    let center = center(&message.center)?;
                    caller.actor.require_center(&center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    let foreign = |_| Error::field("page_token", Reason::UnknownPageToken);
                    let after = page.after.as_deref().map(Uuid::try_parse).transpose().map_err(foreign)?;
                    let mut reading = ctx.store.read().await?;
                    let mut keys = store::api_key::list(&mut reading, &center, after, page.limit()).await?;
                    let next_page_token = page.cut(&mut keys, |key| key.id.to_string());
                    let api_keys = keys.into_iter().map(key_to_proto).collect();
                    Ok(proto::ListApiKeysResponse { api_keys, next_page_token })
                })
            })
            .await
    }

    pub(super) async fn revoke_key(
        &self,
        request: Request<proto::RevokeApiKeyRequest>,
    ) -> Answer<proto::RevokeApiKeyResponse> {
        self.ctx
            .mutate(request, |tx, _, message: proto::RevokeApiKeyRequest| {
                Box::pin(async move {
                    let malformed = |_| Error::field("id", Reason::BadFormat);
                    let id = Uuid::try_parse(&message.id).map_err(malformed)?;
                    let key = app::api_key::revoke(tx, id).await?;
                    Ok(proto::RevokeApiKeyResponse { api_key: Some(key_to_proto(key)) })
                })
            })
            .await
    }
}

fn key_to_proto(key: ApiKey) -> proto::ApiKey {
    proto::ApiKey {
        id: key.id.to_string(),
        department: key.department.to_string(),
        label: key.label,
        create_time: Some(timestamp(key.created_at)),
        revoke_time: key.revoked_at.map(timestamp),
    }
}
