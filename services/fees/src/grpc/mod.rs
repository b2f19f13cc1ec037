//! Proto ⇄ domain for every method of `yimen.fees.v1.Fees`.

pub mod fee;
pub mod message;
mod parse;

use tonic::{Request, Response, Status};
use tracing::Span;
use yimen_kernel::date::local_date;
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, Error};
use yimen_platform::group::{self, Call, Group};
use yimen_platform::page::Page;
use yimen_platform::rpc::to_status;
use yimen_platform::{Caller, Context};
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fees_server::{Fees, FeesServer};
use yimen_proto::policy::v1::SignedCallback;

use crate::app::payments::{self, Counter};
use crate::app::{assess, catalog, notices, read, receipts, reconcile, refunds, resolve};

/// The largest request: two reconciliation files.
const MAX_REQUEST: usize = 4 * 1024 * 1024;

/// The gRPC face of fees.
pub struct Server {
    context: Context,
    payments: Group<pb::TakePaymentRequest, pb::TakePaymentResponse>,
}

type Answer<T> = Result<Response<T>, Status>;

/// What a department may not do with a fee is an attempt to charge without a basis.
const UNLAWFUL: [Reason; 3] = [Reason::FeeNotDue, Reason::FeeNotInForce, Reason::FeeNotOfDepartment];

impl Server {
    /// Ready to be routed.
    pub fn routed(context: Context) -> FeesServer<Self> {
        let payments = Group::new(&context, |tx, calls| {
            Box::pin(group::each(calls.into_iter().map(counter), async |counters| {
                payments::take(tx, counters).await
            }))
        });
        FeesServer::new(Self { context, payments }).max_decoding_message_size(MAX_REQUEST)
    }

    async fn measured(&self, request: Request<pb::MeasureFeeRequest>) -> Answer<pb::FeeNotice> {
        let caller = Caller::of(&request);
        let asked = parse::measure(&caller.actor, request.get_ref());
        let attempt = asked.as_ref().ok().map(|(notice, fee, _)| (notice.clone(), fee.clone()));
        let answered = self
            .context
            .mutate(request, |tx, caller, _| {
                Box::pin(async move {
                    let (notice, fee, quantity) = asked?;
                    let department = caller.actor.require_department()?;
                    assess::measure(tx, &notice, department, &fee, quantity).await
                })
            })
            .await;
        if let (Err(status), Some((notice, fee))) = (&answered, attempt)
            && let Some(reason) = UNLAWFUL.into_iter().find(|reason| reason_of(status) == *reason)
            && let Ok(department) = caller.actor.require_department()
        {
            let noted = assess::note_refused(&self.context, &notice, department, &fee, reason).await;
            noted.map_err(|error| to_status(&error))?;
        }
        answered
    }
}

/// A payment, and where it is traced.
fn counter(call: Call<pb::TakePaymentRequest>) -> yimen_kernel::Result<(Span, Counter)> {
    Ok((call.span, parse::counter(&call.caller.actor, &call.message)?))
}

fn reason_of(status: &Status) -> Reason {
    yimen_platform::rpc::from_status(status).reason()
}

#[tonic::async_trait]
impl Fees for Server {
    async fn import_fees(&self, request: Request<pb::ImportFeesRequest>) -> Answer<pb::ImportFeesResponse> {
        let parsed = fee::parse_all(&request.get_ref().fees, local_date(self.context.store.now()));
        self.context
            .mutate(request, |tx, _, _| Box::pin(async move { catalog::import(tx, parsed?).await }))
            .await
    }

