//! The clerk of a center: takes applications to hand, sends results out. One at each center.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tokio::sync::watch;
use yimen_kernel::date::local_date;

use super::fate::{self, Way};
use super::hall::{Hall, News, pages};
use super::ledger::End;
use crate::gateway::{Failure, Gateway, list, text};

/// Working days after which silence has long accepted an application.
const FORGOTTEN: usize = 8;

/// Working at the counter until the demo ends.
pub(super) async fn work(hall: Arc<Hall>, center: String) {
    let mut mornings = hall.days.mornings();
    loop {
        mornings.borrow_and_update();
        if let Err(error) = day(&hall, &center, &mornings).await {
            tracing::warn!(center, %error, "The demo's clerk was refused; signing in again.");
            hall.rest(&center).await;
        }
    }
}

/// A day at the counter.
async fn day(hall: &Arc<Hall>, center: &str, mornings: &watch::Receiver<NaiveDate>) -> Result<(), Failure> {
    let mut at_work = hall.days.at_work().await;
    let clerk = hall.staff(center, "ROLE_CLERK", None).await?;
    let counter = Counter { hall: hall.clone(), center: center.to_owned(), clerk };
    // While it is still the day of the session.
    while !mornings.has_changed().unwrap_or(true) {
        counter.round().await?;
        drop(at_work);
        hall.rest(center).await;
        at_work = hall.days.at_work().await;
    }
    Ok(())
}

struct Counter {
    hall: Arc<Hall>,
    center: String,
    clerk: Gateway,
}

impl Counter {
    /// Everything that waits for the window, oldest first.
    async fn round(&self) -> Result<(), Failure> {
        for state in ["SUBMITTED", "SUPPLEMENTED", "COMPLETED"] {
            let mut waiting =
                pages(&self.clerk, &format!("/api/v1/window/applications?state={state}"), "applications")
                    .await?;
            waiting.reverse();
            for application in &waiting {
                let number = text(application, "number");
                match self.act(application, number, state).await {
                    Ok(()) => {}
                    // The applicant was faster and took it back.
                    Err(failure) if failure.is("STATE_FORBIDS") || failure.is("STALE_VERSION") => {}
                    Err(error) => tracing::warn!(case = number, %error, "The demo's clerk was refused."),
                }
            }
        }
        Ok(())
    }

    async fn act(&self, application: &Value, number: &str, state: &str) -> Result<(), Failure> {
        if state != "COMPLETED"
            && !self.hall.turns_to(fate::CLERK, number, fate::leisure(number, fate::CLERK))
        {
            return Ok(());
        }
        match (state, fate::way(number)) {
            ("COMPLETED", _) => self.deliver(number).await,
            ("SUBMITTED", Way::NotCompetent) => {
                self.refuse(number, "NOT_COMPETENT", "该事项由市级部门办理。", "长沙市政务服务中心").await
            }
            ("SUBMITTED", Way::NotRequired) => {
                self.refuse(number, "NOT_REQUIRED", "该活动无需取得行政许可。", "").await
            }
            ("SUBMITTED", Way::Supplement | Way::Silence) => self.ask(number).await,
            // It is left for its applicant, who is about to take it back.
            ("SUBMITTED", Way::WithdrawnAtOnce) => Ok(()),
            ("SUBMITTED", Way::Forgotten) => self.forget(number, text(application, "item")).await,
            _ => self.accept(number, text(application, "item")).await,
        }
    }

    /// Leaves it, so that silence accepts it in time; on the only day of a demo it is taken to hand.
    async fn forget(&self, number: &str, item: &str) -> Result<(), Failure> {
        let days = &self.hall.days;
        if self.hall.waits_for("who forgot", number, || days.after(FORGOTTEN)) {
            return self.accept(number, item).await;
        }
        self.hall.call_departments(&self.center, item).await
    }

    async fn accept(&self, number: &str, item: &str) -> Result<(), Failure> {
        self.post(number, "accept", json!({})).await?;
        self.hall.write(number, News::Accepted);
        self.hall.call_departments(&self.center, item).await
    }

    async fn refuse(
        &self,
        number: &str,
        ground: &str,
        reason: &str,
        referred_to: &str,
    ) -> Result<(), Failure> {
        self.post(
            number,
            "refuse",
            json!({ "ground": ground, "reason": reason, "referred_to": referred_to }),
        )
        .await?;
        self.hall.ledger.settle(number, End::Refused);
        Ok(())
    }

    /// Asks for one of the materials that came to be replaced; without any there is nothing to ask.
    async fn ask(&self, number: &str) -> Result<(), Failure> {
        let application = self.clerk.get(&format!("/api/v1/window/applications/{number}"), "").await?;
        let came = |material: &&Value| material.get("promised").and_then(Value::as_bool) != Some(true);
        let Some(material) = list(&application, "materials").iter().find(came) else {
            let item = application.get("summary").map(|summary| text(summary, "item")).unwrap_or_default();
            return self.accept(number, item).await;
        };
        let due_on = local_date(self.hall.clock.now()) + Days::new(5);
        let problem =
            json!({ "material": text(material, "code"), "problem": "签字处空白，请签字后重新提交。" });
        self.post(
            number,
            "supplement-notice",
            json!({ "problems": [problem], "due_on": due_on.to_string() }),
        )
        .await?;
        self.hall.write(number, News::Supplement);
        Ok(())
    }

    async fn deliver(&self, number: &str) -> Result<(), Failure> {
        let message = match fate::delivery(number) {
            0 => json!({ "method": "COUNTER", "recipient": "申请人本人" }),
            1 => {
                json!({ "method": "POST", "recipient": "申请人本人", "tracking_number": format!("EMS{number}") })
            }
            _ => json!({ "method": "ELECTRONIC", "recipient": "申请人本人" }),
        };
        self.post(number, "deliver", message).await?;
        self.hall.ledger.settle(number, End::Delivered);
        Ok(())
    }

    async fn post(&self, number: &str, action: &str, message: Value) -> Result<(), Failure> {
        self.clerk.change(&format!("/api/v1/applications/{number}/{action}"), &message).await?;
        self.hall.ledger.sign_of_life();
        Ok(())
    }
}
