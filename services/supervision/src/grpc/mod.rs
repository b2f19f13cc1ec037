//! Proto ⇄ domain for every method of `yimen.supervision.v1.Supervision`.

mod parse;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Response, Status};
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_proto::supervision::v1 as pb;
use yimen_proto::supervision::v1::supervision_server::Supervision;

use crate::app::watch::{self, News};
use crate::app::{appeals, board, calendar, cases, flags, read};

/// The gRPC face of supervision.
pub struct Server {
    pub context: Context,
    pub news: News,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Supervision for Server {
    type WatchWarningsStream = BoxStream<'static, Result<pb::WatchWarningsResponse, Status>>;

    async fn import_calendar(
        &self,
        request: Request<pb::ImportCalendarRequest>,
    ) -> Answer<pb::ImportCalendarResponse> {
        self.context
            .mutate(request, |tx, _, message| {
                Box::pin(async move { calendar::import(tx, &message.csv).await })
            })
            .await
    }

    async fn list_calendar_moves(
        &self,
        request: Request<pb::ListCalendarMovesRequest>,
    ) -> Answer<pb::ListCalendarMovesResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::moves(ctx, &caller.actor, message.year, page).await
                })
            })
            .await
    }

    async fn list_application_clocks(
        &self,
        request: Request<pb::ListApplicationClocksRequest>,
    ) -> Answer<pb::ListClocksResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    read::clocks(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn list_clocks(&self, request: Request<pb::ListClocksRequest>) -> Answer<pb::ListClocksResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let department = parse::department(&message.department)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::urgent(ctx, &caller.actor, department, page).await
                })
            })
            .await
    }

    async fn list_warnings(
        &self,
        request: Request<pb::ListWarningsRequest>,
    ) -> Answer<pb::ListWarningsResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = parse::center(&message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::public(ctx, center, page).await
                })
            })
            .await
    }

    async fn list_own_warnings(
        &self,
        request: Request<pb::ListOwnWarningsRequest>,
    ) -> Answer<pb::ListWarningsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let department = parse::department(&message.department)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::own(ctx, &caller.actor, department, message.running, page).await
                })
            })
            .await
    }

    async fn watch_warnings(
        &self,
        request: Request<pb::WatchWarningsRequest>,
    ) -> Answer<Self::WatchWarningsStream> {
        let asked = async {
            let center = parse::center(&request.get_ref().center)?;
            Result::Ok((center, watch::start(&self.context, &request.get_ref().cursor).await?))
        };
        let (center, cursor) = asked.await.map_err(|error| to_status(&error))?;
        // The client's leaving drops the stream; it ends by itself only with the process.
        let changes = watch::changes(self.context.clone(), &self.news, center, cursor)
            .take_until(self.context.stop.clone().cancelled_owned())
            .map(|change| change.map_err(|error| to_status(&error)));
        Ok(Response::new(changes.boxed()))
    }

    async fn appeal_warning(&self, request: Request<pb::AppealWarningRequest>) -> Answer<pb::Warning> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (warning, reason, evidence) = parse::appeal(&message)?;
                    appeals::appeal(tx, &caller.actor, warning, &reason, &evidence).await
                })
            })
            .await
    }

    async fn decide_appeal(&self, request: Request<pb::DecideAppealRequest>) -> Answer<pb::Warning> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (warning, reason) =
                        parse::said("warning", &message.warning, "reason", &message.reason)?;
                    appeals::decide(tx, &caller.actor, warning, message.upheld, &reason).await
                })
            })
            .await
    }

    async fn list_supervision_cases(
        &self,
        request: Request<pb::ListSupervisionCasesRequest>,
    ) -> Answer<pb::ListSupervisionCasesResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let department = parse::department(&message.department)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    cases::list(ctx, &caller.actor, department, message.open, page).await
                })
            })
            .await
    }

    async fn reply_supervision_case(
        &self,
        request: Request<pb::ReplySupervisionCaseRequest>,
    ) -> Answer<pb::SupervisionCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let id = &message.supervision_case;
                    let (id, reply) = parse::said("supervision_case", id, "reply", &message.reply)?;
                    cases::reply(tx, &caller.actor, id, &reply).await
                })
            })
            .await
    }

    async fn close_supervision_case(
        &self,
        request: Request<pb::CloseSupervisionCaseRequest>,
    ) -> Answer<pb::SupervisionCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (id, text) = (&message.supervision_case, &message.conclusion);
                    let (id, conclusion) = parse::said("supervision_case", id, "conclusion", text)?;
                    cases::close(tx, &caller.actor, id, &conclusion).await
                })
            })
            .await
    }

    async fn list_flags(&self, request: Request<pb::ListFlagsRequest>) -> Answer<pb::ListFlagsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let department = parse::department(&message.department)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    flags::list(ctx, &caller.actor, department, message.open, page).await
                })
            })
            .await
    }

    async fn answer_flag(&self, request: Request<pb::AnswerFlagRequest>) -> Answer<pb::Flag> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (flag, answer) = parse::said("flag", &message.flag, "answer", &message.answer)?;
                    flags::answer(tx, &caller.actor, flag, &answer).await
                })
            })
            .await
    }

    async fn get_board(&self, request: Request<pb::GetBoardRequest>) -> Answer<pb::Board> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move { board::get(ctx, parse::board(&message)?).await })
            })
            .await
    }

    async fn rebuild_boards(
        &self,
        request: Request<pb::RebuildBoardsRequest>,
    ) -> Answer<pb::RebuildBoardsResponse> {
        self.context.mutate(request, |tx, _, _| Box::pin(async move { board::rebuild(tx).await })).await
    }
}
