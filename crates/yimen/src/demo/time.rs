//! What the demo came to in time: a board of the centers, the lights of what runs, and the red list.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::Value;

use super::hall::{Hall, pages};
use crate::gateway::{Failure, list, text};

/// Entries of the red list that are shown.
const SHOWN: usize = 8;

/// How the demo kept its limits.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Time {
    /// Figures of each center, as `GET /api/v1/boards/{center}` gives them.
    pub boards: BTreeMap<String, Value>,
    /// How many clocks that run at the end show each light.
    pub lights: BTreeMap<String, u64>,
    /// The red list, newest first.
    pub red_list: Vec<Value>,
    /// Questions to departments.
    pub questions: u64,
}

/// Asks the boards, everyone's list, and for the lights each center's supervisor.
pub(super) async fn look(hall: &Hall) -> Result<Time, Failure> {
    let mut time =
        Time { red_list: pages(&hall.door, "/api/v1/warnings", "warnings").await?, ..Time::default() };
    let first = hall.days.first();
    for center in hall.centers() {
        let query = format!("grain=YEAR&from_on={first}");
        let board = hall.door.get(&format!("/api/v1/boards/{}", center.code), &query).await?;
        if let Some(total) = list(&board, "lines").first().and_then(|line| line.get("total")) {
            time.boards.insert(format!("{} {}", center.code, center.name_zh), total.clone());
        }
        let supervisor = hall.staff(&center.code, "ROLE_SUPERVISOR", None).await?;
        for clock in pages(&supervisor, "/api/v1/clocks", "clocks").await? {
            *time.lights.entry(text(&clock, "light").to_owned()).or_default() += 1;
        }
        time.questions += pages(&supervisor, "/api/v1/flags", "flags").await?.len() as u64;
    }
    Ok(time)
}

/// The figures of a board that people read, with their names.
const COLUMNS: [(&str, &str); 9] = [
    ("decided", "决定\ndecided"),
    ("decided_as_promised", "守承诺\nas promised"),
    ("decided_by_law", "守法定\nby law"),
    ("deemed_accepted", "视为受理\ndeemed"),
    ("yellow", "黄牌\nyellow"),
    ("red", "红牌\nred"),
    ("dark_red", "超法定\ndark red"),
    ("supervision_cases", "督办\ncases"),
    ("suspended_days", "中止（天）\nsuspended"),
];

/// The board that people read.
pub(super) fn table(time: &Time) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let joint = "并联÷逐个\njoint ÷ in turn";
    let names = COLUMNS.iter().map(|(_, name)| *name);
    table.set_header(std::iter::once("限时办结 · in time").chain(names).chain([joint]));
    for (center, total) in &time.boards {
        let figures = COLUMNS.iter().map(|(figure, _)| number(total, figure).to_string());
        let share = share(total).unwrap_or_default();
        table.add_row(std::iter::once(center.clone()).chain(figures).chain([share]));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What joint decisions took, of what their departments would have taken one after the other.
fn share(total: &Value) -> Option<String> {
    let sum = |name: &str| {
        let days = total.get(name)?;
        Some(number(days, "mean_hundredths") * number(days, "count"))
    };
    let (joint, in_turn) = (sum("joint_days")?, sum("one_after_another_days")?);
    (in_turn > 0).then(|| format!("{} %", joint * 100 / in_turn))
}

/// The lights of what runs, and the newest of the red list, a line each.
pub(super) fn lines(time: &Time) -> Vec<String> {
    let light = |code: &str| time.lights.get(code).copied().unwrap_or_default();
    let [grey, green, yellow, red, dark] = ["GREY", "GREEN", "YELLOW", "RED", "DARK_RED"].map(light);
    let mut lines = vec![format!(
        "灯 lights of what runs: 灰 grey {grey}, 绿 green {green}, 黄 yellow {yellow}, 红 red {red}, 深红 dark red {dark}; \
         {} questions to departments",
        time.questions
    )];
    lines.push(format!("红榜 red list: {}", time.red_list.len()));
    for warning in time.red_list.iter().take(SHOWN) {
        let department = match text(warning, "department") {
            "" => "窗口 window",
            department => department,
        };
        lines.push(format!(
            "  {}  {:<8} {:<10} {:<14} {}",
            text(warning, "reached_on"),
            text(warning, "rung"),
            text(warning, "kind"),
            department,
            text(warning, "number")
        ));
    }
    lines
}

fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_board_shows_what_a_joint_decision_saves() {
        let days = |count, mean_hundredths| json!({"count": count, "mean_hundredths": mean_hundredths});
        let total = json!({"decided": 3, "red": 1, "joint_days": days(2, 300), "one_after_another_days": days(2, 1200)});
        let time = Time { boards: [("430102 芙蓉".to_owned(), total)].into(), ..Time::default() };
        let table = table(&time).to_string();
        assert!(table.contains("25 %") && table.contains("430102 芙蓉"), "{table}");
        assert_eq!(share(&json!({})), None);
    }

    #[test]
    fn the_red_list_names_the_newest() {
        let warning = json!({"reached_on": "2026-03-02", "rung": "RED", "kind": "TASK", "department": "", "number": "n"});
        let time =
            Time { red_list: vec![warning; 20], lights: [("GREY".to_owned(), 2)].into(), ..Time::default() };
        let lines = lines(&time);
        assert_eq!(lines.len(), SHOWN + 2);
        assert!(lines[0].contains("grey 2") && lines[2].contains("窗口"), "{lines:?}");
    }
}
