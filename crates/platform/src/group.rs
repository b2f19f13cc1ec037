//! Calls of one kind that come at the same time and share a transaction.
//!
//! Whoever comes while others are being served, or in the rest after it ([`crate::pace`]), is served with those who
//! came meanwhile. A call is answered after the commit of what it did, as if it had come alone.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use tracing::{Instrument as _, Span};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_proto::Mutation;

use crate::context::{Caller, Context};
use crate::messages::{Done, Named};
use crate::pace::Pace;
use crate::rpc::to_status;
use crate::store::Tx;

/// Calls that share a transaction, at most.
const BATCH: usize = 64;

/// A call as the operation gets it.
#[derive(Clone)]
pub struct Call<M> {
    /// Who calls.
    pub caller: Caller,
    /// What is asked.
    pub message: M,
    /// Where it is traced: what is told because of it is told within.
    pub span: Span,
}

type Operation<M, Res> =
    Arc<dyn for<'t> Fn(&'t mut Tx, Vec<Call<M>>) -> BoxFuture<'t, Result<Vec<Result<Res>>>> + Send + Sync>;

/// A mutation whose calls share transactions; its operation gets each as it came, or as what was read of it.
pub struct Group<M, Res> {
    worker: Arc<Worker<M, Res>>,
    waiting: mpsc::UnboundedSender<Waiting<M, Res>>,
}

/// Has what could be read carried out, and gives an outcome for all in their order.
///
/// # Errors
/// What `carry_out` says, for all.
pub async fn each<T, R>(
    read: impl Iterator<Item = Result<T>>,
    carry_out: impl AsyncFnOnce(Vec<T>) -> Result<Vec<Result<R>>>,
) -> Result<Vec<Result<R>>> {
    let (mut good, mut unreadable) = (Vec::new(), Vec::new());
    for (place, read) in read.enumerate() {
        match read {
            Ok(one) => good.push(one),
            Err(error) => unreadable.push((place, error)),
        }
    }
    let mut outcomes = carry_out(good).await?;
    for (place, error) in unreadable {
        outcomes.insert(place, Err(error));
    }
    Ok(outcomes)
}

/// Things by waves: in each wave no key comes twice, and things of one key keep their order.
pub fn waves<T, K: Eq + Hash>(things: Vec<T>, key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let mut seen: HashMap<K, usize> = HashMap::new();
    let mut waves: Vec<Vec<T>> = Vec::new();
    for thing in things {
        let times = seen.entry(key(&thing)).or_default();
        if waves.len() == *times {
            waves.push(Vec::new());
        }
        if let Some(wave) = waves.get_mut(*times) {
            wave.push(thing);
        }
        *times += 1;
    }
    waves
}

struct Waiting<M, Res> {
    call: Call<M>,
    named: Option<Named>,
    answer: oneshot::Sender<Result<Res>>,
}

