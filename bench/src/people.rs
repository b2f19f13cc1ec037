//! Who works in the hall: clerks and cashiers at their desks, and five departments with systems of their own.
//!
//! Each act of a person is one call through the gateway's gRPC. Nobody polls: departments follow their tasks
//! with `WatchTasks`, cashiers and applicants hear of fees and of the end from the broker.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use yimen_proto::approval::v1::approval_client::ApprovalClient;
use yimen_proto::approval::v1::{
    DecideRequest, JointApproval, RecordOpinionRequest, Task, WatchTasksRequest, opinion, task,
};
use yimen_proto::fees::v1::fees_client::FeesClient;
use yimen_proto::fees::v1::{FeeAssessed, TakePaymentRequest, payment};
use yimen_proto::file::v1::InlineFile;
use yimen_proto::intake::v1::intake_client::IntakeClient;
use yimen_proto::intake::v1::{
    AcceptApplicationRequest, Applicant, DeliverResultRequest, MaterialInput, SubmitApplicationRequest,
    applicant, decision::Outcome, deliver_result_request, material_input::Source,
};
use yimen_tests::{Center, call};

use crate::catalog;
use crate::tap::Heard;

/// How long a case may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// A credit code with a right check digit, of nobody.
const CREDIT_CODE: &str = "91430121XXXX00019X";

/// The clerk, the cashier and the departments of one center.
pub struct Desk {
    center: String,
    clerk: (String, IntakeClient<Channel>),
    cashier: (String, FeesClient<Channel>),
    departments: Vec<Department>,
}

struct Department {
    key: String,
    client: ApprovalClient<Channel>,
}

/// With what everybody of one center signs in.
pub struct Badges {
    center: String,
    clerk: String,
    cashier: String,
    departments: Vec<String>,
}

impl Badges {
    /// Signs everybody in, which needs more memory than all that they do then.
    pub async fn of(center: &Center, code: String, departments: u32) -> Self {
        let clerk = center.staff(&catalog::login(&code, "clerk")).await;
        let cashier = center.staff(&catalog::login(&code, "cashier")).await;
        let mut keys = Vec::new();
        for nth in 0..departments {
            keys.push(center.api_key(&catalog::department(&code, nth)).await.0);
        }
        Self { center: code, clerk, cashier, departments: keys }
    }
}

impl Desk {
    /// Opens; everybody calls the gateway that is given.
    ///
    /// # Errors
    /// When the gateway does not listen.
    pub async fn open(badges: Badges, gateway: SocketAddr) -> Result<Self, String> {
        let channel = connect(gateway).await?;
        let mut systems = Vec::new();
        for key in badges.departments {
            systems.push(Department { key, client: ApprovalClient::new(connect(gateway).await?) });
        }
        Ok(Self {
            center: badges.center,
            clerk: (badges.clerk, IntakeClient::new(channel.clone())),
            cashier: (badges.cashier, FeesClient::new(channel)),
            departments: systems,
        })
    }
}

async fn connect(gateway: SocketAddr) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(format!("http://{gateway}"));
    endpoint.map_err(|error| error.to_string())?.connect().await.map_err(|error| error.to_string())
}

/// Everybody, and what they have begun.
pub struct People {
    desks: Vec<Desk>,
    serial: AtomicU64,
    /// Whom the end of a case is told to.
    waiting: Mutex<HashMap<String, oneshot::Sender<()>>>,
    faults: Mutex<Vec<String>>,
}

impl People {
    /// Has everybody work until `stop`.
    pub fn start(
        desks: Vec<Desk>,
        mut heard: mpsc::UnboundedReceiver<Heard>,
        stop: &CancellationToken,
    ) -> Arc<Self> {
        let people = Arc::new(Self {
            desks,
            serial: AtomicU64::new(0),
            waiting: Mutex::default(),
            faults: Mutex::default(),
        });
        for desk in 0..people.desks.len() {
            for department in 0..people.desks.get(desk).map_or(0, |desk| desk.departments.len()) {
                let follows = people.clone().follow(desk, department);
                let stop = stop.clone();
                tokio::spawn(async move { stop.run_until_cancelled_owned(follows).await });
            }
        }
        let cashiers = people.clone();
        tokio::spawn(async move {
            while let Some(heard) = heard.recv().await {
                match heard {
                    Heard::Assessed(assessed) => drop(tokio::spawn(cashiers.clone().pay(assessed))),
                    Heard::Completed(completed) => {
                        if let Some(waiting) = cashiers.waiting().remove(&completed.number) {
                            let _gone = waiting.send(());
                        }
                    }
                }
            }
        });
        people
    }

