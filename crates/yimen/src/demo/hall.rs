//! What everyone in the demo shares: the way to the center, the credentials, the letters.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;

use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use yimen_platform::Clock;

use super::bank::Bank;
use super::days::Days;
use super::ledger::{End, Ledger};
use super::{clerk, department, money};
use crate::catalog::plan_departments;
use crate::gateway::{Failure, Gateway, list, text};

/// What an applicant is told, as an SMS would tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The center took the application in.
    Submitted,
    /// The clerk asks for a better material.
    Supplement,
    /// The departments work on it.
    Accepted,
    /// A department asks for more material.
    Returned,
}

/// A letter to an applicant.
pub(super) type Letter = (String, News);

/// The hall.
pub(super) struct Hall {
    /// The way in without a credential.
    pub(super) door: Gateway,
    /// The same as an address.
    pub(super) address: String,
    operator: Mutex<Gateway>,
    operator_password: String,
    pub(super) days: Days,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ledger: Ledger,
    pub(super) bank: Bank,
    /// The password of every member of staff who has one.
    pub(super) passphrase: String,
    letters: mpsc::UnboundedSender<Letter>,
    counters: BTreeMap<String, Counter>,
    /// Plans of items, by their code.
    plans: Mutex<BTreeMap<String, Vec<String>>>,
    /// Departments whose systems are connected.
    systems: Mutex<BTreeSet<String>>,
    /// Who has a role at a center, in a department if one is named: the login, with the demo's password.
    logins: Mutex<BTreeMap<(String, String, String), String>>,
    /// When somebody turns to a case; none: not before the demo ends.
    agenda: Mutex<BTreeMap<(String, String), Option<NaiveDate>>>,
    working: Mutex<JoinSet<()>>,
}

/// Where a center's clerk sits.
#[derive(Default)]
struct Counter {
    /// Name in Chinese and English.
    name: (String, String),
    bell: Notify,
    is_staffed: Mutex<bool>,
}

/// A center of the deployment.
pub(super) struct Center {
    pub(super) code: String,
    pub(super) name_zh: String,
    pub(super) name_en: String,
}

impl Hall {
    /// Opens the hall with the centers of the deployment.
    pub(super) async fn open(
        address: String,
        operator_password: &str,
        days: Days,
        clock: Arc<dyn Clock>,
        bank: Bank,
        passphrase: String,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Letter>), String> {
        let door = Gateway::new(&address)?;
        let operator = door.sign_in("operator", operator_password).await?;
        let centers = pages(&door, "/api/v1/centers", "centers").await?;
        let counters = centers
            .iter()
            .map(|center| {
                let name = (text(center, "name_zh").to_owned(), text(center, "name_en").to_owned());
                (text(center, "code").to_owned(), Counter { name, ..Counter::default() })
            })
            .collect();
        let (letters, mailbox) = mpsc::unbounded_channel();
        let hall = Self {
            door,
            address,
            operator: Mutex::new(operator),
            operator_password: operator_password.to_owned(),
            days,
            clock,
            ledger: Ledger::new(),
            bank,
            passphrase,
            letters,
            counters,
            plans: Mutex::default(),
            systems: Mutex::default(),
            logins: Mutex::default(),
            agenda: Mutex::default(),
            working: Mutex::default(),
        };
        Ok((Arc::new(hall), mailbox))
    }

    /// Has somebody work until the demo ends.
    pub(super) fn have(&self, work: impl Future<Output = ()> + Send + 'static) {
        locked(&self.working).spawn(work);
    }

    /// Sends everybody home.
    pub(super) fn close(&self) {
        locked(&self.working).abort_all();
    }

    /// Tells the applicant.
    pub(super) fn write(&self, number: &str, news: News) {
        let _nobody_reads_any_more = self.letters.send((number.to_owned(), news));
    }

    /// Wakes the clerk of the center that handles `number`, and sits one down if nobody is there.
    pub(super) fn ring(self: &Arc<Self>, number: &str) {
        let Some((center, counter)) = number.get(..6).and_then(|code| self.counters.get_key_value(code))
        else {
            return;
        };
        let mut is_staffed = locked(&counter.is_staffed);
        if !*is_staffed {
            *is_staffed = true;
            self.have(clerk::work(self.clone(), center.clone()));
            self.have(money::work(self.clone(), center.clone()));
        }
        counter.bell.notify_one();
    }

    /// Waits until the clerk of a center is wanted, or for a moment.
    pub(super) async fn rest(&self, center: &str) {
        if let Some(counter) = self.counters.get(center) {
            let moment = std::time::Duration::from_millis(500);
            let _moment_passed = tokio::time::timeout(moment, counter.bell.notified()).await;
        }
    }

    /// The operator, signed in.
    pub(super) fn operator(&self) -> Gateway {
        locked(&self.operator).clone()
    }

