//! Money in the demo: a cashier and a finance officer at each center, the payers, and the bank that
//! reports what they paid. The bank is a simulator: all it shares with the center is a key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio::sync::watch;
use yimen_kernel::date::parse_date;

use super::fate::{self, Paying};
use super::hall::{Hall, pages};
use crate::gateway::{Failure, Gateway, list, text};

/// How often a cashier looks at the worklist.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Working at the counter until the demo ends.
pub(super) async fn work(hall: Arc<Hall>, center: String) {
    let mut mornings = hall.days.mornings();
    let mut seen = BTreeSet::new();
    loop {
        mornings.borrow_and_update();
        if let Err(error) = day(&hall, &center, &mornings, &mut seen).await {
            tracing::warn!(center, %error, "The demo's cashier was refused; signing in again.");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// A day at the counter; `seen` are the notices that were dealt with.
async fn day(
    hall: &Arc<Hall>,
    center: &str,
    mornings: &watch::Receiver<NaiveDate>,
    seen: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    let mut at_work = hall.days.at_work().await;
    let mut till = Till {
        hall: hall.clone(),
        cashier: hall.staff(center, "ROLE_CASHIER", None).await?,
        finance: hall.staff(center, "ROLE_FINANCE", None).await?,
        seen,
    };
    // While it is still the day of the sessions.
    while !mornings.has_changed().unwrap_or(true) {
        till.round().await?;
        drop(at_work);
        tokio::time::sleep(BETWEEN_LOOKS).await;
        at_work = hall.days.at_work().await;
    }
    Ok(())
}

struct Till<'t> {
    hall: Arc<Hall>,
    cashier: Gateway,
    finance: Gateway,
    /// Notices that were dealt with.
    seen: &'t mut BTreeSet<String>,
}

impl Till<'_> {
    /// Everything that is to be measured, paid or looked at.
    async fn round(&mut self) -> Result<(), Failure> {
        for state in ["MEASURING", "ISSUED", "OVERDUE"] {
            for notice in
                pages(&self.cashier, &format!("/api/v1/fee-notices?state={state}"), "notices").await?
            {
                let heard = format!("{} {state}", text(&notice, "notice"));
                if self.seen.contains(&heard) || (state != "MEASURING" && !self.has_payer(&notice)) {
                    continue;
                }
                let done =
                    if state == "MEASURING" { self.measure(&notice).await } else { self.pay(&notice).await };
                match done {
                    Ok(()) => {}
                    // Withdrawn meanwhile, so nothing is to be paid any more.
                    Err(failure) if failure.is("STATE_FORBIDS") => {}
                    Err(failure) => return Err(failure),
                }
                self.seen.insert(heard);
                self.hall.ledger.sign_of_life();
            }
        }
        for payment in pages(&self.finance, "/api/v1/payments?held=true", "payments").await? {
            self.resolve(&payment).await?;
        }
        Ok(())
    }

    /// The department's system says how much there is to charge.
    async fn measure(&self, notice: &Value) -> Result<(), Failure> {
        for line in list(notice, "lines").iter().filter(|line| text(line, "quantity").is_empty()) {
            let key = self.hall.key(text(line, "department"), "示例计费系统").await?;
            let message = json!({ "fee": text(line, "fee"), "quantity": "860.5" });
            self.hall.door.as_holder_of(key).change(&address(notice, "measure"), &message).await?;
        }
        Ok(())
    }

    /// Whether the payer pays now: some let the last day pass.
    fn has_payer(&self, notice: &Value) -> bool {
        let number = text(notice, "number");
        let day_after = || {
            let limit_on = parse_date(text(notice, "limit_on")).ok()?;
            self.hall.days.later_than(limit_on).or(Some(self.hall.days.today()))
        };
        fate::paying(number) != Paying::Late || self.hall.waits_for("payer", number, day_after)
    }

    async fn pay(&self, notice: &Value) -> Result<(), Failure> {
        let number = text(notice, "number");
        let due = notice.get("amount_fen").and_then(Value::as_i64).unwrap_or_default();
        let paying = fate::paying(number);
        match paying {
            Paying::Cash => {
                let message = json!({ "channel": "CASH", "amount_fen": due });
                self.cashier.change(&address(notice, "pay"), &message).await?;
            }
            Paying::Card | Paying::Refunded => {
                let message =
                    json!({ "channel": "CARD", "amount_fen": due, "reference": format!("POS{number}") });
                self.cashier.change(&address(notice, "pay"), &message).await?;
            }
            Paying::Bank | Paying::Late => self.report(&self.transfer(notice, "1", due)).await?,
            Paying::BankTwice => {
                let report = self.transfer(notice, "1", due);
                let (first, second) = tokio::join!(self.report(&report), self.report(&report));
                first.and(second)?;
            }
            Paying::Parts => {
                self.report(&self.transfer(notice, "1", due / 2)).await?;
                self.report(&self.transfer(notice, "2", due - due / 2)).await?;
            }
            Paying::TooMuch => self.report(&self.transfer(notice, "1", due + 100)).await?,
        }
        if paying == Paying::Refunded {
            self.refund(notice).await?;
        }
        self.hall.ring(number);
        Ok(())
    }

    /// The payer transfers money: what the bank reports of it.
    fn transfer(&self, notice: &Value, part: &str, fen: i64) -> Value {
        json!({
            "reference": format!("{}-{part}", text(notice, "number")),
            "payment_code": text(notice, "payment_code"),
            "amount_fen": fen,
            "paid_at": self.hall.clock.now().to_rfc3339(),
        })
    }

    /// The bank reports it.
    async fn report(&self, report: &Value) -> Result<(), Failure> {
        self.hall.bank.report(&self.hall.door, self.hall.clock.now(), report).await.map(|_| ())
    }

    /// A payment that fits nothing: finance settles with it what it settles, and sends back the rest.
    async fn resolve(&self, payment: &Value) -> Result<(), Failure> {
        let place = format!("/api/v1/payments/{}/resolve", text(payment, "payment"));
        let apply = json!({ "action": "APPLY", "reason": "经核对，款项属于该通知书。" });
        match self.finance.change(&place, &apply).await {
            // The other part has not come yet, or came and settled both.
            Err(failure) if failure.is("PAYMENT_INSUFFICIENT") || failure.is("STATE_FORBIDS") => Ok(()),
            answered => answered.map(|_| ()),
        }
    }

    /// The counter applies, the departments verify, finance approves and pays back.
    async fn refund(&self, notice: &Value) -> Result<(), Failure> {
        let message = json!({ "ground": "WRONG_PAYMENT", "reason": "缴款人重复缴纳（示例）。" });
        let refund = self.cashier.change(&address(notice, "refunds"), &message).await?;
        let place = |action: &str| format!("/api/v1/refunds/{}/{action}", text(&refund, "refund"));
        let departments: BTreeSet<&str> =
            list(notice, "lines").iter().map(|line| text(line, "department")).collect();
        for department in departments {
            let center = text(notice, "center");
            let approver = self.hall.staff(center, "ROLE_APPROVER", Some(department)).await?;
            approver.change(&place("verify"), &json!({})).await?;
        }
        self.finance.change(&place("decide"), &json!({ "approve": true })).await?;
        let reference = format!("TF{}", text(notice, "number"));
        self.finance.change(&place("pay"), &json!({ "reference": reference })).await.map(|_| ())
    }
}

fn address(notice: &Value, action: &str) -> String {
    format!("/api/v1/fee-notices/{}/{action}", text(notice, "notice"))
}
