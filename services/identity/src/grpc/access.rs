//! Passwords, sessions and the gateway's question.

use tonic::Request;
use yimen_kernel::{Fields, Login};
use yimen_platform::rpc::to_status;
use yimen_proto::identity::v1 as proto;

use super::organization::staff_to_proto;
use super::{Answer, Identity, login, timestamp};
use crate::app;
use crate::app::authenticate::Authenticated;
use crate::domain::credential::Password;

impl Identity {
    /// Hashes before the transaction opens. The digest of a request is stored, and a fast digest of
    /// a message with the password in it would be a gift to whoever guesses; so a slow hash, salted
    /// with the request's id, takes the password's place in the message before it is digested. The
    /// same request still has the same digest, and another password under its id is still refused.
    pub(super) async fn password(
        &self,
        request: Request<proto::SetPasswordRequest>,
    ) -> Answer<proto::SetPasswordResponse> {
        let (metadata, extensions, mut message) = request.into_parts();
        let mut fields = Fields::new();
        let login = fields.take("login", Login::parse(&message.login));
        let password = fields.take("password", Password::choose(&message.password));
        let (login, password) =
            fields.build(|| Some((login?, password?))).map_err(|error| to_status(&error))?;
        let hashed = if message.request_id.is_empty() {
            self.passwords.hash(password).await.map(|hash| (hash, String::new()))
        } else {
            self.passwords.hash_for_request(password, &message.request_id).await
        };
        let (hash, stand_in) = hashed.map_err(|error| to_status(&error))?;
        message.password = stand_in;
        self.ctx
            .mutate(Request::from_parts(metadata, extensions, message), move |tx, caller, _| {
                Box::pin(async move {
                    app::access::set_password(tx, &caller.actor, &login, &hash).await?;
                    Ok(proto::SetPasswordResponse {})
                })
            })
            .await
    }

    pub(super) async fn active(
        &self,
        request: Request<proto::SetStaffActiveRequest>,
    ) -> Answer<proto::SetStaffActiveResponse> {
        self.ctx
            .mutate(request, |tx, caller, message: proto::SetStaffActiveRequest| {
                Box::pin(async move {
                    let login = login(&message.login)?;
                    let staff = app::access::set_active(tx, &caller.actor, &login, message.active).await?;
                    Ok(proto::SetStaffActiveResponse { staff: Some(staff_to_proto(staff)) })
                })
            })
            .await
    }

    pub(super) async fn open_session(
        &self,
        request: Request<proto::SignInRequest>,
    ) -> Answer<proto::SignInResponse> {
        let passwords = self.passwords.clone();
        self.ctx
            .query(request, |ctx, caller, message: proto::SignInRequest| {
                Box::pin(async move {
                    let mut fields = Fields::new();
                    let login = fields.take("login", Login::parse(&message.login));
                    let password = fields.take("password", Password::offer(&message.password));
                    let (login, password) = fields.build(|| Some((login?, password?)))?;
                    let source = &caller.source.0;
                    let opened =
                        app::session::sign_in(&ctx.store, &passwords, &login, password, source).await?;
                    Ok(proto::SignInResponse {
                        session_token: opened.token,
                        expire_time: Some(timestamp(opened.expires_at)),
                        staff: Some(staff_to_proto(opened.staff)),
                    })
                })
            })
            .await
    }

    pub(super) async fn end_session(
        &self,
        request: Request<proto::SignOutRequest>,
    ) -> Answer<proto::SignOutResponse> {
        self.ctx
            .query(request, |ctx, _, message: proto::SignOutRequest| {
                Box::pin(async move {
                    app::session::sign_out(&ctx.store, &message.session_token).await?;
                    Ok(proto::SignOutResponse {})
                })
            })
            .await
    }

    pub(super) async fn sign_actor(
        &self,
        request: Request<proto::AuthenticateRequest>,
    ) -> Answer<proto::AuthenticateResponse> {
        let (signatures, signer) = (self.signatures.clone(), self.signer.clone());
        let holders = self.holders.clone();
        self.ctx
            .query(request, |_, _, message: proto::AuthenticateRequest| {
                Box::pin(async move {
                    let Authenticated { hash, actor, good_until, now } =
                        holders.authenticate(&message.credential).await?;
                    let sign = |actor: &_, expires| signer.sign(actor, expires);
                    let signed_actor = signatures.get(hash, actor, now, good_until, sign);
                    Ok(proto::AuthenticateResponse { signed_actor })
                })
            })
            .await
    }
}
