//! Who works in the hall, and who is calling.
//!
//! The cast: a [`Center`](domain::organization::Center) with its departments and windows; a
//! [`Staff`](domain::organization::Staff) member with roles and a place in a center; a *session*,
//! opened with a password and ended by time, by sign-out, by a new password or by deactivation; an
//! *API key*, which a department's own system holds until it is revoked.
//!
//! The life of the organization: an operator imports it, whole or not at all, from the file that
//! describes the hall. New staff have no password until a manager of their center, or an operator,
//! sets one. The first operator comes from the configuration, because nobody could let him in.
//!
//! The life of a call: the gateway sends the credential that came with it, identity answers with an
//! actor that it signed, good for a minute, and every service checks that signature offline. The
//! database is asked each time, so whoever loses access has lost it with the next call.
//!
//! What is secret is not kept: of passwords a slow hash, of tokens and keys a digest
//! ([`domain::credential`] says why the two differ), and neither in answers kept for repetition.
//!
//! Identity emits no events and listens to none: nothing outside it copies the organization.

mod app;
pub mod domain;
mod grpc;
mod passwords;
mod store;

use std::sync::Arc;

use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::messages::subscribe::Subscriptions;
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::identity::v1::identity_server::IdentityServer;

use crate::domain::signatures::Signatures;
use crate::passwords::Passwords;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service `identity`.
pub const DEFINITION: Definition =
    Definition { name: "identity", migrations: Migrations { schema: "identity", own: &MIGRATOR }, build };

/// An import of a city's whole organization is the largest message, in bytes.
const MESSAGE_MAX: usize = 8 * 1024 * 1024;

fn build(ctx: Context) -> BoxFuture<'static, Result<Service, String>> {
    Box::pin(async move {
        let signer = ctx.signer.clone().ok_or("Identity was started without a key to sign with.")?;
        let passwords = Passwords::new();
        if let Some(password) = &ctx.config.operator_password {
            app::access::ensure_operator(&ctx.store, &passwords, password).await?;
        }
        let subscriptions = Subscriptions::new(ctx.store.clone());
        let holders = Arc::new(app::authenticate::Holders::of(&ctx.store));
        let signatures = Arc::new(Signatures::default());
        let identity = grpc::Identity { ctx, passwords, signer, signatures, holders };
        let server = IdentityServer::new(identity).max_decoding_message_size(MESSAGE_MAX);
        Ok(Service { routes: Routes::new(server), subscriptions, chores: Vec::new() })
    })
}
