//! The gRPC methods: messages in, messages out.

pub mod message;
mod parse;

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Response, Status};
use yimen_kernel::Result;
use yimen_platform::group::{self, Call, Group};
use yimen_platform::rpc::to_status;
use yimen_platform::store::Tx;
use yimen_platform::{Caller, Context};
use yimen_proto::approval::v1 as proto;
use yimen_proto::approval::v1::approval_server::{Approval, ApprovalServer};

use crate::app::act::{Act, What};
use crate::app::news::News;
use crate::app::{self, read, watch};
use crate::domain::{Acting, JointApproval, Person};

/// The largest request: an attendance of many departments.
const MAX_REQUEST: usize = 1 << 20;

/// The service's methods.
pub struct Server {
    context: Context,
    news: Arc<News>,
    opinions: Group<proto::RecordOpinionRequest, proto::JointApproval>,
    decisions: Group<proto::DecideRequest, proto::JointApproval>,
}

impl Server {
    /// Ready to be routed.
    pub fn routed(context: Context) -> ApprovalServer<Self> {
        let news = News::new(context.clone());
        let opinions = Group::new(&context, |tx, calls| Box::pin(act(tx, calls, opinion)));
        let decisions = Group::new(&context, |tx, calls| Box::pin(act(tx, calls, decision)));
        ApprovalServer::new(Self { context, news, opinions, decisions })
            .max_decoding_message_size(MAX_REQUEST)
    }
}

/// For which department the caller acts.
fn acting(caller: &Caller) -> Result<Acting> {
    let department = caller.actor.require_department()?.clone();
    let person = Person { id: caller.actor.subject.clone(), name: caller.actor.name.clone() };
    Ok(Acting { department, person })
}

fn answer(approval: Result<JointApproval>) -> Result<proto::JointApproval> {
    approval.map(|approval| message::joint_approval(&approval))
}

/// Has the calls of a group done, as far as they can be read.
async fn act<Req>(
    tx: &mut Tx,
    calls: Vec<Call<Req>>,
    read: fn(Call<Req>) -> Result<Act>,
) -> Result<Vec<Result<proto::JointApproval>>> {
    group::each(calls.into_iter().map(read), async |acts| {
        Ok(app::act::all(tx, acts).await?.into_iter().map(answer).collect())
    })
    .await
}

fn opinion(call: Call<proto::RecordOpinionRequest>) -> Result<Act> {
    let (number, said, materials_revision) = parse::record_opinion(&call.message)?;
    let (acting, what) = (acting(&call.caller)?, What::Opine(said));
    Ok(Act { acting, number, what, materials_revision, span: call.span })
}

fn decision(call: Call<proto::DecideRequest>) -> Result<Act> {
    let (number, ruling, materials_revision) = parse::decide(&call.message)?;
    let (acting, what) = (acting(&call.caller)?, What::Decide(ruling));
    Ok(Act { acting, number, what, materials_revision, span: call.span })
}

type Answered = Result<Response<proto::JointApproval>, Status>;

#[tonic::async_trait]
impl Approval for Server {
    async fn list_tasks(
        &self,
        request: Request<proto::ListTasksRequest>,
    ) -> Result<Response<proto::ListTasksResponse>, Status> {
        self.context
            .query(request, |context, caller, message: proto::ListTasksRequest| {
                Box::pin(async move {
                    let query = parse::list_tasks(&message)?;
                    let (views, next_page_token) = read::tasks(context, &caller.actor, query).await?;
                    let tasks = views.iter().map(message::task_view).collect();
                    Ok(proto::ListTasksResponse { tasks, next_page_token })
                })
            })
            .await
    }

    type WatchTasksStream = BoxStream<'static, Result<proto::WatchTasksResponse, Status>>;

    async fn watch_tasks(
        &self,
        request: Request<proto::WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let caller = Caller::of(&request);
        let department = caller.actor.require_department().map_err(|error| to_status(&error))?.clone();
        let cursor = watch::start(&self.context, &request.get_ref().cursor).await;
        let cursor = cursor.map_err(|error| to_status(&error))?;
        // The client's leaving drops the stream; it ends by itself only with the process.
        let changes = watch::changes(self.context.clone(), &self.news, department, cursor)
            .take_until(self.context.stop.clone().cancelled_owned());
        let answers = changes.map(|change| match change {
            Ok((cursor, view)) => {
                Ok(proto::WatchTasksResponse { cursor, task: Some(message::task_view(&view)) })
            }
            Err(error) => Err(to_status(&error)),
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn get_joint_approval(&self, request: Request<proto::GetJointApprovalRequest>) -> Answered {
        self.context
            .query(request, |context, caller, message: proto::GetJointApprovalRequest| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    answer(read::joint_approval(context, &caller.actor, &number).await)
                })
            })
            .await
    }

    async fn record_opinion(&self, request: Request<proto::RecordOpinionRequest>) -> Answered {
        self.opinions.answer(request).await
    }

    async fn resolve_return(&self, request: Request<proto::ResolveReturnRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, resolve) = parse::resolve_return(&message, tx.now())?;
                    answer(app::resolve_return(tx, &acting(&caller)?, &number, resolve).await)
                })
            })
            .await
    }

    async fn add_department(&self, request: Request<proto::AddDepartmentRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, add) = parse::add_department(&message)?;
                    answer(app::add_department(tx, &acting(&caller)?, &number, add).await)
                })
            })
            .await
    }

    async fn propose_inspection(&self, request: Request<proto::ProposeInspectionRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, propose) = parse::propose_inspection(&message, tx.now())?;
                    answer(app::propose_inspection(tx, &acting(&caller)?, &number, propose).await)
                })
            })
            .await
    }

    async fn answer_inspection(&self, request: Request<proto::AnswerInspectionRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, says) = parse::answer_inspection(&message)?;
                    answer(app::answer_inspection(tx, &acting(&caller)?, &number, says).await)
                })
            })
            .await
    }

    async fn record_inspection(&self, request: Request<proto::RecordInspectionRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, attendance, findings) = parse::record_inspection(&message)?;
                    let acting = acting(&caller)?;
                    answer(app::record_inspection(tx, &acting, &number, attendance, findings).await)
                })
            })
            .await
    }

    async fn sign_inspection(&self, request: Request<proto::SignInspectionRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, conclusion, text) = parse::sign_inspection(&message)?;
                    answer(app::sign_inspection(tx, &acting(&caller)?, &number, conclusion, text).await)
                })
            })
            .await
    }

    async fn decide(&self, request: Request<proto::DecideRequest>) -> Answered {
        self.decisions.answer(request).await
    }

    async fn start_procedure(&self, request: Request<proto::StartProcedureRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, start) = parse::start_procedure(&message)?;
                    answer(app::start_procedure(tx, &acting(&caller)?, &number, start).await)
                })
            })
            .await
    }

    async fn end_procedure(&self, request: Request<proto::EndProcedureRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, procedure) = parse::end_procedure(&message)?;
                    answer(app::end_procedure(tx, &acting(&caller)?, &number, procedure).await)
                })
            })
            .await
    }

    async fn extend_limit(&self, request: Request<proto::ExtendLimitRequest>) -> Answered {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, extend) = parse::extend_limit(&message)?;
                    answer(app::extend(tx, &acting(&caller)?, &number, extend).await)
                })
            })
            .await
    }
}
