//! Proto ⇄ domain for every method of `yimen.intake.v1.Intake`.

pub mod item;
mod parse;

use tonic::{Request, Response, Status, Streaming};
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result as Outcome};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DivisionCode, DocumentNumber, Fields, ItemCode, MaterialCode};
use yimen_platform::files::Sending;
use yimen_platform::group::{self, Call, Group};
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_platform::store::Tx;
use yimen_platform::{Caller, Context};
use yimen_proto::file::v1::{UploadFileRequest, UploadFileResponse};
use yimen_proto::intake::v1 as pb;
use yimen_proto::intake::v1::intake_server::Intake;

use crate::app::submit::{Prepared, Turn};
use crate::app::window::Acceptance;
use crate::app::{access, catalog, materials, read, seat, submit, window};
use crate::domain::application::{DeliveryMethod, RefusalGround};

/// The gRPC face of intake.
pub struct Server {
    context: Context,
    submissions: Group<Prepared, pb::SubmitApplicationResponse>,
    acceptances: Group<pb::AcceptApplicationRequest, pb::AcceptApplicationResponse>,
}

impl Server {
    /// Ready to be routed.
    pub fn new(context: Context) -> Self {
        let submissions = Group::new(&context, |tx, calls| {
            let turns = calls.into_iter().map(|Call { caller, message, span }| Turn {
                caller,
                prepared: message,
                span,
            });
            Box::pin(submit::submit(tx, turns.collect()))
        });
        let acceptances = Group::new(&context, |tx, calls| Box::pin(accept(tx, calls)));
        Self { context, submissions, acceptances }
    }
}

/// Has those accepted that the callers may accept.
async fn accept(
    tx: &mut Tx,
    calls: Vec<Call<pb::AcceptApplicationRequest>>,
) -> Outcome<Vec<Outcome<pb::AcceptApplicationResponse>>> {
    let read = |call: &Call<pb::AcceptApplicationRequest>| {
        let number = parse::number(&call.message.number)?;
        call.caller.actor.require_center(&number.center())?;
        let at = seat(&call.caller.actor);
        Ok(Acceptance { span: call.span.clone(), number, at })
    };
    group::each(calls.iter().map(read), async |accepted| window::accept(tx, accepted).await).await
}

type Answer<T> = Result<Response<T>, Status>;

fn status(error: Error) -> Status {
    to_status(&error)
}

