//! What the pages ask the services, in the visitor's name.

use std::collections::BTreeMap;

use yimen_kernel::Lang;
use yimen_kernel::error::{Error, Result};
use yimen_platform::rpc::from_status;
use yimen_proto::approval::v1 as approval;
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::identity::v1 as identity;
use yimen_proto::intake::v1 as intake;
use yimen_proto::notification::v1 as notification;

use crate::door::{Door, DoorCaller};

/// Entries asked for at once.
const PAGE: i32 = 200;
/// Pages of a list that are read; more than any center has.
const PAGES: usize = 20;

/// The services, for one visitor.
#[derive(Clone)]
pub struct Ask {
    /// The way to them.
    pub door: Door,
    /// In whose name.
    pub caller: DoorCaller,
}

/// A question each: the client, the method, the message and its answer.
macro_rules! questions {
    ($($client:ident.$method:ident($message:ty) -> $answer:ty;)*) => {
        impl Ask {
            $(
                /// The method of the same name in the contract.
                ///
                /// # Errors
                /// What the service says.
                pub async fn $method(&self, message: $message) -> Result<$answer> {
                    let mut client = self.door.$client()?;
                    let answer = client.$method(self.door.request(&self.caller, message)).await;
                    answer.map(tonic::Response::into_inner).map_err(|status| from_status(&status))
                }
            )*
        }
    };
}

questions! {
    identity.list_centers(identity::ListCentersRequest) -> identity::ListCentersResponse;
    identity.list_departments(identity::ListDepartmentsRequest) -> identity::ListDepartmentsResponse;
    identity.sign_in(identity::SignInRequest) -> identity::SignInResponse;
    identity.sign_out(identity::SignOutRequest) -> identity::SignOutResponse;
    intake.list_items(intake::ListItemsRequest) -> intake::ListItemsResponse;
    intake.get_item(intake::GetItemRequest) -> intake::ServiceItem;
    intake.submit_application(intake::SubmitApplicationRequest) -> intake::SubmitApplicationResponse;
    intake.track_application(intake::TrackApplicationRequest) -> intake::TrackedApplication;
    intake.get_document(intake::GetDocumentRequest) -> intake::Document;
    intake.provide_materials(intake::ProvideMaterialsRequest) -> intake::ProvideMaterialsResponse;
    intake.withdraw_application(intake::WithdrawApplicationRequest) -> intake::WithdrawApplicationResponse;
    intake.list_applications(intake::ListApplicationsRequest) -> intake::ListApplicationsResponse;
    intake.get_application(intake::GetApplicationRequest) -> intake::Application;
    intake.request_supplement(intake::RequestSupplementRequest) -> intake::RequestSupplementResponse;
    intake.accept_application(intake::AcceptApplicationRequest) -> intake::AcceptApplicationResponse;
    intake.refuse_application(intake::RefuseApplicationRequest) -> intake::RefuseApplicationResponse;
    intake.deliver_result(intake::DeliverResultRequest) -> intake::DeliverResultResponse;
    approval.list_tasks(approval::ListTasksRequest) -> approval::ListTasksResponse;
    approval.get_joint_approval(approval::GetJointApprovalRequest) -> approval::JointApproval;
    approval.record_opinion(approval::RecordOpinionRequest) -> approval::JointApproval;
    approval.resolve_return(approval::ResolveReturnRequest) -> approval::JointApproval;
    approval.add_department(approval::AddDepartmentRequest) -> approval::JointApproval;
    approval.propose_inspection(approval::ProposeInspectionRequest) -> approval::JointApproval;
    approval.answer_inspection(approval::AnswerInspectionRequest) -> approval::JointApproval;
    approval.record_inspection(approval::RecordInspectionRequest) -> approval::JointApproval;
    approval.sign_inspection(approval::SignInspectionRequest) -> approval::JointApproval;
    approval.decide(approval::DecideRequest) -> approval::JointApproval;
    complaints.file_complaint(complaints::FileComplaintRequest) -> complaints::FileComplaintResponse;
    complaints.follow_complaint(complaints::FollowComplaintRequest) -> complaints::Complaint;
    complaints.confirm_answer(complaints::ConfirmAnswerRequest) -> complaints::Complaint;
    complaints.reopen_complaint(complaints::ReopenComplaintRequest) -> complaints::Complaint;
    complaints.request_review(complaints::RequestReviewRequest) -> complaints::Complaint;
    complaints.withdraw_complaint(complaints::WithdrawComplaintRequest) -> complaints::Complaint;
    complaints.list_complaints(complaints::ListComplaintsRequest) -> complaints::ListComplaintsResponse;
    complaints.get_complaint(complaints::GetComplaintRequest) -> complaints::Complaint;
    complaints.list_accountability_cases(complaints::ListAccountabilityCasesRequest) -> complaints::ListAccountabilityCasesResponse;
    complaints.list_accountability_publications(complaints::ListAccountabilityPublicationsRequest) -> complaints::ListAccountabilityPublicationsResponse;
    consultations.ask_question(complaints::AskQuestionRequest) -> complaints::AskQuestionResponse;
    consultations.follow_question(complaints::FollowQuestionRequest) -> complaints::Question;
    consultations.list_questions(complaints::ListQuestionsRequest) -> complaints::ListQuestionsResponse;
    consultations.get_question(complaints::GetQuestionRequest) -> complaints::Question;
    consultations.direct_question(complaints::DirectQuestionRequest) -> complaints::Question;
    consultations.answer_question(complaints::AnswerQuestionRequest) -> complaints::Question;
    consultations.publish_question(complaints::PublishQuestionRequest) -> complaints::Question;
    consultations.withhold_question(complaints::WithholdQuestionRequest) -> complaints::Question;
    consultations.search_answers(complaints::SearchAnswersRequest) -> complaints::SearchAnswersResponse;
    ratings.open_rating_link(complaints::OpenRatingLinkRequest) -> complaints::RatingInvitation;
    ratings.rate(complaints::RateRequest) -> complaints::RateResponse;
    ratings.get_rating_figures(complaints::GetRatingFiguresRequest) -> complaints::RatingFigures;
    notification.list_messages(notification::ListMessagesRequest) -> notification::ListMessagesResponse;
    notification.resolve_message(notification::ResolveMessageRequest) -> notification::Message;
    appraisals.open_ballot(complaints::OpenBallotRequest) -> complaints::Ballot;
    appraisals.cast_ballot(complaints::CastBallotRequest) -> complaints::CastBallotResponse;
    appraisals.list_appraisal_rounds(complaints::ListAppraisalRoundsRequest) -> complaints::ListAppraisalRoundsResponse;
    appraisals.get_appraisal_round(complaints::GetAppraisalRoundRequest) -> complaints::AppraisalRound;
    scrutinies.list_scrutinies(complaints::ListScrutiniesRequest) -> complaints::ListScrutiniesResponse;
    scrutinies.get_scrutiny(complaints::GetScrutinyRequest) -> complaints::Scrutiny;
    notification.list_simulated(notification::ListSimulatedRequest) -> notification::ListSimulatedResponse;
}

