//! Proto ⇄ domain for every method of `yimen.complaints.v1.Scrutinies`.

pub mod message;
mod parse;

use tonic::Request;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::scrutinies_server::Scrutinies;

use super::Answer;
use super::parse::{TEXT_MAX, center, said};
use crate::app::scrutiny;

/// The gRPC face of sessions and tours.
pub struct Server {
    pub context: Context,
}

#[tonic::async_trait]
impl Scrutinies for Server {
    async fn create_scrutiny(&self, request: Request<pb::CreateScrutinyRequest>) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let setting = parse::setting(&message)?;
                    scrutiny::create(tx, &caller.actor, setting).await
                })
            })
            .await
    }

    async fn list_scrutinies(
        &self,
        request: Request<pb::ListScrutiniesRequest>,
    ) -> Answer<pb::ListScrutiniesResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    scrutiny::list(ctx, center(&message.center)?, page).await
                })
            })
            .await
    }

    async fn get_scrutiny(&self, request: Request<pb::GetScrutinyRequest>) -> Answer<pb::Scrutiny> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move { scrutiny::get(ctx, &parse::number(&message.scrutiny)?).await })
            })
            .await
    }

    async fn ask_unit(&self, request: Request<pb::AskUnitRequest>) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, department, text) = parse::question(&message)?;
                    let asked = (message.seat, text.as_str());
                    scrutiny::ask(tx, &caller.actor, &number, &department, asked).await
                })
            })
            .await
    }

    async fn answer_scrutiny_question(
        &self,
        request: Request<pb::AnswerScrutinyQuestionRequest>,
    ) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.scrutiny)?;
                    let position = parse::position(message.position)?;
                    let answer = said("answer", &message.answer, TEXT_MAX)?;
                    scrutiny::answer(tx, &caller.actor, &number, position, &answer).await
                })
            })
            .await
    }

    async fn add_undertaking(&self, request: Request<pb::AddUndertakingRequest>) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let new = parse::undertaking(&message)?;
                    let said = (new.finding.as_deref(), new.text.as_str());
                    scrutiny::undertake(tx, &caller.actor, &new.number, &new.department, said, new.due_on)
                        .await
                })
            })
            .await
    }

    async fn report_undertaking(
        &self,
        request: Request<pb::ReportUndertakingRequest>,
    ) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.scrutiny)?;
                    let position = parse::position(message.position)?;
                    let report = said("report", &message.report, TEXT_MAX)?;
                    scrutiny::report(tx, &caller.actor, &number, position, &report).await
                })
            })
            .await
    }

    async fn settle_undertaking(
        &self,
        request: Request<pb::SettleUndertakingRequest>,
    ) -> Answer<pb::Scrutiny> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.scrutiny)?;
                    let position = parse::position(message.position)?;
                    let (evidence, again_on) = parse::settlement(&message)?;
                    let seen = (message.kept, evidence.as_str(), again_on);
                    scrutiny::settle(tx, &caller.actor, &number, position, seen).await
                })
            })
            .await
    }
}
