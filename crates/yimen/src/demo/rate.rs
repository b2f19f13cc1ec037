//! 好差评: whoever was served rates, by the link of the receipt and by that of the message about the completion.
//! All they have is the links.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::{Value, json};
use yimen_kernel::RatingToken;

use super::fate::{self, Rating};
use super::hall::{Hall, pages};
use crate::gateway::{Failure, list, text};

/// How often a link is followed that leads nowhere yet.
const LOOKS: u32 = 8;
/// The time between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// What the demo came to in ratings.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ratings {
    /// Figures of each center's last month with ratings, as `GET /api/v1/ratings/{center}` gives them for the whole.
    pub centers: BTreeMap<String, Value>,
    /// Links that were followed too late.
    pub too_late: u64,
    /// Cases of negative ratings, by their state.
    pub rectifications: BTreeMap<String, u64>,
}

/// Rates what can be rated: those who are willing, as they are.
pub(super) async fn all(hall: &Arc<Hall>) -> Result<u64, Failure> {
    let mut links = hall.ledger.rating_tokens();
    for message in pages(&hall.operator(), "/api/v1/simulator/messages", "messages").await? {
        // Who was told twice follows the first link, or the second: the event is rated once.
        links.extend(link(text(&message, "text")).map(|(number, token)| (number, "completion", token)));
    }
    let mut too_late = 0;
    for (number, event, token) in links {
        let Some(rating) = fate::rating(&number, event) else { continue };
        let message = said(&rating, &token);
        match rate(hall, &message).await {
            Ok(_) => hall.ledger.sign_of_life(),
            Err(failure) if failure.is("RATING_LATE") => too_late += 1,
            // By the other link.
            Err(failure) if failure.is("ALREADY_RATED") => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(too_late)
}

/// Follows a link; one that was just sent may lead somewhere a moment later.
async fn rate(hall: &Hall, message: &Value) -> Result<Value, Failure> {
    for _ in 0..LOOKS {
        match hall.door.change("/api/v1/rating-links/rate", message).await {
            Err(failure) if failure.is("RATING_LINK_UNKNOWN") => tokio::time::sleep(BETWEEN_LOOKS).await,
            answered => return answered,
        }
    }
    hall.door.change("/api/v1/rating-links/rate", message).await
}

fn said(rating: &Rating, token: &str) -> Value {
    let mut message = json!({ "token": token, "level": rating.level });
    if let Some(aspect) = rating.aspect
        && let Some(message) = message.as_object_mut()
    {
        message.insert("aspects".to_owned(), json!([aspect]));
        message.insert("text".to_owned(), json!("示例：等候时间较长"));
    }
    if rating.named
        && let Some(message) = message.as_object_mut()
    {
        message.insert("rater".to_owned(), json!({ "name": "示例", "mobile": "13000000000" }));
        message.insert("department_may_know".to_owned(), json!(true));
    }
    message
}

/// The case and the token in a message that has a link.
fn link(message: &str) -> Option<(String, String)> {
    let rest = message.split_once("/rate/")?.1;
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let token = RatingToken::parse(&token).ok()?;
    let number = message.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 21)?;
    Some((number.to_owned(), token.as_str().to_owned()))
}

/// Asks everyone's figures, and each center's supervisor for the cases.
pub(super) async fn look(hall: &Hall, too_late: u64) -> Result<Ratings, Failure> {
    let mut ratings = Ratings { too_late, ..Ratings::default() };
    let month = hall.days.today().format("%Y-%m").to_string();
    for center in hall.centers() {
        let path = format!("/api/v1/ratings/{}", center.code);
        let figures = hall.door.get(&path, &format!("month={month}")).await?;
        let is_whole =
            |line: &&Value| ["department", "window", "item"].iter().all(|of| text(line, of).is_empty());
        if let Some(whole) = list(&figures, "lines").iter().find(is_whole) {
            ratings.centers.insert(format!("{} {}", center.code, center.name_zh), whole.clone());
        }
        let supervisor = hall.staff(&center.code, "ROLE_SUPERVISOR", None).await?;
        for case in pages(&supervisor, "/api/v1/rectifications", "rectifications").await? {
            *ratings.rectifications.entry(text(&case, "state").to_owned()).or_default() += 1;
        }
    }
    Ok(ratings)
}

/// The figures that people read, with their names.
const COLUMNS: [(&str, &str); 7] = [
    ("very_satisfied", "非常满意\n5"),
    ("satisfied", "满意\n4"),
    ("fairly_satisfied", "基本满意\n3"),
    ("dissatisfied", "不满意\n2"),
    ("very_dissatisfied", "非常不满意\n1"),
    ("valid", "有效\nvalid"),
    ("set_aside", "不计入\nset aside"),
];

/// The table that people read.
pub(super) fn table(ratings: &Ratings) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let names = COLUMNS.iter().map(|(_, name)| *name);
    table.set_header(
        std::iter::once("好差评 · ratings").chain(names).chain(["平均\nmean", "满意率\nsatisfied"]),
    );
    for (center, whole) in &ratings.centers {
        let figures = COLUMNS.iter().map(|(figure, _)| number(whole, figure).to_string());
        let mean = hundredths(number(whole, "mean_hundredths_floor"));
        let satisfied = format!("{} %", hundredths(number(whole, "satisfaction_ten_thousandths_floor")));
        table.add_row(std::iter::once(center.clone()).chain(figures).chain([mean, satisfied]));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What became of the negative ones.
pub(super) fn line(ratings: &Ratings) -> String {
    let cases: Vec<String> =
        ratings.rectifications.iter().map(|(state, count)| format!("{state} {count}")).collect();
    let cases = if cases.is_empty() { "0".to_owned() } else { cases.join(", ") };
    format!("差评整改 negative ratings followed: {cases}; 过期 too late: {}", ratings.too_late)
}

fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// A 64-bit number, which JSON of the contract has as a string.
fn number(value: &Value, field: &str) -> u64 {
    let of = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    value.get(field).and_then(of).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_leads_to_its_case() {
        let token = "abcdefghijklmnopqrstuvwxyz";
        let message = format!(
            "【中心】您的“示例”申请（430102202611240000002）已办结。请评价：http://127.0.0.1:8080/rate/{token}"
        );
        let found = link(&message).unwrap();
        assert_eq!(found, ("430102202611240000002".to_owned(), token.to_owned()));
        assert_eq!(link("您的申请（430102202611240000002）已受理"), None);
        assert_eq!(link("http://x/rate/abc 430102202611240000002"), None);
    }

    #[test]
    fn the_table_shows_the_figures() {
        let whole = json!({
            "very_satisfied": "5", "very_dissatisfied": 1, "valid": "6",
            "mean_hundredths_floor": "433", "satisfaction_ten_thousandths_floor": "8333",
        });
        let ratings = Ratings {
            centers: [("430102 芙蓉".to_owned(), whole)].into(),
            rectifications: [("OPEN".to_owned(), 1)].into(),
            too_late: 2,
        };
        let table = table(&ratings).to_string();
        assert!(
            table.contains("4.33") && table.contains("83.33 %") && table.contains("430102 芙蓉"),
            "{table}"
        );
        assert!(line(&ratings).contains("OPEN 1") && line(&ratings).contains("too late: 2"));
    }
}
