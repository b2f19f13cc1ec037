//! All SQL of the service, and rows as domain values.
//!
//! A joint approval is read and written as a whole: [`lock`] takes its row, so that departments
//! that opine at the same moment follow each other instead of refusing each other, and
//! [`save()`] writes what changed, guarded by the version. [`arrival`] holds what came before the
//! acceptance, [`views`] what lists and watchers read, [`feed`] the order of changes, which
//! [`handed`] brings to the reader in this process.

pub mod arrival;
pub mod feed;
pub mod handed;
mod inspection;
mod load;
mod save;
mod time;
pub mod views;

use chrono::{DateTime, Utc};
use yimen_kernel::{DepartmentId, Error, MaterialCode, Parsed, Result};

use crate::domain::{Given, Opinion, Person, Return, Task, TaskState, Verdict};

pub use load::{lock, snapshot};
pub use save::{insert, resolution, save};

/// A row that this program did not write, or wrote wrongly.
fn odd(what: &str) -> Error {
    Error::internal(format!("a stored {what} cannot be read"))
}

/// A value that was parsed before it was stored.
fn stored<T>(what: &str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|_| odd(what))
}

fn count(what: &str, number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| odd(what))
}

fn departments(ids: &[String]) -> Result<Vec<DepartmentId>> {
    ids.iter().map(|id| stored("department", DepartmentId::parse(id))).collect()
}

fn material_codes(codes: &[String]) -> Result<Vec<MaterialCode>> {
    codes.iter().map(|code| stored("material", MaterialCode::parse(code))).collect()
}

fn texts<'a, T: ToString + 'a>(ids: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    ids.into_iter().map(T::to_string).collect()
}

/// A task as its row has it, before its state is joined with what the department said.
struct TaskRow {
    department: String,
    limit_days: i64,
    after: Vec<String>,
    relies_on: Vec<String>,
    site_visit: bool,
    added_reason: String,
    added_at: DateTime<Utc>,
    state: String,
    open_time: Option<DateTime<Utc>>,
    reopened: i64,
    spoken: i64,
}

/// The standing row of `approval.opinion`.
struct OpinionRow {
    sequence: i64,
    kind: String,
    conditions: String,
    reason: String,
    materials: Vec<String>,
    materials_revision: i64,
    given_by: String,
    given_by_id: String,
    given_at: DateTime<Utc>,
}

impl TaskRow {
    fn into_task(self, standing: Option<OpinionRow>) -> Result<Task> {
        Ok(Task {
            department: stored("department", DepartmentId::parse(&self.department))?,
            limit_days: count("limit", self.limit_days)?,
            after: departments(&self.after)?,
            relies_on: material_codes(&self.relies_on)?,
            site_visit: self.site_visit,
            added_reason: self.added_reason,
            added_at: self.added_at,
            open_time: self.open_time,
            reopened: count("reopening", self.reopened)?,
            spoken: count("sequence", self.spoken)?,
            state: state(&self.state, standing)?,
        })
    }
}

fn state(code: &str, standing: Option<OpinionRow>) -> Result<TaskState> {
    Ok(match (code, standing) {
        ("WAITING", None) => TaskState::Waiting,
        ("OPEN", None) => TaskState::Open,
        ("CLOSED", _) => TaskState::Closed,
        ("RETURNED", Some(row)) => TaskState::Returned(row.into_return()?),
        ("AWAITING_MATERIAL", Some(row)) => TaskState::AwaitingMaterial(row.into_return()?),
        ("OPINED", Some(row)) => TaskState::Opined(row.into_opinion()?),
        _ => return Err(odd("task state")),
    })
}

impl OpinionRow {
    fn given(&self) -> Result<Given> {
        Ok(Given {
            sequence: count("sequence", self.sequence)?,
            materials_revision: count("revision", self.materials_revision)?,
            by: Person { id: self.given_by_id.clone(), name: self.given_by.clone() },
            time: self.given_at,
        })
    }

    fn into_return(self) -> Result<Return> {
        if self.kind != "RETURN" {
            return Err(odd("return"));
        }
        Ok(Return { given: self.given()?, materials: material_codes(&self.materials)?, reason: self.reason })
    }

    fn into_opinion(self) -> Result<Opinion> {
        let given = self.given()?;
        let verdict = match self.kind.as_str() {
            "APPROVE" => Verdict::Approve { remark: self.reason },
            "APPROVE_WITH_CONDITIONS" => {
                Verdict::ApproveWithConditions { conditions: self.conditions, remark: self.reason }
            }
            "OBJECT" => Verdict::Object { reason: self.reason },
            _ => return Err(odd("opinion")),
        };
        Ok(Opinion { verdict, given })
    }
}
