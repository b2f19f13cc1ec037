//! A department's own system: follows its tasks over gRPC and says what the department has to say.
//! The lead's system also runs the case to its decision.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use prost_types::Timestamp;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_proto::approval::v1 as pb;
use yimen_proto::approval::v1::approval_client::ApprovalClient;

use super::act::{self, Act, Moment};
use super::fate;
use super::hall::{Hall, News};

/// The wait before a broken connection is made again.
const AGAIN: Duration = Duration::from_millis(500);
/// Acts on one case in a row; no case needs as many.
const ACTS: u32 = 60;
/// Refusals in a row that somebody else being faster explains.
const PATIENT: u32 = 12;
/// Seconds from the proposal of a visit to the visit.
const VISIT_AHEAD: i64 = 5;

/// Following tasks until the demo ends.
pub(super) async fn work(hall: Arc<Hall>, department: String, key: String) {
    let Ok(endpoint) = Endpoint::from_shared(hall.address.clone()) else { return };
    let client = ApprovalClient::new(endpoint.tcp_nodelay(true).connect_lazy());
    let mut system = System {
        hall,
        department,
        key,
        client,
        returned: BTreeSet::new(),
        too_late: BTreeSet::new(),
        waiting: BTreeSet::new(),
        cursor: String::new(),
    };
    loop {
        if let Err(status) = system.follow().await {
            tracing::warn!(department = system.department, code = ?status.code(), "The demo's department system lost its connection; connecting again.");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

struct System {
    hall: Arc<Hall>,
    department: String,
    key: String,
    client: ApprovalClient<Channel>,
    /// Cases in which it asked for more material already.
    returned: BTreeSet<String>,
    /// Cases that were accepted by silence when their limit had nearly passed, and that it was too late to extend.
    too_late: BTreeSet<String>,
    /// Cases that it has not turned to yet.
    waiting: BTreeSet<String>,
    cursor: String,
}

impl System {
    async fn follow(&mut self) -> Result<(), Status> {
        let request = self.request(pb::WatchTasksRequest { cursor: self.cursor.clone() })?;
        let mut changes = self.client.watch_tasks(request).await?.into_inner();
        let hall = self.hall.clone();
        let mut mornings = hall.days.mornings();
        loop {
            tokio::select! {
                change = changes.message() => {
                    let Some(change) = change? else { return Ok(()) };
                    if let Some(task) = change.task && act::concerns(&task) {
                        let _at_work = hall.days.at_work().await;
                        self.work_on(&task.number).await?;
                    }
                    self.cursor = change.cursor;
                }
                Ok(()) = mornings.changed() => {
                    let _at_work = hall.days.at_work().await;
                    for number in std::mem::take(&mut self.waiting) {
                        self.work_on(&number).await?;
                    }
                }
            }
        }
    }

    /// Does all that is the department's to do in a case now; it turns to each in its own time.
    async fn work_on(&mut self, number: &str) -> Result<(), Status> {
        if !self.hall.turns_to(&self.department, number, fate::leisure(number, &self.department)) {
            self.waiting.insert(number.to_owned());
            return Ok(());
        }
        let look = || pb::GetJointApprovalRequest { number: number.to_owned() };
        let mut approval = self.client.get_joint_approval(self.request(look())?).await?.into_inner();
        for attempt in 1..=ACTS {
            let moment = Moment {
                has_returned: self.returned.contains(number),
                today: self.hall.days.today(),
                is_unhurried: self.hall.days.count() > 1,
                is_too_late: self.too_late.contains(number),
            };
            let Some(act) = act::next(&approval, &self.department, moment) else {
                self.await_review(&approval);
                return Ok(());
            };
            let extends = matches!(act, Act::Extend { .. });
            approval = match self.perform(&approval, act).await {
                Ok(changed) => changed,
                Err(status) if extends && status.code() == Code::FailedPrecondition => {
                    self.too_late.insert(number.to_owned());
                    continue;
                }
                // Somebody else was faster, the applicant brought something, the visit's day has not begun,
                // or its hour had passed by the time it was heard of: look again, more and more patiently.
                Err(status)
                    if matches!(
                        status.code(),
                        Code::Aborted | Code::FailedPrecondition | Code::InvalidArgument
                    ) =>
                {
                    if attempt == PATIENT {
                        tracing::warn!(
                            department = self.department,
                            case = number,
                            refused = status.message(),
                            "The demo's department is refused again and again."
                        );
                    }
                    tokio::time::sleep(Duration::from_millis(50) * attempt).await;
                    self.client.get_joint_approval(self.request(look())?).await?.into_inner()
                }
                Err(status) => return Err(status),
            };
        }
        Ok(())
    }

    /// Looks at a case again each morning while the department's experts review it.
    fn await_review(&mut self, approval: &pb::JointApproval) {
        let own = act::open_procedures(approval).find(|procedure| procedure.department == self.department);
        let Some(review) = own else { return };
        let number = &approval.number;
        let eve = act::over_on(number, review).pred_opt().unwrap_or_default();
        let who = format!("{} reviews", self.department);
        self.hall.waits_for(&who, number, || self.hall.days.later_than(eve));
        self.waiting.insert(number.clone());
    }

    async fn perform(&mut self, approval: &pb::JointApproval, act: Act) -> Result<pb::JointApproval, Status> {
        self.hall.ledger.sign_of_life();
        let number = approval.number.clone();
        let request_id = Uuid::now_v7().to_string();
        let materials_revision = approval.materials_revision;
        let now = self.hall.clock.now();
        let answer = match act {
            Act::Opine { kind, conditions, reason, materials } => {
                let returns = kind == pb::opinion::Kind::Return;
                let kind = kind as i32;
                let message = pb::RecordOpinionRequest {
                    request_id,
                    number: number.clone(),
                    kind,
                    conditions,
                    reason,
                    materials_revision,
                    materials,
                };
                let answer = self.client.record_opinion(self.request(message)?).await?;
                if returns {
                    self.returned.insert(number);
                }
                answer
            }
            Act::HandOn { department } => {
                let due_on = (local_date(now) + Days::new(10)).to_string();
                let message = pb::ResolveReturnRequest {
                    request_id,
                    number: number.clone(),
                    department,
                    forward: true,
                    note: String::new(),
                    due_on,
                };
                let answer = self.client.resolve_return(self.request(message)?).await?;
                self.hall.write(&number, News::Returned);
                answer
            }
            Act::PutBack { department } => {
                let note = "现有材料已能说明，请据此出具意见。".to_owned();
                let message = pb::ResolveReturnRequest {
                    request_id,
                    number,
                    department,
                    forward: false,
                    note,
                    due_on: String::new(),
                };
                self.client.resolve_return(self.request(message)?).await?
            }
            Act::Propose { departments } => {
                let time = Some(Timestamp { seconds: now.timestamp() + VISIT_AHEAD, nanos: 0 });
                let place = "申请表所列地址（示例）".to_owned();
                let message = pb::ProposeInspectionRequest { request_id, number, time, place, departments };
                self.client.propose_inspection(self.request(message)?).await?
            }
            Act::Answer { confirm } => {
                let reason =
                    if confirm { String::new() } else { "当日另有任务，书面审查。".to_owned() };
                let message = pb::AnswerInspectionRequest { request_id, number, confirm, reason };
                self.client.answer_inspection(self.request(message)?).await?
            }
            Act::Record { departments } => {
                let attendance = departments.into_iter().map(|department| pb::Attendance {
                    department,
                    staff: vec!["示例·踏勘员甲".to_owned(), "示例·踏勘员乙".to_owned()],
                });
                let findings = "现场与申请材料一致（示例）。".to_owned();
                let message = pb::RecordInspectionRequest {
                    request_id,
                    number,
                    attendance: attendance.collect(),
                    findings,
                };
                self.client.record_inspection(self.request(message)?).await?
            }
            Act::Sign { conclusion, text } => {
                let message =
                    pb::SignInspectionRequest { request_id, number, conclusion: conclusion as i32, text };
                self.client.sign_inspection(self.request(message)?).await?
            }
            Act::Pause { until } => {
                let message = pb::StartProcedureRequest {
                    request_id,
                    number,
                    ground: pb::special_procedure::Ground::ExpertReview as i32,
                    published_ground: String::new(),
                    from_on: local_date(now).to_string(),
                    until_on: until.to_string(),
                    reason: "组织专家评审（示例）。".to_owned(),
                };
                self.client.start_procedure(self.request(message)?).await?
            }
            Act::Resume { procedure } => {
                let message = pb::EndProcedureRequest { request_id, number, procedure };
                self.client.end_procedure(self.request(message)?).await?
            }
            Act::Extend { days, authority } => {
                let message = pb::ExtendLimitRequest {
                    request_id,
                    number,
                    days,
                    authority: authority as i32,
                    approver: "示例·负责人".to_owned(),
                    reason: "情况复杂，需进一步核实（示例）。".to_owned(),
                };
                self.client.extend_limit(self.request(message)?).await?
            }
            Act::Decide { outcome, conditions, reasons } => {
                let message = pb::DecideRequest {
                    request_id,
                    number: number.clone(),
                    outcome: outcome as i32,
                    conditions,
                    reasons,
                    materials_revision,
                };
                let answer = self.client.decide(self.request(message)?).await?;
                self.hall.ring(&number);
                answer
            }
        };
        Ok(answer.into_inner())
    }

    /// A call in the department's name.
    fn request<T>(&self, message: T) -> Result<Request<T>, Status> {
        let bearer = format!("Bearer {}", self.key);
        let bearer = bearer.parse().map_err(|_| Status::internal("the key is no header value"))?;
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }
}