#[tonic::async_trait]
impl Intake for Server {
    async fn import_catalog(
        &self,
        request: Request<pb::ImportCatalogRequest>,
    ) -> Answer<pb::ImportCatalogResponse> {
        let parsed = item::parse_all(&request.get_ref().items, local_date(self.context.store.now()));
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { catalog::import(tx, parsed?).await }))
            .await
    }

    async fn list_items(&self, request: Request<pb::ListItemsRequest>) -> Answer<pb::ListItemsResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let center = parse::optional_center(&message.center)?;
                    let on = catalog::day(ctx, &message.on)?;
                    catalog::list(ctx, center, on, Page::parse(message.page_size, &message.page_token)?).await
                })
            })
            .await
    }

    async fn get_item(&self, request: Request<pb::GetItemRequest>) -> Answer<pb::ServiceItem> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let code = ItemCode::parse(&message.code)
                        .map_err(|fault| Error::invalid(vec![fault.at("code")]))?;
                    catalog::get(ctx, &code, catalog::day(ctx, &message.on)?).await
                })
            })
            .await
    }

    async fn upload_file(
        &self,
        request: Request<Streaming<UploadFileRequest>>,
    ) -> Answer<UploadFileResponse> {
        let taken_in = materials::upload(&self.context, request.into_inner()).await;
        taken_in.map(Response::new).map_err(status)
    }

    async fn submit_application(
        &self,
        request: Request<pb::SubmitApplicationRequest>,
    ) -> Answer<pb::SubmitApplicationResponse> {
        let caller = Caller::of(&request);
        let prepared = match parse::submission(request.get_ref(), local_date(self.context.store.now())) {
            Ok(submission) => submit::prepare(&self.context, &caller, submission).await,
            Err(error) => Err(error),
        };
        self.submissions.answer_as(request, prepared).await
    }

    async fn track_application(
        &self,
        request: Request<pb::TrackApplicationRequest>,
    ) -> Answer<pb::TrackedApplication> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    access::admit(ctx, &caller, &number, &message.code).await?;
                    read::track(ctx, &number).await
                })
            })
            .await
    }

    async fn get_document(&self, request: Request<pb::GetDocumentRequest>) -> Answer<pb::Document> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    let document = DocumentNumber::parse(&message.document)
                        .map_err(|fault| Error::invalid(vec![fault.at("document")]))?;
                    if message.code.is_empty() && !caller.actor.is_anonymous() {
                        access::admit_staff(ctx, &caller, &number).await?;
                    } else {
                        access::admit(ctx, &caller, &number, &message.code).await?;
                    }
                    read::document(ctx, &number, &document).await
                })
            })
            .await
    }

    async fn provide_materials(
        &self,
        request: Request<pb::ProvideMaterialsRequest>,
    ) -> Answer<pb::ProvideMaterialsResponse> {
        let caller = Caller::of(&request);
        let prepared = self.prepare_materials(&caller, request.get_ref()).await;
        self.context
            .mutate(request, |tx, _, _| {
                Box::pin(async move {
                    let (number, sources) = prepared?;
                    materials::provide(tx, &number, sources).await
                })
            })
            .await
    }

    async fn withdraw_application(
        &self,
        request: Request<pb::WithdrawApplicationRequest>,
    ) -> Answer<pb::WithdrawApplicationResponse> {
        let caller = Caller::of(&request);
        let message = request.get_ref();
        let admitted = match parse::withdrawal(message) {
            Ok(number) => {
                access::admit(&self.context, &caller, &number, &message.code).await.map(|()| number)
            }
            Err(error) => Err(error),
        };
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { window::withdraw(tx, &admitted?).await }))
            .await
    }

    async fn list_applications(
        &self,
        request: Request<pb::ListApplicationsRequest>,
    ) -> Answer<pb::ListApplicationsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let center: DivisionCode = match parse::optional_center(&message.center)? {
                        Some(center) => center,
                        None => caller
                            .actor
                            .center
                            .clone()
                            .ok_or_else(|| Error::field("center", Reason::Required))?,
                    };
                    caller.actor.require_center(&center)?;
                    let state = parse::optional_state(message.state)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::list(ctx, &center, state, page).await
                })
            })
            .await
    }

    async fn get_application(&self, request: Request<pb::GetApplicationRequest>) -> Answer<pb::Application> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let number = parse::number(&message.number)?;
                    access::admit_staff(ctx, &caller, &number).await?;
                    read::get(ctx, &number).await
                })
            })
            .await
    }

    type DownloadMaterialStream = Sending;

    async fn download_material(
        &self,
        request: Request<pb::DownloadMaterialRequest>,
    ) -> Answer<Self::DownloadMaterialStream> {
        let caller = Caller::of(&request);
        let message = request.into_inner();
        let number = parse::number(&message.number).map_err(status)?;
        let code = MaterialCode::parse(&message.material)
            .map_err(|fault| status(Error::invalid(vec![fault.at("material")])))?;
        let revision = i32::try_from(message.revision).ok().filter(|revision| *revision > 0);
        access::admit_staff(&self.context, &caller, &number).await.map_err(status)?;
        let sending = materials::download(&self.context, &number, &code, revision).await;
        sending.map(Response::new).map_err(status)
    }

    async fn request_supplement(
        &self,
        request: Request<pb::RequestSupplementRequest>,
    ) -> Answer<pb::RequestSupplementResponse> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, notice) = parse::notice(&message)?;
                    caller.actor.require_center(&number.center())?;
                    window::request_supplement(tx, &number, notice).await
                })
            })
            .await
    }

    async fn accept_application(
        &self,
        request: Request<pb::AcceptApplicationRequest>,
    ) -> Answer<pb::AcceptApplicationResponse> {
        self.acceptances.answer(request).await
    }

    async fn refuse_application(
        &self,
        request: Request<pb::RefuseApplicationRequest>,
    ) -> Answer<pb::RefuseApplicationResponse> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, refusal) = parse::refusal(&message)?;
                    caller.actor.require_center(&number.center())?;
                    window::refuse(tx, &number, refusal).await
                })
            })
            .await
    }

    async fn deliver_result(
        &self,
        request: Request<pb::DeliverResultRequest>,
    ) -> Answer<pb::DeliverResultResponse> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (number, delivery) = parse::delivery(&message)?;
                    caller.actor.require_center(&number.center())?;
                    window::deliver(tx, &number, delivery).await
                })
            })
            .await
    }
}

impl Server {
    async fn prepare_materials(
        &self,
        caller: &Caller,
        message: &pb::ProvideMaterialsRequest,
    ) -> Outcome<(yimen_kernel::CaseNumber, submit::Sources)> {
        let mut fields = Fields::new();
        let number = fields.take("number", yimen_kernel::CaseNumber::parse(&message.number));
        let given = parse::materials(&message.materials, &mut fields);
        if given.is_empty() {
            fields.add("materials", Reason::Required);
        }
        for (index, _) in (0..).zip(&given).filter(|(_, (_, given))| given.is_none()) {
            fields.add(&format!("materials[{index}].promised"), Reason::NotAllowedHere);
        }
        let number = fields.build(|| number)?;
        access::admit(&self.context, caller, &number, &message.code).await?;
        let sources = submit::keep(&self.context.objects, &given).await?;
        Ok((number, sources))
    }
}

/// A refusal's ground on the wire.
pub fn ground_to_proto(ground: RefusalGround) -> pb::refuse_application_request::Ground {
    use pb::refuse_application_request::Ground;
    match ground {
        RefusalGround::NotRequired => Ground::NotRequired,
        RefusalGround::NotCompetent => Ground::NotCompetent,
        RefusalGround::Incomplete => Ground::Incomplete,
        RefusalGround::FalseMaterials => Ground::FalseMaterials,
    }
}

/// A way of delivery on the wire.
pub fn method_to_proto(method: DeliveryMethod) -> pb::deliver_result_request::Method {
    use pb::deliver_result_request::Method;
    match method {
        DeliveryMethod::Counter => Method::Counter,
        DeliveryMethod::Post => Method::Post,
        DeliveryMethod::Electronic => Method::Electronic,
    }
}
