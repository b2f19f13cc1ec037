//! The result of a reconciliation for people: as a table, and as a spreadsheet.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;
use yimen_kernel::Money;

use crate::gateway::{list, text};

/// One payment code with what each side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// 缴款码.
    pub payment_code: String,
    /// The class's code in the contract.
    pub class: String,
    /// In fen: ours, the bank's, the treasury's.
    pub fen: [i64; 3],
    /// ISO dates, empty where there is none: ours, the bank's, the treasury's.
    pub on: [String; 3],
}

/// The heading of each column.
const COLUMNS: [&str; 8] = [
    "缴款码 · payment code",
    "结果 · outcome",
    "我方（元） · ours",
    "银行（元） · bank",
    "国库（元） · treasury",
    "我方日期 · ours on",
    "银行日期 · bank on",
    "国库日期 · treasury on",
];

impl Line {
    /// Whether the three sides agree.
    pub fn matches(&self) -> bool {
        self.class == "MATCH"
    }

    /// The class in words.
    fn outcome(&self) -> String {
        let zh = match self.class.as_str() {
            "MATCH" => "相符",
            "AMOUNT_DIFFERS" => "金额不符",
            "ONLY_OURS" => "我方有、银行无",
            "ONLY_BANK" => "银行有、我方无",
            "DATE_DIFFERS" => "日期不符",
            _ => "未知",
        };
        format!("{zh} {}", self.class)
    }
}

/// The lines of the service's answer.
pub fn lines(answer: &Value) -> Vec<Line> {
    let line = |line: &Value| {
        let fen = |name| line.get(name).and_then(Value::as_i64).unwrap_or_default();
        Line {
            payment_code: text(line, "payment_code").to_owned(),
            class: text(line, "class").to_owned(),
            fen: ["ours_fen", "bank_fen", "treasury_fen"].map(fen),
            on: ["ours_on", "bank_on", "treasury_on"].map(|name| text(line, name).to_owned()),
        }
    };
    list(answer, "lines").iter().map(line).collect()
}

/// The table that people read, what differs first, with a count of each outcome below.
pub fn table(lines: &[Line]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(COLUMNS);
    for line in sorted(lines) {
        let amounts = line.fen.map(yuan);
        let cells = [line.payment_code.clone(), line.outcome()].into_iter();
        table.add_row(cells.chain(amounts).chain(line.on.clone()).collect::<Vec<_>>());
    }
    let sums = sums(lines).map(yuan);
    let total = [format!("合计 · total ({})", lines.len()), counted(lines)].into_iter();
    table.add_row(total.chain(sums).collect::<Vec<_>>());
    for column in [2, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The same as a workbook; amounts are numbers in yuan, to the fen.
///
/// # Errors
/// When the file cannot be written.
pub fn spreadsheet(lines: &[Line], path: &Path) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let bold = Format::new().set_bold();
    let money = Format::new().set_num_format("#,##0.00");
    let sheet = workbook.add_worksheet();
    sheet.set_name("对账 reconciliation")?;
    for (column, heading) in (0..).zip(COLUMNS) {
        sheet.write_with_format(0, column, heading, &bold)?;
        sheet.set_column_width(column, if column < 2 { 26 } else { 18 })?;
    }
    let mut row = 1;
    for line in sorted(lines) {
        sheet.write(row, 0, &line.payment_code)?;
        sheet.write(row, 1, line.outcome())?;
        for (column, fen) in (2..).zip(line.fen) {
            sheet.write_with_format(row, column, in_yuan(fen), &money)?;
        }
        for (column, on) in (5..).zip(&line.on) {
            sheet.write(row, column, on)?;
        }
        row += 1;
    }
    sheet.write_with_format(row, 0, "合计 total", &bold)?;
    for (column, fen) in (2..).zip(sums(lines)) {
        sheet.write_with_format(row, column, in_yuan(fen), &money)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook.save(path)
}

fn sorted(lines: &[Line]) -> Vec<&Line> {
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| line.matches());
    sorted
}

fn sums(lines: &[Line]) -> [i64; 3] {
    lines.iter().fold([0; 3], |mut sums, line| {
        sums.iter_mut().zip(line.fen).for_each(|(sum, fen)| *sum += fen);
        sums
    })
}

fn counted(lines: &[Line]) -> String {
    let matching = lines.iter().filter(|line| line.matches()).count();
    format!("相符 {matching}，不符 {}", lines.len() - matching)
}

fn yuan(fen: i64) -> String {
    Money::from_fen(fen).map(|amount| amount.to_string()).unwrap_or_default()
}

/// A cell of a spreadsheet is a double: exact to the fen far beyond any day's sums, and only shown.
#[expect(clippy::cast_precision_loss, reason = "a day's fen have fewer digits than a double")]
fn in_yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        serde_json::json!({ "lines": [
            { "payment_code": "43010226000000001230", "class": "MATCH", "ours_fen": 8000, "bank_fen": 8000,
              "treasury_fen": 8000, "ours_on": "2026-11-24", "bank_on": "2026-11-24", "treasury_on": "2026-11-25" },
            { "payment_code": "43010226999999999998", "class": "ONLY_BANK", "ours_fen": 0, "bank_fen": 5,
              "treasury_fen": 0, "ours_on": "", "bank_on": "2026-11-24", "treasury_on": "" },
        ] })
    }

    #[test]
    fn what_differs_comes_first() {
        let lines = lines(&answer());
        let text = table(&lines).to_string();
        let (odd, even) = (text.find("银行有、我方无").unwrap(), text.find("相符 MATCH").unwrap());
        assert!(odd < even, "{text}");
        assert!(text.contains("80.05") && text.contains("相符 1，不符 1"), "{text}");
    }

    #[test]
    fn a_spreadsheet_is_a_workbook() {
        let path = std::env::temp_dir().join(format!("yimen-reconciliation-{}.xlsx", std::process::id()));
        spreadsheet(&lines(&answer()), &path).unwrap();
        let content = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(content.starts_with(b"PK") && content.len() > 2_000, "{}", content.len());
    }
}
