//! The contract's messages to the domain and back.

mod access;
mod api_key;
mod import;
mod organization;

use std::sync::Arc;

use tonic::{Request, Response, Status};
use yimen_kernel::{DivisionCode, Error, FieldFault, Login, Result};
use yimen_platform::Context;
use yimen_platform::rpc::ActorSigner;
use yimen_platform::timestamp;
use yimen_proto::identity::v1::{self as proto, identity_server};

use crate::app::authenticate::Holders;
use crate::domain::signatures::Signatures;
use crate::passwords::Passwords;

/// Identity's methods.
pub struct Identity {
    pub(crate) ctx: Context,
    pub(crate) passwords: Passwords,
    pub(crate) signer: ActorSigner,
    pub(crate) signatures: Arc<Signatures>,
    pub(crate) holders: Arc<Holders>,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl identity_server::Identity for Identity {
    async fn import_organization(
        &self,
        request: Request<proto::ImportOrganizationRequest>,
    ) -> Answer<proto::ImportOrganizationResponse> {
        self.import(request).await
    }

    async fn list_centers(
        &self,
        request: Request<proto::ListCentersRequest>,
    ) -> Answer<proto::ListCentersResponse> {
        self.centers(request).await
    }

    async fn list_departments(
        &self,
        request: Request<proto::ListDepartmentsRequest>,
    ) -> Answer<proto::ListDepartmentsResponse> {
        self.departments(request).await
    }

    async fn list_windows(
        &self,
        request: Request<proto::ListWindowsRequest>,
    ) -> Answer<proto::ListWindowsResponse> {
        self.windows(request).await
    }

    async fn list_staff(
        &self,
        request: Request<proto::ListStaffRequest>,
    ) -> Answer<proto::ListStaffResponse> {
        self.staff(request).await
    }

    async fn set_password(
        &self,
        request: Request<proto::SetPasswordRequest>,
    ) -> Answer<proto::SetPasswordResponse> {
        self.password(request).await
    }

    async fn set_staff_active(
        &self,
        request: Request<proto::SetStaffActiveRequest>,
    ) -> Answer<proto::SetStaffActiveResponse> {
        self.active(request).await
    }

    async fn sign_in(&self, request: Request<proto::SignInRequest>) -> Answer<proto::SignInResponse> {
        self.open_session(request).await
    }

    async fn sign_out(&self, request: Request<proto::SignOutRequest>) -> Answer<proto::SignOutResponse> {
        self.end_session(request).await
    }

    async fn create_api_key(
        &self,
        request: Request<proto::CreateApiKeyRequest>,
    ) -> Answer<proto::CreateApiKeyResponse> {
        self.issue_key(request).await
    }

    async fn list_api_keys(
        &self,
        request: Request<proto::ListApiKeysRequest>,
    ) -> Answer<proto::ListApiKeysResponse> {
        self.keys(request).await
    }

    async fn revoke_api_key(
        &self,
        request: Request<proto::RevokeApiKeyRequest>,
    ) -> Answer<proto::RevokeApiKeyResponse> {
        self.revoke_key(request).await
    }

    async fn authenticate(
        &self,
        request: Request<proto::AuthenticateRequest>,
    ) -> Answer<proto::AuthenticateResponse> {
        self.sign_actor(request).await
    }
}

fn center(code: &str) -> Result<DivisionCode> {
    DivisionCode::parse(code).map_err(|fault| at("center", fault))
}

fn login(login: &str) -> Result<Login> {
    Login::parse(login).map_err(|fault| at("login", fault))
}

fn at(field: &str, fault: FieldFault) -> Error {
    Error::invalid(vec![fault.at(field)])
}
