//! Everything breaks while people work: processes are killed in turn, the database and the broker are
//! restarted if `YIMEN_FAULTS` says how, and every event is delivered again, in another order. In the end
//! every application that was acknowledged has come to its end, and the checker finds nothing.
//!
//! `just faults` runs it for longer. `YIMEN_FAULT_SECONDS` says how long applications come in, thirty a second.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use yimen::gateway::{Failure, Gateway, text};
use yimen_platform::Clock as _;
use yimen_platform::clock::SystemClock;
use yimen_platform::signature::{KEY_ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use yimen_tests::{BANK, Center, bank_secret, sample};

/// Between two applications that come in.
const ARRIVAL: Duration = Duration::from_millis(1000 / 30);
/// How long one application may take to its end, with everything that breaks on the way.
const PATIENCE: Duration = Duration::from_secs(300);

/// The wait before the second look; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Those who work on an application.
struct Hall {
    door: Gateway,
    clerk: Gateway,
    lead: Gateway,
}

impl Hall {
    /// One application from the door to its end, paid through a bank that says everything twice.
    async fn story(&self) -> Result<String, Failure> {
        let handed_in =
            self.door.change("/api/v1/applications", &sample("real-estate-transfer", "430102")).await?;
        let (number, code) = (text(&handed_in, "number"), text(&handed_in, "lookup_code"));
        let application = format!("/api/v1/applications/{number}");
        self.clerk.change(&format!("{application}/accept"), &json!({})).await?;
        let query = format!("code={code}");
        let tracked =
            self.until(&self.door, &application, &query, |tracked| tracked["fee"].is_object()).await?;
        let report = json!({
            "reference": number,
            "payment_code": tracked["fee"]["payment_code"],
            "amount_fen": tracked["fee"]["amount_fen"],
            "paid_at": SystemClock.now().to_rfc3339(),
        });
        let (first, second) = tokio::join!(self.report(&report), self.report(&report));
        assert_eq!(first?, second?, "the bank gets one answer");
        let approval = format!("/api/v1/joint-approvals/{number}");
        let opened = self.until(&self.lead, &approval, "", |_| true).await?;
        let revision = &opened["materials_revision"];
        let opinion = json!({"kind": "APPROVE", "materials_revision": revision});
        self.lead.change(&format!("{approval}/opinions"), &opinion).await?;
        let decision = json!({"outcome": "GRANTED", "materials_revision": revision});
        self.lead.change(&format!("{approval}/decision"), &decision).await?;
        self.until(&self.door, &application, &query, |tracked| tracked["state"] == "COMPLETED").await?;
        Ok(number.to_owned())
    }

    async fn report(&self, report: &Value) -> Result<Value, Failure> {
        let body = report.to_string();
        let (timestamp, signature) = bank_secret().sign(SystemClock.now(), body.as_bytes()).unwrap();
        let headers = [
            (KEY_ID_HEADER, BANK),
            (TIMESTAMP_HEADER, timestamp.as_str()),
            (SIGNATURE_HEADER, signature.as_str()),
        ];
        self.door.post_signed("/api/v1/callbacks/bank", &headers, body).await
    }

    /// Asks until `done` says so; what does not exist yet, or is away, may come.
    async fn until(
        &self,
        gateway: &Gateway,
        path: &str,
        query: &str,
        done: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut wait = FIRST_WAIT;
        loop {
            match gateway.get(path, query).await {
                Ok(answer) if done(&answer) => return Ok(answer),
                Err(failure) if Instant::now() > deadline => return Err(failure),
                Ok(answer) => assert!(Instant::now() < deadline, "{path} never came to it: {answer}"),
                Err(_) => {}
            }
            // Hundreds ask at the same time: who waits long asks less often.
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_nothing_is_lost_charged_or_told_twice() {
    let mut center = Center::start().await;
    if center.servers().is_none() {
        return center.stop().await;
    }
    let seconds = std::env::var("YIMEN_FAULT_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let commands = std::env::var("YIMEN_FAULTS").unwrap_or_default();
    let door = Gateway::new(&format!("http://{}", center.address())).unwrap();
    let clerk = door.as_holder_of(center.staff("430102-clerk1").await);
    let lead = door.as_holder_of(center.staff("430102-zrzy-approver").await);
    let hall = Arc::new(Hall { door, clerk, lead });
    let echo = center.servers().unwrap().echo();

    let until = Instant::now() + Duration::from_secs(seconds);
    let arrivals = tokio::spawn({
        let hall = hall.clone();
        async move {
            let mut ticks = interval(ARRIVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut stories = JoinSet::new();
            while Instant::now() < until {
                ticks.tick().await;
                let hall = hall.clone();
                stories.spawn(async move { hall.story().await });
            }
            stories
        }
    });
    let names = ["identity", "intake", "approval", "fees", "notification", "supervision", "gateway"];
    let mut commands = commands.split(';').filter(|command| !command.trim().is_empty()).cycle();
    for (round, name) in names.iter().cycle().enumerate() {
        if Instant::now() >= until {
            break;
        }
        // Anywhere in their work, between storing and sending too.
        sleep(Duration::from_millis(rand::random_range(0..600))).await;
        center.servers().unwrap().kill(name).await;
        sleep(Duration::from_millis(rand::random_range(0..300))).await;
        center.servers().unwrap().restart(name).await;
        if round % names.len() == names.len() - 1
            && let Some(command) = commands.next()
        {
            let done = tokio::process::Command::new("sh").args(["-c", command]).status().await.unwrap();
            assert!(done.success(), "{command}: {done}");
        }
    }

    let stories = arrivals.await.unwrap().join_all().await;
    let ended: Vec<String> =
        stories.into_iter().map(|story| story.unwrap_or_else(|failure| panic!("{failure}"))).collect();
    eprintln!("{} applications, {} deliveries again", ended.len(), echo.stop().await);
    center.stop().await;
}