    /// The operator signs in: sessions last no longer than a day.
    pub(super) async fn open_up(&self) {
        match self.door.sign_in("operator", &self.operator_password).await {
            Ok(operator) => *locked(&self.operator) = operator,
            Err(error) => tracing::warn!(%error, "The demo's operator cannot sign in."),
        }
    }

    /// Whether somebody has turned to a case, who takes `leisure` working days from the first look on.
    pub(super) fn turns_to(&self, who: &str, number: &str, leisure: usize) -> bool {
        self.waits_for(who, number, || self.days.after(leisure))
    }

    /// Whether a day has come on which somebody does something about a case. The first look sets the day;
    /// when it comes only after the demo's end, the case is left waiting.
    pub(super) fn waits_for(&self, who: &str, number: &str, day: impl FnOnce() -> Option<NaiveDate>) -> bool {
        let mut agenda = locked(&self.agenda);
        let day = *agenda.entry((who.to_owned(), number.to_owned())).or_insert_with(day);
        drop(agenda);
        if day.is_none() {
            self.ledger.settle(number, End::Waiting);
        }
        day.is_some_and(|day| day <= self.days.today())
    }

    /// A member of staff of the center who has a role, in a department if one is named, newly signed in.
    pub(super) async fn staff(
        &self,
        center: &str,
        role: &str,
        department: Option<&str>,
    ) -> Result<Gateway, Failure> {
        let named = (center.to_owned(), role.to_owned(), department.unwrap_or_default().to_owned());
        let known = locked(&self.logins).get(&named).cloned();
        if let Some(login) = known {
            return self.door.sign_in(&login, &self.passphrase).await;
        }
        let staff = pages(&self.operator(), &format!("/api/v1/centers/{center}/staff"), "staff").await?;
        let fits = |member: &&Value| {
            list(member, "roles").iter().any(|held| held == role)
                && department.is_none_or(|department| text(member, "department") == department)
        };
        let login = staff.iter().find(fits).map(|member| text(member, "login").to_owned());
        let login = login.ok_or_else(|| {
            Failure::Unreachable(format!("Center {center} has no {role}; add one to organization.toml."))
        })?;
        self.set_password(&login).await?;
        locked(&self.logins).insert(named, login.clone());
        self.door.sign_in(&login, &self.passphrase).await
    }

    /// Gives a member of staff the demo's password.
    pub(super) async fn set_password(&self, login: &str) -> Result<(), Failure> {
        let message = json!({ "password": self.passphrase });
        self.operator().change(&format!("/api/v1/staff/{login}/password"), &message).await.map(|_| ())
    }

    /// Connects the systems of every department that the item's plan names at the center.
    pub(super) async fn call_departments(self: &Arc<Self>, center: &str, item: &str) -> Result<(), Failure> {
        let known = locked(&self.plans).get(item).cloned();
        let plan = match known {
            Some(plan) => plan,
            None => {
                let guide = self.door.get(&format!("/api/v1/items/{item}"), "").await?;
                let plan: Vec<String> = plan_departments(&guide).into_iter().map(str::to_owned).collect();
                locked(&self.plans).insert(item.to_owned(), plan.clone());
                plan
            }
        };
        for short in plan {
            self.connect(&format!("{center}-{short}")).await?;
        }
        Ok(())
    }

    async fn connect(self: &Arc<Self>, department: &str) -> Result<(), Failure> {
        if !locked(&self.systems).insert(department.to_owned()) {
            return Ok(());
        }
        match self.key(department, "示例业务系统").await {
            Ok(key) => {
                self.have(department::work(self.clone(), department.to_owned(), key));
                Ok(())
            }
            Err(failure) => {
                locked(&self.systems).remove(department);
                Err(failure)
            }
        }
    }

    /// A new key for a department's system.
    pub(super) async fn key(&self, department: &str, label: &str) -> Result<String, Failure> {
        let message = json!({ "department": department, "label": label });
        let answer = self.operator().change("/api/v1/api-keys", &message).await?;
        Ok(text(&answer, "key").to_owned())
    }

    /// The centers of the deployment.
    pub(super) fn centers(&self) -> impl Iterator<Item = Center> {
        self.counters.iter().map(|(code, counter)| Center {
            code: code.clone(),
            name_zh: counter.name.0.clone(),
            name_en: counter.name.1.clone(),
        })
    }
}

/// Every entry of a list, page by page.
pub(super) async fn pages(gateway: &Gateway, path: &str, name: &str) -> Result<Vec<Value>, Failure> {
    let (path, filter) = path.split_once('?').unwrap_or((path, ""));
    let (mut entries, mut token) = (Vec::new(), String::new());
    loop {
        let query =
            format!("{filter}{}page_size=200&page_token={token}", if filter.is_empty() { "" } else { "&" });
        let answer = gateway.get(path, &query).await?;
        entries.extend_from_slice(list(&answer, name));
        token = text(&answer, "next_page_token").to_owned();
        if token.is_empty() {
            return Ok(entries);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