impl<M, Res> Group<M, Res>
where
    M: Clone + Send + Sync + 'static,
    Res: Message + Default + Clone + 'static,
{
    /// A group whose calls `operation` carries out. It gives an outcome for each call in their order, and
    /// writes nothing for a call that it refuses; when it fails as a whole, and not for want of a
    /// database, each call is carried out alone.
    pub fn new<F>(context: &Context, operation: F) -> Self
    where
        F: for<'t> Fn(&'t mut Tx, Vec<Call<M>>) -> BoxFuture<'t, Result<Vec<Result<Res>>>>
            + Send
            + Sync
            + 'static,
    {
        let (waiting, calls) = mpsc::unbounded_channel();
        // One transaction after the other: so those who change the same row meet in one instead of waiting.
        let worker = Arc::new(Worker { context: context.clone(), operation: Arc::new(operation) });
        tokio::spawn(worker.clone().work(calls));
        Self { worker, waiting }
    }

    /// Answers a call, once for its `request_id`; see [`Context::mutate`].
    ///
    /// # Errors
    /// What the operation says of it; `REQUEST_ID_REUSED` for other content under the same `request_id`.
    pub async fn answer(&self, request: Request<M>) -> Result<Response<Res>, Status>
    where
        M: Mutation,
    {
        let (caller, message) = (Caller::of(&request), request.into_inner());
        let named = Named::of(&caller, &message);
        self.respond(caller, named, Ok(message)).await
    }

    /// Answers a call as it was read, or with the refusal that came of reading it; see [`Self::answer`].
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub async fn answer_as<Req: Mutation>(
        &self,
        request: Request<Req>,
        read: Result<M>,
    ) -> Result<Response<Res>, Status> {
        let (caller, message) = (Caller::of(&request), request.into_inner());
        let named = Named::of(&caller, &message);
        // It may hold files; what was read of it is enough from here.
        drop(message);
        self.respond(caller, named, read).await
    }

    async fn respond(
        &self,
        caller: Caller,
        named: Result<Option<Named>>,
        read: Result<M>,
    ) -> Result<Response<Res>, Status> {
        let outcome = match (named, read) {
            (Ok(named), Ok(message)) => {
                let call = Call { caller, message, span: Span::current() };
                self.join(call, named).await
            }
            (Ok(named), Err(refusal)) => self.worker.settled(named.as_ref(), Err(refusal)).await,
            (Err(unnamed), _) => Err(unnamed),
        };
        outcome.map(Response::new).map_err(|error| to_status(&error))
    }

    async fn join(&self, call: Call<M>, named: Option<Named>) -> Result<Res> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::unavailable("the service stops");
        self.waiting.send(Waiting { call, named, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

struct Worker<M, Res> {
    context: Context,
    operation: Operation<M, Res>,
}

impl<M, Res> Worker<M, Res>
where
    M: Clone + Send + Sync + 'static,
    Res: Message + Default + Clone + 'static,
{
    /// Serves whoever waits, until nobody can come any more.
    async fn work(self: Arc<Self>, mut calls: mpsc::UnboundedReceiver<Waiting<M, Res>>) {
        let mut pace = Pace::new(Duration::ZERO);
        loop {
            let mut batch = Vec::new();
            if calls.recv_many(&mut batch, BATCH).await == 0 {
                return;
            }
            pace.gather(&mut batch, BATCH, || calls.try_recv().ok()).await;
            let begun = Instant::now();
            // A task of its own: what breaks in it breaks for these callers, and not for those who come after.
            let serving = tokio::spawn({
                let worker = self.clone();
                async move { worker.serve(batch).await }
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "Calls that shared a transaction were not answered.");
            }
            pace.done(begun);
        }
    }

    async fn serve(&self, batch: Vec<Waiting<M, Res>>) {
        if batch.len() > 1 {
            match self.carry_out(&batch).await {
                Ok(Some(outcomes)) => {
                    for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                        let outcome = self.settled(waiting.named.as_ref(), outcome).await;
                        let _caller_has_gone = waiting.answer.send(outcome);
                    }
                    return;
                }
                // Each alone would wait as long again, and whether it was committed may be open.
                Err(error) if error.kind() == Kind::Unavailable => {
                    for waiting in batch {
                        let refusal = Error::new(error.kind(), error.reason());
                        let _caller_has_gone = waiting.answer.send(Err(refusal));
                    }
                    return;
                }
                // One of them was answered before, or is at fault.
                Ok(None) | Err(_) => {}
            }
        }
        for waiting in batch {
            let outcome = self.alone(&waiting).await;
            let _caller_has_gone = waiting.answer.send(outcome);
        }
    }

    async fn alone(&self, waiting: &Waiting<M, Res>) -> Result<Res> {
        match self.carry_out(std::slice::from_ref(waiting)).await?.and_then(|mut outcomes| outcomes.pop()) {
            Some(outcome) => self.settled(waiting.named.as_ref(), outcome).await,
            // It was answered before.
            None => {
                self.settled(waiting.named.as_ref(), Err(Error::new(Kind::Aborted, Reason::StaleVersion)))
                    .await
            }
        }
    }

    /// What is answered: a refusal only if it was not granted before, under the same name.
    async fn settled(&self, named: Option<&Named>, outcome: Result<Res>) -> Result<Res> {
        match (outcome, named) {
            (Err(refusal), Some(named)) => named.answered(&self.context.store).await?.ok_or(refusal),
            (outcome, _) => outcome,
        }
    }

    /// Carries calls out in one transaction, with the record of their answers. None if one of them was answered
    /// before, and then nothing was done.
    async fn carry_out(&self, batch: &[Waiting<M, Res>]) -> Result<Option<Vec<Result<Res>>>> {
        let calls: Vec<Call<M>> = batch.iter().map(|waiting| waiting.call.clone()).collect();
        let first = calls.first().map_or_else(Span::none, |call| call.span.clone());
        async {
            let mut tx = self.context.store.begin_step().await?;
            let outcomes = (self.operation)(&mut tx, calls).await?;
            let mut answers = Vec::with_capacity(batch.len());
            for (waiting, outcome) in batch.iter().zip(&outcomes) {
                if let (Some(named), Ok(response)) = (&waiting.named, outcome) {
                    answers.push((named, response.encode_to_vec()));
                }
            }
            let done = Done { answers: &answers, ..Done::default() };
            Ok(tx.commit_done(&done).await?.then_some(outcomes))
        }
        .instrument(first)
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::waves;

    #[test]
    fn no_key_comes_twice_in_a_wave() {
        let things = vec![("a", 1), ("b", 1), ("a", 2), ("a", 3), ("c", 1), ("b", 2)];
        let waves = waves(things, |(key, _)| *key);
        assert_eq!(waves, [vec![("a", 1), ("b", 1), ("c", 1)], vec![("a", 2), ("b", 2)], vec![("a", 3)],]);
        assert!(super::waves(Vec::<u8>::new(), |thing| *thing).is_empty());
    }
}
