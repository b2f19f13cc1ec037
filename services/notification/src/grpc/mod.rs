//! Proto ⇄ domain for every method of `yimen.notification.v1.Notification`.

pub mod message;
pub mod template;

use tonic::{Request, Response, Status};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result as Outcome};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, CaseNumber, DivisionCode, Fields, Mobile, text};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::notification::v1 as pb;
use yimen_proto::notification::v1::notification_server::Notification;
use yimen_proto::policy::v1::SignedCallback;

use crate::app::queue::{self, Test};
use crate::app::{read, reports, resolve, templates};
use crate::domain::message::Found;
use crate::store::messages::Filter;
use crate::store::simulated::{self, Behaviour};

/// The gRPC face of notification.
pub struct Server(pub Context);

type Answer<T> = Result<Response<T>, Status>;

fn center(actor: &Actor, value: &str) -> Outcome<DivisionCode> {
    let center = match (value, &actor.center) {
        ("", Some(own)) => own.clone(),
        (value, _) => DivisionCode::parse(value).map_err(|fault| Error::invalid(vec![fault.at("center")]))?,
    };
    actor.require_center(&center)?;
    Ok(center)
}

fn filter(actor: &Actor, message: &pb::ListMessagesRequest) -> Outcome<Filter> {
    let center = center(actor, &message.center)?;
    let mut fields = Fields::new();
    let state = match pb::message::State::try_from(message.state) {
        Ok(pb::message::State::Unspecified) => None,
        Ok(state) => Some(state.as_str_name().to_owned()),
        Err(_) => {
            fields.add("state", Reason::UnknownValue);
            None
        }
    };
    let number = match message.number.as_str() {
        "" => None,
        number => fields.take("number", CaseNumber::parse(number)).map(|number| number.to_string()),
    };
    fields.build(|| Some(Filter { center, state, number }))
}

fn resolution(message: &pb::ResolveMessageRequest) -> Outcome<(Uuid, Found, String)> {
    use pb::resolve_message_request::Action;
    let mut fields = Fields::new();
    let id = match Uuid::parse_str(&message.message) {
        Ok(id) => Some(id),
        Err(_) => {
            let missing = message.message.is_empty();
            fields.add("message", if missing { Reason::Required } else { Reason::BadFormat });
            None
        }
    };
    let reason = fields.take("reason", text::line(&message.reason, 200));
    let found = match Action::try_from(message.action) {
        Ok(Action::Resend) => Some(Found::Resend),
        Ok(Action::ConfirmDelivered) => Some(Found::Delivered),
        Ok(Action::ConfirmFailed) => Some(Found::Failed),
        Ok(Action::Unspecified) | Err(_) => {
            fields.add("action", Reason::UnknownValue);
            None
        }
    };
    fields.build(|| Some((id?, found?, reason?)))
}

fn behaviour(message: &pb::SetSimulatorRequest) -> Outcome<Behaviour> {
    let mut fields = Fields::new();
    let mut number = |field: &str, value: u32, most: u32| {
        if value > most {
            fields.add_limit(field, Reason::OutOfRange, most);
        }
        i32::try_from(value).unwrap_or(i32::MAX)
    };
    let behaviour = Behaviour {
        refused_permille: number("refused_permille", message.refused_permille, 1_000),
        failed_permille: number("failed_permille", message.failed_permille, 1_000),
        timed_out_permille: number("timed_out_permille", message.timed_out_permille, 1_000),
        delay_millis: number("delay_millis", message.delay_millis, 3_600_000),
    };
    fields.build(|| Some(behaviour))
}

#[tonic::async_trait]
impl Notification for Server {
    async fn import_templates(
        &self,
        request: Request<pb::ImportTemplatesRequest>,
    ) -> Answer<pb::ImportTemplatesResponse> {
        let checked = template::check_all(&request.get_ref().templates, &request.get_ref().signatures);
        self.0
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    checked?;
                    templates::import(tx, message.templates, message.signatures).await
                })
            })
            .await
    }

    async fn list_templates(
        &self,
        request: Request<pb::ListTemplatesRequest>,
    ) -> Answer<pb::ListTemplatesResponse> {
        self.0
            .query(request, |ctx, _, _: pb::ListTemplatesRequest| {
                Box::pin(async move { templates::list(ctx).await })
            })
            .await
    }

    async fn preview_message(
        &self,
        request: Request<pb::PreviewMessageRequest>,
    ) -> Answer<pb::PreviewMessageResponse> {
        self.0
            .query(request, |ctx, caller, message: pb::PreviewMessageRequest| {
                Box::pin(async move {
                    if !template::is_code(&message.template) {
                        return Err(Error::field("template", Reason::BadFormat));
                    }
                    let center = center(&caller.actor, &message.center)?;
                    templates::preview(ctx, &message.template, center.as_str(), &message.variables).await
                })
            })
            .await
    }

    async fn send_test_message(&self, request: Request<pb::SendTestMessageRequest>) -> Answer<pb::Message> {
        self.0
            .mutate(request, |tx, caller, message: pb::SendTestMessageRequest| {
                Box::pin(async move {
                    let mut fields = Fields::new();
                    if !template::is_code(&message.template) {
                        fields.add("template", Reason::BadFormat);
                    }
                    let mobile = fields.take("mobile", Mobile::parse(&message.mobile));
                    let mobile = fields.build(|| mobile)?;
                    let center = center(&caller.actor, &message.center)?;
                    let test = Test { template: message.template, center, values: message.variables, mobile };
                    queue::test(tx, test).await
                })
            })
            .await
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Answer<pb::ListMessagesResponse> {
        self.0
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let filter = filter(&caller.actor, &message)?;
                    read::list(ctx, &filter, Page::parse(message.page_size, &message.page_token)?).await
                })
            })
            .await
    }

    async fn resolve_message(&self, request: Request<pb::ResolveMessageRequest>) -> Answer<pb::Message> {
        self.0
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (id, found, reason) = resolution(&message)?;
                    resolve::resolve(tx, &caller.actor, id, found, &reason).await
                })
            })
            .await
    }

    async fn set_opt_out(&self, request: Request<pb::SetOptOutRequest>) -> Answer<pb::SetOptOutResponse> {
        self.0
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    let mobile = Mobile::parse(&message.mobile)
                        .map_err(|fault| Error::invalid(vec![fault.at("mobile")]))?;
                    resolve::opt_out(tx, &mobile, message.opted_out).await
                })
            })
            .await
    }

    async fn report_delivery(&self, request: Request<SignedCallback>) -> Answer<pb::ReportDeliveryResponse> {
        self.0
            .query(request, |ctx, _, message| Box::pin(async move { reports::report(ctx, &message).await }))
            .await
    }

    async fn list_simulated(
        &self,
        request: Request<pb::ListSimulatedRequest>,
    ) -> Answer<pb::ListSimulatedResponse> {
        self.0
            .query(request, |ctx, _, message: pb::ListSimulatedRequest| {
                Box::pin(async move {
                    read::simulated(ctx, Page::parse(message.page_size, &message.page_token)?).await
                })
            })
            .await
    }

    async fn set_simulator(
        &self,
        request: Request<pb::SetSimulatorRequest>,
    ) -> Answer<pb::SetSimulatorResponse> {
        self.0
            .mutate(request, |tx, _, message| {
                Box::pin(async move {
                    simulated::behave(tx.sql(), behaviour(&message)?).await?;
                    Ok(pb::SetSimulatorResponse {})
                })
            })
            .await
    }
}
