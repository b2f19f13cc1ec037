//! The applicants: they read what the center writes them, bring what is asked for, and sometimes
//! take an application back. All they have is the number and the lookup code.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::fate::{self, Way};
use super::hall::{Hall, Letter, News};
use super::ledger::End;
use crate::gateway::{Failure, list, text};

/// How often an applicant looks for what a letter tells of before giving up: it may arrive a little later.
const LOOKS: u32 = 40;
/// The time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Reading letters until the demo ends.
pub(super) async fn work(hall: Arc<Hall>, mut mailbox: mpsc::UnboundedReceiver<Letter>) {
    while let Some((number, news)) = mailbox.recv().await {
        let reader = hall.clone();
        hall.have(async move {
            let news = match (news, fate::way(&number)) {
                (News::Submitted, Way::Forgotten) => {
                    wait_for_acceptance(&reader, &number).await;
                    News::Accepted
                }
                (news, _) => news,
            };
            let _at_work = reader.days.at_work().await;
            if let Err(error) = read(&reader, &number, news).await {
                tracing::warn!(case = number, %error, "The demo's applicant was refused.");
            }
            reader.ledger.sign_of_life();
        });
    }
}

/// Looks every morning until the window, or its silence, has accepted.
async fn wait_for_acceptance(hall: &Hall, number: &str) {
    let Some(code) = hall.ledger.code(number).await else { return };
    let mut mornings = hall.days.mornings();
    while mornings.changed().await.is_ok() {
        let _at_work = hall.days.at_work().await;
        let tracked = hall.door.get(&format!("/api/v1/applications/{number}"), &format!("code={code}")).await;
        if tracked.is_ok_and(|tracked| text(&tracked, "state") == "ACCEPTED") {
            return;
        }
    }
}

async fn read(hall: &Arc<Hall>, number: &str, news: News) -> Result<(), Failure> {
    // A case of another day has an owner who is not here.
    let Some(code) = hall.ledger.code(number).await else { return Ok(()) };
    let applicant = Applicant { hall, number, code: &code };
    match (news, fate::way(number)) {
        (News::Submitted, Way::WithdrawnAtOnce) | (News::Accepted, Way::WithdrawnLate) => {
            applicant.withdraw().await
        }
        (News::Submitted, _) => Ok(()),
        (News::Supplement, Way::Silence) => {
            hall.ledger.settle(number, End::Waiting);
            Ok(())
        }
        (News::Returned, _) if fate::leaves_return(number) => {
            hall.ledger.settle(number, End::Waiting);
            Ok(())
        }
        (News::Supplement | News::Returned, _) => applicant.bring(Owed::Asked).await,
        (News::Accepted, _) => applicant.bring(Owed::Promised).await,
    }
}

/// Why a material is owed: what was asked for has a day, what was promised has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Asked,
    Promised,
}

struct Applicant<'h> {
    hall: &'h Arc<Hall>,
    number: &'h str,
    code: &'h str,
}

impl Applicant<'_> {
    /// Looks what is owed and brings it.
    async fn bring(&self, wanted: Owed) -> Result<(), Failure> {
        for _ in 0..LOOKS {
            let query = format!("code={}", self.code);
            let tracked =
                self.hall.door.get(&format!("/api/v1/applications/{}", self.number), &query).await?;
            let codes: Vec<&str> = list(&tracked, "owed")
                .iter()
                .filter(|owed| text(owed, "due_on").is_empty() == (wanted == Owed::Promised))
                .map(|owed| text(owed, "code"))
                .collect();
            if !codes.is_empty() {
                return self.provide(&codes).await;
            }
            let is_over = !matches!(text(&tracked, "state"), "ACCEPTED" | "SUPPLEMENT_REQUESTED");
            if wanted == Owed::Promised || is_over {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    async fn provide(&self, codes: &[&str]) -> Result<(), Failure> {
        let content = STANDARD.encode("补充材料（示例）\n本材料按要求补充提交，内容为示例。\n");
        let materials: Vec<Value> = codes
            .iter()
            .map(|code| json!({ "code": code, "file": { "file_name": "补充材料.txt", "content": content } }))
            .collect();
        self.post("materials", json!({ "code": self.code, "materials": materials })).await?;
        self.hall.ring(self.number);
        Ok(())
    }

    async fn withdraw(&self) -> Result<(), Failure> {
        match self.post("withdraw", json!({ "code": self.code, "reason": "计划有变，不再办理。" })).await
        {
            Ok(()) => {
                self.hall.ledger.settle(self.number, End::Withdrawn);
                Ok(())
            }
            // The decision was faster: the case goes on to its result.
            Err(failure) if failure.is("STATE_FORBIDS") => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Says it again when somebody else changed the case at the same moment.
    async fn post(&self, action: &str, message: Value) -> Result<(), Failure> {
        let path = format!("/api/v1/applications/{}/{action}", self.number);
        for _ in 0..LOOKS {
            match self.hall.door.change(&path, &message).await {
                Err(failure) if failure.is("STALE_VERSION") => {}
                answered => return answered.map(|_| ()),
            }
        }
        self.hall.door.change(&path, &message).await.map(|_| ())
    }
}
