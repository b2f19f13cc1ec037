//! Proto ⇄ domain for every method of `yimen.complaints.v1.Ratings`.

pub mod message;
mod parse;

use tonic::{Request, Response, Status};
use yimen_kernel::error::Result;
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_platform::{Caller, Context};
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::ratings_server::Ratings;

use crate::app::rating::{aside, figures, link, rate, read, rectify};
use crate::domain::rating::require_citizen;
use crate::grpc::parse as common;
use crate::store::rating::invitations::Invited;

/// The gRPC face of ratings.
pub struct Server {
    pub context: Context,
}

type Answer<T> = Result<Response<T>, Status>;

impl Server {
    /// Lets whoever was served in by the link.
    async fn admit(&self, request: &Request<pb::RateRequest>) -> Result<(Invited, rate::Rating), Status> {
        let admitted = async {
            let (caller, message) = (Caller::of(request), request.get_ref());
            require_citizen(&caller.actor)?;
            let rating = parse::rating(message)?;
            let event = link::admit(&self.context, &caller, &message.token).await?;
            Result::Ok((event, rating))
        };
        admitted.await.map_err(|error| to_status(&error))
    }
}

#[tonic::async_trait]
impl Ratings for Server {
    async fn open_rating_link(
        &self,
        request: Request<pb::OpenRatingLinkRequest>,
    ) -> Answer<pb::RatingInvitation> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move { link::open(ctx, &caller, &message.token).await })
            })
            .await
    }

    async fn rate(&self, request: Request<pb::RateRequest>) -> Answer<pb::RateResponse> {
        let (event, rating) = self.admit(&request).await?;
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { rate::rate(tx, event, rating).await }))
            .await
    }

    async fn get_rating_figures(
        &self,
        request: Request<pb::GetRatingFiguresRequest>,
    ) -> Answer<pb::RatingFigures> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = common::one_center(&message.center)?;
                    figures::get(ctx, &center, parse::month(&message.month)?).await
                })
            })
            .await
    }

    async fn list_set_aside_ratings(
        &self,
        request: Request<pb::ListSetAsideRatingsRequest>,
    ) -> Answer<pb::ListSetAsideRatingsResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    aside::list(ctx, common::center(&message.center)?, page).await
                })
            })
            .await
    }

    async fn list_ratings(
        &self,
        request: Request<pb::ListRatingsRequest>,
    ) -> Answer<pb::ListRatingsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    let center = common::center(&message.center)?;
                    read::ratings(ctx, &caller.actor, center, message.negative, page).await
                })
            })
            .await
    }

    async fn set_rating_aside(&self, request: Request<pb::SetRatingAsideRequest>) -> Answer<pb::Rating> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (rating, ground, reason) = parse::set_aside(&message)?;
                    aside::set_aside(tx, &caller.actor, rating, ground, &reason).await
                })
            })
            .await
    }

    async fn list_rectifications(
        &self,
        request: Request<pb::ListRectificationsRequest>,
    ) -> Answer<pb::ListRectificationsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    let center = common::center(&message.center)?;
                    let state = parse::state(message.state)?;
                    read::list(ctx, &caller.actor, center, state, page).await
                })
            })
            .await
    }

    async fn get_rectification(
        &self,
        request: Request<pb::GetRectificationRequest>,
    ) -> Answer<pb::Rectification> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::rectification(&message.rectification)?;
                    read::one(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn show_rater(&self, request: Request<pb::ShowRaterRequest>) -> Answer<pb::Rater> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::rectification(&message.rectification)?;
                    rectify::show_rater(ctx, &caller.actor, &number).await
                })
            })
            .await
    }

    async fn give_rectification(
        &self,
        request: Request<pb::GiveRectificationRequest>,
    ) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, department) = parse::give(&message)?;
                    rectify::give(tx, &caller.actor, &number, department).await
                })
            })
            .await
    }

    async fn contact_rater(&self, request: Request<pb::ContactRaterRequest>) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, said) = parse::contact(&message)?;
                    rectify::contact(tx, &caller.actor, &number, &said).await
                })
            })
            .await
    }

    async fn extend_rectification(
        &self,
        request: Request<pb::ExtendRectificationRequest>,
    ) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, approver, reason) = parse::extension(&message)?;
                    rectify::extend(tx, &caller.actor, &number, (&approver, &reason)).await
                })
            })
            .await
    }

    async fn rectify(&self, request: Request<pb::RectifyRequest>) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, measures) =
                        parse::said(&message.rectification, "measures", &message.measures)?;
                    rectify::rectify(tx, &caller.actor, &number, &measures).await
                })
            })
            .await
    }

    async fn visit_rater(&self, request: Request<pb::VisitRaterRequest>) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, visit, said) = parse::visit(&message)?;
                    rectify::visit(tx, &caller.actor, &number, visit, &said).await
                })
            })
            .await
    }

    async fn close_rectification(
        &self,
        request: Request<pb::CloseRectificationRequest>,
    ) -> Answer<pb::Rectification> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, conclusion) =
                        parse::said(&message.rectification, "conclusion", &message.conclusion)?;
                    rectify::close(tx, &caller.actor, &number, &conclusion).await
                })
            })
            .await
    }

    async fn list_call_ins(
        &self,
        request: Request<pb::ListCallInsRequest>,
    ) -> Answer<pb::ListCallInsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    let center = common::center(&message.center)?;
                    read::call_ins(ctx, &caller.actor, center, page).await
                })
            })
            .await
    }

    async fn hold_call_in(&self, request: Request<pb::HoldCallInRequest>) -> Answer<pb::CallIn> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, conclusion) = parse::held(&message)?;
                    read::hold_call_in(tx, &caller.actor, &number, &conclusion).await
                })
            })
            .await
    }
}
