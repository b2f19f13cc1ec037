//! Proto ⇄ domain for every method of `yimen.complaints.v1.Appraisals`.

pub mod message;
mod parse;

use tonic::Request;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::appraisals_server::Appraisals;

use super::Answer;
use super::parse::{REASON_MAX, center, said};
use crate::app::appraisal::{self, counting, electorate, outcomes, read, voting};

/// The gRPC face of democratic review.
pub struct Server {
    pub context: Context,
}

#[tonic::async_trait]
impl Appraisals for Server {
    async fn create_appraisal_round(
        &self,
        request: Request<pb::CreateAppraisalRoundRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let setting = parse::setting(&message)?;
                    appraisal::create(tx, &caller.actor, setting).await
                })
            })
            .await
    }

    async fn list_appraisal_rounds(
        &self,
        request: Request<pb::ListAppraisalRoundsRequest>,
    ) -> Answer<pb::ListAppraisalRoundsResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::list(ctx, center(&message.center)?, page).await
                })
            })
            .await
    }

    async fn get_appraisal_round(
        &self,
        request: Request<pb::GetAppraisalRoundRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::round(&message.round)?;
                    read::get(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn cancel_appraisal_round(
        &self,
        request: Request<pb::CancelAppraisalRoundRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::round(&message.round)?;
                    let reason = said("reason", &message.reason, REASON_MAX)?;
                    appraisal::cancel(tx, &caller.actor, &number, &reason).await
                })
            })
            .await
    }

    async fn issue_ballot_tokens(
        &self,
        request: Request<pb::IssueBallotTokensRequest>,
    ) -> Answer<pb::IssueBallotTokensResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let (number, group, count) = parse::issue(&message)?;
                    electorate::issue(ctx, &caller.actor, &number, group, count).await
                })
            })
            .await
    }

    async fn void_ballot_tokens(
        &self,
        request: Request<pb::VoidBallotTokensRequest>,
    ) -> Answer<pb::VoidBallotTokensResponse> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, batch, group) = parse::void(&message)?;
                    electorate::void(tx, &caller.actor, &number, batch, group).await
                })
            })
            .await
    }

    async fn draw_service_users(
        &self,
        request: Request<pb::DrawServiceUsersRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::round(&message.round)?;
                    let count = parse::how_many(message.count)?;
                    electorate::draw(tx, &caller.actor, &number, count).await
                })
            })
            .await
    }

    async fn open_ballot(&self, request: Request<pb::OpenBallotRequest>) -> Answer<pb::Ballot> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move { voting::open(ctx, &parse::token(&message.token)?).await })
            })
            .await
    }

    async fn cast_ballot(&self, request: Request<pb::CastBallotRequest>) -> Answer<pb::CastBallotResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let token = parse::token(&message.token)?;
                    voting::cast(ctx, &token, &parse::marks(message.marks)).await
                })
            })
            .await
    }

    async fn recount_appraisal_round(
        &self,
        request: Request<pb::RecountAppraisalRoundRequest>,
    ) -> Answer<pb::RecountAppraisalRoundResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::round(&message.round)?;
                    counting::recount(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn decide_appraisal_outcome(
        &self,
        request: Request<pb::DecideAppraisalOutcomeRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let decision = parse::decision(&message)?;
                    let of = (&decision.department, decision.proposal);
                    let how = (decision.confirmed, decision.reason.as_str());
                    outcomes::decide(tx, &caller.actor, &decision.round, of, how).await
                })
            })
            .await
    }

    async fn publish_appraisal_round(
        &self,
        request: Request<pb::PublishAppraisalRoundRequest>,
    ) -> Answer<pb::AppraisalRound> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::round(&message.round)?;
                    outcomes::publish(tx, &caller.actor, &number).await
                })
            })
            .await
    }
}