    /// What went wrong, if anything did.
    pub fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One case from the call that hands it in to the news that it is completed; says how long it took.
    ///
    /// # Errors
    /// What went wrong with it.
    pub async fn case(&self, item: &str) -> Result<Duration, String> {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let desk = usize::try_from(serial).unwrap_or_default() % self.desks.len().max(1);
        let desk = self.desks.get(desk).ok_or("nobody is there")?;
        let (token, mut client) = desk.clerk.clone();
        let started = Instant::now();
        let submitted = client
            .submit_application(call(&token, application(item, &desk.center, serial)))
            .await
            .map_err(|status| format!("handing in: {status}"))?
            .into_inner();
        let (teller, told) = oneshot::channel();
        self.waiting().insert(submitted.number.clone(), teller);
        let accept = AcceptApplicationRequest { request_id: String::new(), number: submitted.number.clone() };
        client
            .accept_application(call(&token, accept))
            .await
            .map_err(|status| format!("accepting: {status}"))?;
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(())) => Ok(started.elapsed()),
            _ => Err(self.stuck(&submitted.number)),
        }
    }

    /// The result of a completed case is fetched at the window.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn deliver(&self, number: &str) -> Result<(), String> {
        let desk =
            self.desks.iter().find(|desk| number.starts_with(&desk.center)).ok_or("nobody is there")?;
        let (token, mut client) = desk.clerk.clone();
        let delivery = DeliverResultRequest {
            number: number.to_owned(),
            method: deliver_result_request::Method::Counter.into(),
            recipient: "示例".to_owned(),
            ..DeliverResultRequest::default()
        };
        let delivered = client.deliver_result(call(&token, delivery)).await;
        delivered.map(drop).map_err(|status| format!("delivering: {status}"))
    }

    /// A department's system: every task that is its turn gets an opinion.
    async fn follow(self: Arc<Self>, desk: usize, department: usize) {
        let Some(own) = self.desks.get(desk).and_then(|desk| desk.departments.get(department)) else {
            return;
        };
        let watched = own.client.clone().watch_tasks(call(&own.key, WatchTasksRequest::default())).await;
        let mut changes = match watched {
            Ok(changes) => changes.into_inner(),
            Err(status) => return self.fault(format!("watching: {status}")),
        };
        let mut opined: HashSet<String> = HashSet::new();
        while let Some(change) = changes.next().await {
            match change {
                Ok(change) => {
                    let Some(task) = change.task.filter(|task| task.state() == task::State::Open) else {
                        continue;
                    };
                    // A change of another department's task shows this one again.
                    if opined.insert(task.number.clone()) {
                        tokio::spawn(self.clone().opine(desk, department, task));
                    }
                }
                Err(status) => return self.fault(format!("watching: {status}")),
            }
        }
    }

    async fn opine(self: Arc<Self>, desk: usize, department: usize, task: Task) {
        let Some(all) = self.desks.get(desk).map(|desk| &desk.departments) else { return };
        let Some(own) = all.get(department) else { return };
        let opinion = RecordOpinionRequest {
            number: task.number,
            kind: opinion::Kind::Approve.into(),
            materials_revision: task.materials_revision,
            ..RecordOpinionRequest::default()
        };
        let approval = match own.client.clone().record_opinion(call(&own.key, opinion)).await {
            Ok(approval) => approval.into_inner(),
            Err(status) => return self.fault(format!("opining: {status}")),
        };
        // Opinions queue on the approval's row, so that the last one alone sees all.
        let is_last = approval.tasks.iter().all(|task| task.state() == task::State::Opined);
        if is_last && let Some(lead) = all.first() {
            self.decide(lead, approval).await;
        }
    }

    async fn decide(&self, lead: &Department, approval: JointApproval) {
        let decision = DecideRequest {
            number: approval.number,
            outcome: Outcome::Granted.into(),
            materials_revision: approval.materials_revision,
            ..DecideRequest::default()
        };
        if let Err(status) = lead.client.clone().decide(call(&lead.key, decision)).await {
            self.fault(format!("deciding: {status}"));
        }
    }

    async fn pay(self: Arc<Self>, assessed: FeeAssessed) {
        let found = self.desks.iter().find(|desk| assessed.number.starts_with(&desk.center));
        let Some((token, client)) = found.map(|desk| &desk.cashier) else { return };
        let payment = TakePaymentRequest {
            notice: assessed.notice,
            channel: payment::Channel::Cash.into(),
            amount_fen: assessed.amount_fen,
            ..TakePaymentRequest::default()
        };
        if let Err(status) = client.clone().take_payment(call(token, payment)).await {
            self.fault(format!("paying: {status}"));
        }
    }

    /// What is known of a case that was not completed: if somebody's call failed, that is why.
    fn stuck(&self, number: &str) -> String {
        let faults = self.faults();
        let first =
            faults.first().map(|first| format!("; {} calls failed, the first: {first}", faults.len()));
        format!("{number} was not completed{}", first.unwrap_or_default())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, fault: String) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

fn application(item: &str, center: &str, serial: u64) -> SubmitApplicationRequest {
    let file = InlineFile {
        file_name: "申请表.txt".to_owned(),
        content: format!("示例申请表，第{serial}份。\n").into_bytes(),
    };
    SubmitApplicationRequest {
        request_id: format!("bench-{serial}"),
        center: center.to_owned(),
        item: item.to_owned(),
        applicant: Some(Applicant {
            kind: applicant::Kind::Organization.into(),
            name: "长沙示例餐饮管理有限公司".to_owned(),
            id_number: CREDIT_CODE.to_owned(),
            contact_name: "示例".to_owned(),
            mobile: format!("130{:08}", serial % 100_000_000),
            address: "示例路1号".to_owned(),
        }),
        subject: "示例".to_owned(),
        form: BTreeMap::from([("purpose".to_owned(), "示例".to_owned())]),
        materials: vec![MaterialInput {
            code: "application-form".to_owned(),
            source: Some(Source::File(file)),
        }],
    }
}
