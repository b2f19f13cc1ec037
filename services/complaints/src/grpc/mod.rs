//! Proto ⇄ domain for every method of `yimen.complaints.v1.Complaints`, and beside it the other services'.

pub mod appraisal;
pub mod consultation;
mod filing;
pub mod message;
mod parse;
pub mod ratings;
pub mod scrutiny;

use tonic::{Request, Response, Status, Streaming};
use yimen_kernel::DocumentNumber;
use yimen_kernel::error::Result;
use yimen_platform::files::Sending;
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_platform::{Caller, Context};
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::complaints_server::Complaints;
use yimen_proto::file::v1::{UploadFileRequest, UploadFileResponse};

use crate::app::access::Sent;
use crate::app::file::How;
use crate::app::{access, accountability, complainant, figures, file, office, read};
use crate::domain::codes::Channel;

/// The gRPC face of complaints.
#[derive(Clone)]
pub struct Server {
    pub context: Context,
}

type Answer<T> = Result<Response<T>, Status>;

impl Server {
    /// Lets the complainant in by number and lookup code.
    async fn admit<T>(
        &self,
        request: &Request<T>,
        number: &str,
        code: &str,
    ) -> Result<DocumentNumber, Status> {
        let admitted = async {
            let number = parse::number(number)?;
            access::admit(&self.context, &Caller::of(request), &number, code).await?;
            Result::Ok(number)
        };
        admitted.await.map_err(|error| to_status(&error))
    }
}

#[tonic::async_trait]
impl Complaints for Server {
    async fn upload_complaint_file(
        &self,
        request: Request<Streaming<UploadFileRequest>>,
    ) -> Answer<UploadFileResponse> {
        let caller = Caller::of(&request);
        let uploaded = file::upload(&self.context, &caller, request.into_inner()).await;
        uploaded.map(Response::new).map_err(|error| to_status(&error))
    }

    async fn file_complaint(
        &self,
        request: Request<pb::FileComplaintRequest>,
    ) -> Answer<pb::FileComplaintResponse> {
        let filing = filing::filing(&request.get_ref().filing.clone().unwrap_or_default());
        let filing = filing.map_err(|error| to_status(&error))?;
        let admitted = access::admit_filing(&self.context, &Caller::of(&request), Sent::Complaint).await;
        admitted.map_err(|error| to_status(&error))?;
        let files = file::keep(&self.context, &filing).await.map_err(|error| to_status(&error))?;
        self.context
            .mutate(request, |tx, _, _| {
                Box::pin(async move {
                    let how = How { channel: Channel::Web, group_size: 0, taken_by: None };
                    file::file(tx, filing, files, how).await
                })
            })
            .await
    }

