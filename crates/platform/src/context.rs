//! What a service is given, and what it gives back.

use std::sync::Arc;

use futures::future::BoxFuture;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use yimen_kernel::actor::Actor;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_proto::Mutation;

use crate::chores::Chore;
use crate::clock::Clock;
use crate::config::Config;
use crate::messages::subscribe::Subscriptions;
use crate::messages::{Done, Named};
use crate::objects::Objects;
use crate::rpc::{ActorSigner, Source, to_status};
use crate::store::{Migrations, Store, Tx};

/// A service before it is built: what `migrate` and `serve` need to know of it.
#[derive(Clone, Copy)]
pub struct Definition {
    /// Its name, which is also that of its schema and its queue.
    pub name: &'static str,
    /// Its migrations.
    pub migrations: Migrations,
    /// Builds it.
    pub build: fn(Context) -> BoxFuture<'static, Result<Service, String>>,
}

/// A service, built.
pub struct Service {
    /// Its gRPC methods.
    pub routes: Routes,
    /// The events that it listens to.
    pub subscriptions: Subscriptions,
    /// What it does without being called.
    pub chores: Vec<Chore>,
}

/// What a service works with.
#[derive(Clone)]
pub struct Context {
    /// Its part of the database.
    pub store: Store,
    /// Where files are kept.
    pub objects: Objects,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The configuration.
    pub config: Arc<Config>,
    /// Identity's signer; nobody else has one.
    pub signer: Option<ActorSigner>,
    /// Cancelled when the process stops: answers that go on without end, such as a watch, then end.
    pub stop: CancellationToken,
}

/// Who calls, as the guard found it.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in person or system, or nobody.
    pub actor: Actor,
    /// What stands for the network address in rate limits.
    pub source: Source,
}

impl Caller {
    /// Takes the caller out of a request that passed the guard.
    pub fn of<T>(request: &Request<T>) -> Self {
        let extensions = request.extensions();
        Self {
            actor: extensions.get::<Actor>().cloned().unwrap_or_else(Actor::anonymous),
            source: extensions.get::<Source>().cloned().unwrap_or_default(),
        }
    }
}

impl Context {
    /// Answers a mutation once: `operation` runs in one transaction together with its answer's
    /// record, and the same `request_id` with the same content gets the same answer.
    ///
    /// # Errors
    /// What `operation` says; `REQUEST_ID_REUSED` for other content under the same `request_id`.
    pub async fn mutate<Req, Res, F>(
        &self,
        request: Request<Req>,
        operation: F,
    ) -> Result<Response<Res>, Status>
    where
        Req: Mutation,
        Res: Message + Default,
        F: for<'t> FnOnce(&'t mut Tx, Caller, Req) -> BoxFuture<'t, Result<Res>>,
    {
        let caller = Caller::of(&request);
        self.mutate_once(caller, request.into_inner(), operation)
            .await
            .map(Response::new)
            .map_err(|error| to_status(&error))
    }

    async fn mutate_once<Req, Res, F>(&self, caller: Caller, message: Req, operation: F) -> Result<Res>
    where
        Req: Mutation,
        Res: Message + Default,
        F: for<'t> FnOnce(&'t mut Tx, Caller, Req) -> BoxFuture<'t, Result<Res>>,
    {
        let named = Named::of(&caller, &message)?;
        let mut tx = self.store.begin_step().await?;
        let outcome = operation(&mut tx, caller, message).await;
        let Some(named) = named else {
            let response = outcome?;
            tx.commit().await?;
            return Ok(response);
        };
        match &outcome {
            Ok(response) => {
                let answers = [(&named, response.encode_to_vec())];
                if tx.commit_done(&Done { answers: &answers, ..Done::default() }).await? {
                    return outcome;
                }
            }
            Err(_) => drop(tx),
        }
        // Either the operation refused or its request was answered before: what it did is undone,
        // and an earlier answer stands.
        match named.answered(&self.store).await? {
            Some(earlier) => Ok(earlier),
            None => match outcome {
                Err(refusal) => Err(refusal),
                Ok(_) => Err(Error::new(Kind::Aborted, Reason::StaleVersion)),
            },
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// What `operation` says.
    pub async fn query<Req, Res, F>(
        &self,
        request: Request<Req>,
        operation: F,
    ) -> Result<Response<Res>, Status>
    where
        F: for<'t> FnOnce(&'t Context, Caller, Req) -> BoxFuture<'t, Result<Res>>,
    {
        let caller = Caller::of(&request);
        operation(self, caller, request.into_inner())
            .await
            .map(Response::new)
            .map_err(|error| to_status(&error))
    }
}