    async fn list_fees(&self, request: Request<pb::ListFeesRequest>) -> Answer<pb::ListFeesResponse> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move {
                    let on = parse::day(&message.on, local_date(ctx.store.now()))?;
                    catalog::list(ctx, on, Page::parse(message.page_size, &message.page_token)?).await
                })
            })
            .await
    }

    async fn measure_fee(&self, request: Request<pb::MeasureFeeRequest>) -> Answer<pb::FeeNotice> {
        self.measured(request).await
    }

    async fn list_fee_notices(
        &self,
        request: Request<pb::ListFeeNoticesRequest>,
    ) -> Answer<pb::ListFeeNoticesResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let filter = parse::filter(&caller.actor, &message)?;
                    read::list(ctx, &filter, Page::parse(message.page_size, &message.page_token)?).await
                })
            })
            .await
    }

    async fn get_fee_notice(&self, request: Request<pb::GetFeeNoticeRequest>) -> Answer<pb::FeeNotice> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(
                    async move { read::notice(ctx, &parse::notice(&caller.actor, &message.notice)?).await },
                )
            })
            .await
    }

    async fn grant_relief(&self, request: Request<pb::GrantReliefRequest>) -> Answer<pb::FeeNotice> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (notice, grant) = parse::relief(&caller.actor, &message)?;
                    notices::relieve(tx, &notice, grant, &caller.actor.subject).await
                })
            })
            .await
    }

    async fn cancel_fee_notice(&self, request: Request<pb::CancelFeeNoticeRequest>) -> Answer<pb::FeeNotice> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let notice = parse::notice(&caller.actor, &message.notice)?;
                    notices::cancel(tx, &notice, parse::reason(&message.reason)?).await
                })
            })
            .await
    }

    async fn take_payment(
        &self,
        request: Request<pb::TakePaymentRequest>,
    ) -> Answer<pb::TakePaymentResponse> {
        self.payments.answer(request).await
    }

    async fn report_bank_payment(&self, request: Request<SignedCallback>) -> Answer<pb::BankPaymentAnswer> {
        self.context
            .query(request, |ctx, _, message| Box::pin(async move { payments::report(ctx, &message).await }))
            .await
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Answer<pb::ListPaymentsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let center = parse::center(&caller.actor, &message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::payments(ctx, &center, message.held, page).await
                })
            })
            .await
    }

    async fn resolve_payment(&self, request: Request<pb::ResolvePaymentRequest>) -> Answer<pb::Payment> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (payment, decided, reason) = parse::resolution(&message)?;
                    resolve::resolve(tx, &caller.actor, payment, decided, &reason).await
                })
            })
            .await
    }

    async fn verify_receipt(&self, request: Request<pb::VerifyReceiptRequest>) -> Answer<pb::Receipt> {
        self.context
            .query(request, |ctx, _, message| {
                Box::pin(async move { receipts::verify(ctx, &parse::receipt(&message.receipt)?).await })
            })
            .await
    }

    async fn spoil_receipt(&self, request: Request<pb::SpoilReceiptRequest>) -> Answer<pb::Receipt> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let receipt = parse::own_receipt(&caller.actor, &message.receipt)?;
                    receipts::spoil(tx, &receipt, &parse::reason(&message.reason)?).await
                })
            })
            .await
    }

    async fn apply_refund(&self, request: Request<pb::ApplyRefundRequest>) -> Answer<pb::Refund> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let (notice, ground, reason) = parse::refund_application(&caller.actor, &message)?;
                    refunds::apply(tx, &caller.actor, &notice, ground, reason).await
                })
            })
            .await
    }

    async fn verify_refund(&self, request: Request<pb::VerifyRefundRequest>) -> Answer<pb::Refund> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let refund = parse::refund(&caller.actor, &message.refund)?;
                    refunds::verify(tx, &caller.actor, &refund).await
                })
            })
            .await
    }

    async fn decide_refund(&self, request: Request<pb::DecideRefundRequest>) -> Answer<pb::Refund> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let refund = parse::refund(&caller.actor, &message.refund)?;
                    let rejected = parse::rejection(message.approve, &message.reason)?;
                    refunds::decide(tx, &caller.actor, &refund, rejected).await
                })
            })
            .await
    }

    async fn pay_refund(&self, request: Request<pb::PayRefundRequest>) -> Answer<pb::Refund> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let refund = parse::refund(&caller.actor, &message.refund)?;
                    let reference = parse::reference(&message.reference)?;
                    refunds::pay(tx, &caller.actor, &refund, reference).await
                })
            })
            .await
    }

    async fn list_refunds(
        &self,
        request: Request<pb::ListRefundsRequest>,
    ) -> Answer<pb::ListRefundsResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let center = parse::center(&caller.actor, &message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    read::refunds(ctx, &center, page).await
                })
            })
            .await
    }

    async fn get_balances(
        &self,
        request: Request<pb::GetBalancesRequest>,
    ) -> Answer<pb::GetBalancesResponse> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let center = parse::center(&caller.actor, &message.center)?;
                    let number = match message.number.as_str() {
                        "" => None,
                        number => Some(
                            CaseNumber::parse(number)
                                .map_err(|fault| Error::invalid(vec![fault.at("number")]))?,
                        ),
                    };
                    read::balances(ctx, &center, number.as_ref().map(CaseNumber::as_str)).await
                })
            })
            .await
    }

    async fn reconcile(&self, request: Request<pb::ReconcileRequest>) -> Answer<pb::Reconciliation> {
        self.context
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let files = parse::files(&caller.actor, message, local_date(tx.now()))?;
                    reconcile::reconcile(tx, &caller.actor, files).await
                })
            })
            .await
    }

    async fn get_reconciliation(
        &self,
        request: Request<pb::GetReconciliationRequest>,
    ) -> Answer<pb::Reconciliation> {
        self.context
            .query(request, |ctx, caller, message| {
                Box::pin(async move {
                    let id = parse::id("reconciliation", &message.reconciliation)?;
                    reconcile::find(ctx, &caller.actor, id).await
                })
            })
            .await
    }
}