    async fn take_down_complaint(
        &self,
        request: Request<pb::TakeDownComplaintRequest>,
    ) -> Answer<pb::FileComplaintResponse> {
        let filing = filing::filing(&request.get_ref().filing.clone().unwrap_or_default());
        let filing = filing.map_err(|error| to_status(&error))?;
        let files = file::keep(&self.context, &filing).await.map_err(|error| to_status(&error))?;
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (channel, group_size) = filing::taken_down(&message)?;
                    let how = How { channel, group_size, taken_by: Some(&caller.actor) };
                    file::file(tx, filing, files, how).await
                })
            })
            .await
    }

    async fn withdraw_complaint(
        &self,
        request: Request<pb::WithdrawComplaintRequest>,
    ) -> Answer<pb::Complaint> {
        let asked = request.get_ref();
        let number = self.admit(&request, &asked.number, &asked.code).await?;
        self.context
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    let reason = parse::said("reason", &message.reason, parse::REASON_MAX)?;
                    complainant::withdraw(tx, &number, &reason).await
                })
            })
            .await
    }

    async fn confirm_answer(&self, request: Request<pb::ConfirmAnswerRequest>) -> Answer<pb::Complaint> {
        let asked = request.get_ref();
        let number = self.admit(&request, &asked.number, &asked.code).await?;
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { complainant::confirm(tx, &number).await }))
            .await
    }

    async fn reopen_complaint(&self, request: Request<pb::ReopenComplaintRequest>) -> Answer<pb::Complaint> {
        let asked = request.get_ref();
        let number = self.admit(&request, &asked.number, &asked.code).await?;
        self.context
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    let reason = parse::said("reason", &message.reason, parse::REASON_MAX)?;
                    complainant::reopen(tx, &number, &reason).await
                })
            })
            .await
    }

    async fn request_review(&self, request: Request<pb::RequestReviewRequest>) -> Answer<pb::Complaint> {
        let asked = request.get_ref();
        let number = self.admit(&request, &asked.number, &asked.code).await?;
        self.context
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    let reason = parse::said("reason", &message.reason, parse::REASON_MAX)?;
                    complainant::request_review(tx, &number, &reason).await
                })
            })
            .await
    }

    async fn follow_complaint(&self, request: Request<pb::FollowComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    access::admit(ctx, &caller, &number, &message.code).await?;
                    read::complainant(ctx, &number).await
                })
            })
            .await
    }

    async fn list_complaints(
        &self,
        request: Request<pb::ListComplaintsRequest>,
    ) -> Answer<pb::ListComplaintsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let (center, state) = (parse::center(&message.center)?, parse::state(message.state)?);
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::list(ctx, &caller.actor, center, state, page).await
                })
            })
            .await
    }

    async fn get_complaint(&self, request: Request<pb::GetComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(
                    async move { read::staff(ctx, &caller.actor, &parse::number(&message.number)?).await },
                )
            })
            .await
    }

    async fn show_complainant(
        &self,
        request: Request<pb::ShowComplainantRequest>,
    ) -> Answer<pb::Complainant> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    read::show_complainant(ctx, &caller.actor, &parse::number(&message.number)?).await
                })
            })
            .await
    }

    type DownloadAttachmentStream = Sending;

    async fn download_attachment(
        &self,
        request: Request<pb::DownloadAttachmentRequest>,
    ) -> Answer<Self::DownloadAttachmentStream> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let position = i32::try_from(message.position).unwrap_or_default();
                    read::attachment(ctx, &caller.actor, &number, position).await
                })
            })
            .await
    }

    async fn list_accountability_cases(
        &self,
        request: Request<pb::ListAccountabilityCasesRequest>,
    ) -> Answer<pb::ListAccountabilityCasesResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let center = parse::center(&message.center)?;
                    let complaint = parse::optional_number("complaint", &message.complaint)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    accountability::list(ctx, &caller.actor, center, complaint, page).await
                })
            })
            .await
    }

    async fn list_accountability_publications(
        &self,
        request: Request<pb::ListAccountabilityPublicationsRequest>,
    ) -> Answer<pb::ListAccountabilityPublicationsResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = parse::center(&message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    accountability::published(ctx, center, page).await
                })
            })
            .await
    }

    async fn get_complaint_figures(
        &self,
        request: Request<pb::GetComplaintFiguresRequest>,
    ) -> Answer<pb::ComplaintFigures> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = parse::one_center(&message.center)?;
                    let (from_on, until_on) = parse::span(&message.from_on, &message.until_on)?;
                    figures::get(ctx, &center, from_on, until_on).await
                })
            })
            .await
    }

    async fn accept_complaint(&self, request: Request<pb::AcceptComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, given, more) = parse::accept(&message)?;
                    office::accept(tx, &caller.actor, &number, given, more).await
                })
            })
            .await
    }

    async fn add_accused(&self, request: Request<pb::AddAccusedRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let more = parse::accused("accused", &message.accused)?;
                    office::add_accused(tx, &caller.actor, &number, more).await
                })
            })
            .await
    }

    async fn decline_complaint(
        &self,
        request: Request<pb::DeclineComplaintRequest>,
    ) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, procedure, reason) = parse::decline(&message)?;
                    office::decline(tx, &caller.actor, &number, procedure, &reason).await
                })
            })
            .await
    }

    async fn object_to_complaint(
        &self,
        request: Request<pb::ObjectToComplaintRequest>,
    ) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let reason = parse::said("reason", &message.reason, parse::REASON_MAX)?;
                    office::object(tx, &caller.actor, &number, reason).await
                })
            })
            .await
    }

    async fn decide_objection(&self, request: Request<pb::DecideObjectionRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, instead, reason) = parse::objection(&message)?;
                    office::decide_objection(tx, &caller.actor, &number, instead, &reason).await
                })
            })
            .await
    }

    async fn extend_complaint(&self, request: Request<pb::ExtendComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, days, approver, reason) = parse::extension(&message)?;
                    office::extend(tx, &caller.actor, &number, days, (&approver, &reason)).await
                })
            })
            .await
    }

    async fn answer_complaint(&self, request: Request<pb::AnswerComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, text, finding) =
                        parse::answer(&message.number, &message.text, message.finding)?;
                    office::answer(tx, &caller.actor, &number, &text, finding).await
                })
            })
            .await
    }

    async fn tell_complainant(&self, request: Request<pb::TellComplainantRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, method) = parse::method(&message)?;
                    office::tell(tx, &caller.actor, &number, method).await
                })
            })
            .await
    }

    async fn answer_review(&self, request: Request<pb::AnswerReviewRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, text, finding) =
                        parse::answer(&message.number, &message.text, message.finding)?;
                    office::answer_review(tx, &caller.actor, &number, &text, finding).await
                })
            })
            .await
    }

    async fn merge_complaint(&self, request: Request<pb::MergeComplaintRequest>) -> Answer<pb::Complaint> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, into, reason) = parse::merge(&message)?;
                    office::merge(tx, &caller.actor, &number, &into, &reason).await
                })
            })
            .await
    }

    async fn decide_accountability(
        &self,
        request: Request<pb::DecideAccountabilityRequest>,
    ) -> Answer<pb::AccountabilityCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, finding, measure) = parse::decide(&message)?;
                    accountability::decide(tx, &caller.actor, &number, &finding, measure).await
                })
            })
            .await
    }

    async fn drop_accountability(
        &self,
        request: Request<pb::DropAccountabilityRequest>,
    ) -> Answer<pb::AccountabilityCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::case(&message.accountability_case)?;
                    let reason = parse::said("reason", &message.reason, parse::REASON_MAX)?;
                    accountability::drop(tx, &caller.actor, &number, &reason).await
                })
            })
            .await
    }

    async fn carry_out_accountability(
        &self,
        request: Request<pb::CarryOutAccountabilityRequest>,
    ) -> Answer<pb::AccountabilityCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, evidence, on) = parse::carry_out(&message)?;
                    accountability::carry_out(tx, &caller.actor, &number, &evidence, on).await
                })
            })
            .await
    }

    async fn publish_accountability(
        &self,
        request: Request<pb::PublishAccountabilityRequest>,
    ) -> Answer<pb::AccountabilityCase> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let number = parse::case(&message.accountability_case)?;
                    let text = parse::said("text", &message.text, parse::TEXT_MAX)?;
                    accountability::publish(tx, &caller.actor, &number, &text).await
                })
            })
            .await
    }
}
