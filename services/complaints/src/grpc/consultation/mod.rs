//! Proto ⇄ domain for every method of `yimen.complaints.v1.Consultations`.

pub mod message;
mod parse;

use tonic::Request;
use yimen_platform::Caller;
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::consultations_server::Consultations;

use super::parse::{REASON_MAX, TEXT_MAX, said};
use super::{Answer, Server};
use crate::app::access::{self, Sent};
use crate::app::questions;

#[tonic::async_trait]
impl Consultations for Server {
    async fn ask_question(
        &self,
        request: Request<pb::AskQuestionRequest>,
    ) -> Answer<pb::AskQuestionResponse> {
        let asked = parse::asked(request.get_ref()).map_err(|error| to_status(&error))?;
        let admitted = access::admit_filing(&self.context, &Caller::of(&request), Sent::Question).await;
        admitted.map_err(|error| to_status(&error))?;
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { questions::ask(tx, asked).await }))
            .await
    }

    async fn follow_question(&self, request: Request<pb::FollowQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    access::admit(ctx, &caller, &number, &message.code).await?;
                    questions::follow(ctx, &number).await
                })
            })
            .await
    }

    async fn list_questions(
        &self,
        request: Request<pb::ListQuestionsRequest>,
    ) -> Answer<pb::ListQuestionsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let state = parse::state(message.state)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    questions::list(ctx, &caller.actor, state, page).await
                })
            })
            .await
    }

    async fn get_question(&self, request: Request<pb::GetQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(
                    async move { questions::get(ctx, &caller.actor, &parse::number(&message.number)?).await },
                )
            })
            .await
    }

    async fn direct_question(&self, request: Request<pb::DirectQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let department = parse::department(&message.department)?;
                    questions::direct(tx, &caller.actor, &number, department).await
                })
            })
            .await
    }

    async fn answer_question(&self, request: Request<pb::AnswerQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let answer = said("answer", &message.answer, TEXT_MAX)?;
                    questions::answer(tx, &caller.actor, &number, &answer).await
                })
            })
            .await
    }

    async fn publish_question(&self, request: Request<pb::PublishQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let wording = parse::wording(&message)?;
                    questions::publish(tx, &caller.actor, &number, wording).await
                })
            })
            .await
    }

    async fn withhold_question(&self, request: Request<pb::WithholdQuestionRequest>) -> Answer<pb::Question> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let reason = said("reason", &message.reason, REASON_MAX)?;
                    questions::withhold(tx, &caller.actor, &number, &reason).await
                })
            })
            .await
    }

    async fn search_answers(
        &self,
        request: Request<pb::SearchAnswersRequest>,
    ) -> Answer<pb::SearchAnswersResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let wanted = parse::wanted(&message)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    questions::search(ctx, &wanted, &page).await
                })
            })
            .await
    }
}
