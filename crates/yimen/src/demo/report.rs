//! What the demo came to: a table by center, the invariants, and the same as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::Value;

use yimen_kernel::Money;

use super::hall::{Center, Hall, pages};
use super::heard::Heard;
use super::rate::Ratings;
use super::review::Review;
use super::time::Time;
use crate::apply::Summary;
use crate::check::Finding;
use crate::gateway::{Failure, text};

/// The whole outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Each center of the deployment.
    pub centers: Vec<CenterRow>,
    /// How the limits were kept.
    pub time: Time,
    /// Complaints, questions and what became of them.
    pub heard: Heard,
    /// How it was rated.
    pub ratings: Ratings,
    /// The round of democratic review; none in a demo that is too short for one.
    pub review: Option<Review>,
    /// Each invariant of `yimen check`.
    pub invariants: Vec<Invariant>,
    /// The lines of the file.
    pub lines: Lines,
    /// From the first line to the last result.
    pub seconds: f64,
}

/// One center's applications, as its clerk sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CenterRow {
    /// Division code.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// All that were handed in.
    pub received: u64,
    /// Those that were accepted and not taken back later.
    pub accepted: u64,
    /// Those whose acceptance was refused.
    pub refused: u64,
    /// Those that wait for someone.
    pub in_progress: u64,
    /// Those that were decided.
    pub completed: u64,
    /// Those that were taken back.
    pub withdrawn: u64,
    /// Fee notices that were paid, those that went back among them.
    pub fees_paid: u64,
    /// What was paid and kept, in fen.
    pub fees_fen: i64,
    /// Short messages that reached applicants.
    pub messages: u64,
}

/// One invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invariant {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was looked at, or what is broken.
    pub detail: String,
}

/// The lines of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Lines that are not blank.
    pub read: u64,
    /// Lines that were taken in.
    pub accepted: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Lines of which it is not known.
    pub unaccounted: u64,
}

impl From<&Summary> for Lines {
    fn from(summary: &Summary) -> Self {
        Self {
            read: summary.lines,
            accepted: summary.accepted,
            refused: summary.refused,
            unaccounted: summary.unaccounted(),
        }
    }
}

impl From<&Finding> for Invariant {
    fn from(finding: &Finding) -> Self {
        Self { name: finding.name.to_owned(), holds: finding.holds(), detail: finding.detail() }
    }
}

impl Report {
    /// Whether every line is accounted for and every invariant holds.
    pub fn is_good(&self) -> bool {
        self.lines.unaccounted == 0 && self.invariants.iter().all(|invariant| invariant.holds)
    }
}

/// Counts every center's applications, asking its clerk.
pub(super) async fn centers(hall: &Hall) -> Result<Vec<CenterRow>, Failure> {
    let mut rows = Vec::new();
    for center in hall.centers() {
        let clerk = hall.staff(&center.code, "ROLE_CLERK", None).await?;
        let applications = pages(&clerk, "/api/v1/window/applications", "applications").await?;
        let finance = hall.staff(&center.code, "ROLE_FINANCE", None).await?;
        let notices = pages(&finance, "/api/v1/fee-notices", "notices").await?;
        let messages = pages(&clerk, "/api/v1/messages?state=DELIVERED", "messages").await?;
        rows.push(CenterRow { messages: messages.len() as u64, ..row(center, &applications, &notices) });
    }
    Ok(rows)
}

fn row(center: Center, applications: &[Value], notices: &[Value]) -> CenterRow {
    let mut row = CenterRow {
        code: center.code,
        name_zh: center.name_zh,
        name_en: center.name_en,
        received: applications.len() as u64,
        ..CenterRow::default()
    };
    for application in applications {
        match text(application, "state") {
            "REFUSED" => row.refused += 1,
            "WITHDRAWN" => row.withdrawn += 1,
            "COMPLETED" | "DELIVERED" => {
                row.accepted += 1;
                row.completed += 1;
            }
            "ACCEPTED" | "DECIDED" => {
                row.accepted += 1;
                row.in_progress += 1;
            }
            _ => row.in_progress += 1,
        }
    }
    for notice in notices {
        let state = text(notice, "state");
        row.fees_paid += u64::from(matches!(state, "PAID" | "REFUNDED"));
        let amount = notice.get("amount_fen").and_then(Value::as_i64).unwrap_or_default();
        row.fees_fen += if state == "PAID" { amount } else { 0 };
    }
    row
}

/// The table that people read.
pub(super) fn table(rows: &[CenterRow]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "中心 · center",
        "收件\nreceived",
        "受理\naccepted",
        "不予受理\nrefused",
        "在办\nin progress",
        "办结\ncompleted",
        "撤回\nwithdrawn",
        "缴费\nfees paid",
        "短信\nmessages",
        "金额（元）\namount, yuan",
    ]);
    let numbers = |row: &CenterRow| {
        let CenterRow { received, accepted, refused, in_progress, completed, withdrawn, .. } = *row;
        [received, accepted, refused, in_progress, completed, withdrawn, row.fees_paid, row.messages]
    };
    let (mut sum, mut fen) = ([0; 8], 0);
    for row in rows {
        let numbers = numbers(row);
        sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        fen += row.fees_fen;
        table.add_row(cells(format!("{} {}", row.code, row.name_zh), numbers, row.fees_fen));
    }
    table.add_row(cells("合计 · total".to_owned(), sum, fen));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn cells(name: String, numbers: [u64; 8], fen: i64) -> Vec<String> {
    let yuan = Money::from_fen(fen).map(|amount| amount.to_string()).unwrap_or_default();
    std::iter::once(name).chain(numbers.iter().map(ToString::to_string)).chain([yuan]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_is_in_one_column() {
        let states = [
            "SUBMITTED",
            "SUPPLEMENT_REQUESTED",
            "SUPPLEMENTED",
            "ACCEPTED",
            "REFUSED",
            "WITHDRAWN",
            "COMPLETED",
            "DELIVERED",
            "DECIDED",
        ];
        let applications: Vec<Value> =
            states.iter().map(|state| serde_json::json!({ "state": state })).collect();
        let center = Center { code: "430102".into(), name_zh: "芙蓉".into(), name_en: "Furong".into() };
        let notices = [
            serde_json::json!({ "state": "PAID", "amount_fen": 8000 }),
            serde_json::json!({ "state": "REFUNDED", "amount_fen": 100 }),
            serde_json::json!({ "state": "ISSUED", "amount_fen": 1 }),
        ];
        let row = row(center, &applications, &notices);
        assert_eq!((row.fees_paid, row.fees_fen), (2, 8000));
        assert_eq!(row.received, row.refused + row.in_progress + row.completed + row.withdrawn);
        assert_eq!((row.accepted, row.in_progress, row.completed), (4, 5, 2));
        assert!(table(&[row]).to_string().contains("430102 芙蓉"));
    }
}