impl Ask {
    /// Every center, the city first.
    ///
    /// # Errors
    /// What identity says.
    pub async fn centers(&self) -> Result<Vec<identity::Center>> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let asked = identity::ListCentersRequest { page_size: PAGE, page_token };
            let page = self.list_centers(asked).await?;
            found.extend(page.centers);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
        Err(endless())
    }

    /// Every department of a center.
    ///
    /// # Errors
    /// What identity says.
    pub async fn departments(&self, center: &str) -> Result<Departments> {
        let mut found = Departments::default();
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let center = center.to_owned();
            let asked = identity::ListDepartmentsRequest { center, page_size: PAGE, page_token };
            let page = self.list_departments(asked).await?;
            found.0.extend(page.departments.into_iter().map(|d| (d.id, (d.name_zh, d.name_en))));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
        Err(endless())
    }

    /// Every item of a center, or of all centers.
    ///
    /// # Errors
    /// What intake says.
    pub async fn items(&self, center: &str) -> Result<Vec<intake::ServiceItem>> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let center = center.to_owned();
            let asked = intake::ListItemsRequest { center, on: String::new(), page_size: PAGE, page_token };
            let page = self.list_items(asked).await?;
            found.extend(page.items);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
        Err(endless())
    }
}

fn endless() -> Error {
    Error::internal("a list does not come to its end")
}

/// The departments of a center: id, name in Chinese, name in English.
#[derive(Clone, Debug, Default)]
pub struct Departments(BTreeMap<String, (String, String)>);

impl Departments {
    /// The name of a department; its id if it has none here.
    pub fn name(&self, id: &str, lang: Lang) -> String {
        match (self.0.get(id), lang) {
            (Some((_, en)), Lang::En) if !en.is_empty() => en.clone(),
            (Some((zh, _)), _) => zh.clone(),
            (None, _) => id.to_owned(),
        }
    }

    /// Ids and names, in the order of the ids.
    pub fn all(&self, lang: Lang) -> Vec<(String, String)> {
        self.0.keys().map(|id| (id.clone(), self.name(id, lang))).collect()
    }

    /// Ids in the text of a refusal, as `430102-scjg, 430102-xfjy`, as names.
    pub fn names(&self, ids: &str, text: super::text::Text) -> String {
        let names: Vec<String> = ids.split(", ").map(|id| self.name(id, text.lang())).collect();
        names.join(text.get("list.separator"))
    }

    #[cfg(test)]
    pub fn sample(entries: &[(&str, &str, &str)]) -> Self {
        let entry = |(id, zh, en): &(&str, &str, &str)| ((*id).into(), ((*zh).into(), (*en).into()));
        Self(entries.iter().map(entry).collect())
    }
}
