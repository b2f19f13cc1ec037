//! A round of democratic review in the demo's center: 26 units, as in the survey, with the test set of the rules.
//!
//! It is set up on the first morning, voted in on the second, and counted when a later day begins; at the end a
//! supervisor confirms what the rules propose, and it is published.

use std::time::Duration;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::{Value, json};
use yimen_kernel::date::day_start;

use super::SHOWCASE;
use super::hall::{Hall, pages};
use crate::gateway::{Failure, Gateway, list, text};

/// The survey's 芙蓉区 had so many under review.
const UNITS: usize = 26;
/// Voters of each of the two groups (示例: the survey does not say how many there were).
const VOTERS: usize = 100;
/// Percent of the two groups (示例): so that two hundred ballots make a rate of 89.99 % exactly.
const WEIGHTS: [(&str, u32); 2] = [("PUBLIC", 57), ("SUPERVISORS", 43)];
/// Who of a hundred of each group is satisfied: 95, 92, 92, 90, 89.99, 50 and 49.9 percent by those weights.
const TEST_SET: [(usize, usize); 7] = [(95, 95), (92, 92), (92, 92), (90, 90), (93, 86), (50, 50), (37, 67)];
/// The rates of the others lie between, each one higher than the next.
const OTHERS: usize = 55;
/// How long the counting may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The wait before it is asked again whether it is counted.
const AGAIN: Duration = Duration::from_millis(200);

/// A round that is under way.
pub(super) struct Round {
    number: String,
    /// The tokens of each group, in the order of [`WEIGHTS`].
    tokens: [Vec<String>; 2],
    /// The day of voting.
    day: NaiveDate,
}

/// What the round came to.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// Its number.
    pub round: String,
    /// Every unit, the highest rate first.
    pub units: Vec<Unit>,
}

/// A unit of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Hundredths of a percent.
    pub rate_hundredths: u64,
    /// 1 + those that are strictly higher.
    pub rank: u64,
    /// Rewarded.
    pub rewarded: bool,
    /// Held to account.
    pub held_to_account: bool,
}

/// Sets the round up, and hands out its tokens; none if the demo has too few days to vote and to count on.
pub(super) async fn open(hall: &Hall) -> Result<Option<Round>, Failure> {
    let (Some(day), Some(end)) = (hall.days.after(1), hall.days.after(2)) else { return Ok(None) };
    if end <= day || day <= hall.days.today() {
        return Ok(None);
    }
    let supervisor = hall.staff(SHOWCASE, "ROLE_SUPERVISOR", None).await?;
    let message = json!({
        "center": SHOWCASE, "kind": "RATED", "title": "示例：市民评议政府", "minimum": 30,
        "award": "示例：通报表扬",
        "rated": {
            "levels": ["SATISFIED", "FAIRLY_SATISFIED", "DISSATISFIED"], "satisfied": 2,
            "reward_percent": 90, "reward_places": 3, "accountability_percent": 50,
        },
        "weights": WEIGHTS.map(|(group, percent)| json!({"group": group, "percent": percent})),
        "units": units(hall).await?,
        "open_time": day_start(day).to_rfc3339(),
        "close_time": day_start(end).to_rfc3339(),
    });
    let set = supervisor.change("/api/v1/appraisal-rounds", &message).await?;
    let number = text(&set, "round").to_owned();
    let [(public, _), (supervisors, _)] = WEIGHTS;
    let tokens =
        [tokens(&supervisor, &number, public).await?, tokens(&supervisor, &number, supervisors).await?];
    Ok(Some(Round { number, tokens, day }))
}

/// The center's departments, and as many more as the survey had units.
async fn units(hall: &Hall) -> Result<Vec<Value>, Failure> {
    let path = format!("/api/v1/centers/{SHOWCASE}/departments");
    let departments = pages(&hall.door, &path, "departments").await?;
    let known = departments.iter().map(|department| {
        let name = |field| text(department, field).to_owned();
        json!({"department": text(department, "id"), "name_zh": name("name_zh"), "name_en": name("name_en")})
    });
    let more = (1..).map(|nth| {
        json!({
            "department": format!("{SHOWCASE}-shili{nth}"), "name_zh": format!("示例单位{nth}"),
            "name_en": format!("Example unit {nth}"),
        })
    });
    Ok(known.chain(more).take(UNITS).collect())
}

async fn tokens(supervisor: &Gateway, round: &str, group: &str) -> Result<Vec<String>, Failure> {
    let path = format!("/api/v1/appraisal-rounds/{round}/tokens");
    let issued = supervisor.post(&path, None, &json!({"group": group, "count": VOTERS})).await?;
    Ok(list(&issued, "tokens").iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

impl Round {
    /// Whether it is voted in on a day.
    pub(super) fn is_voted_in_on(&self, day: NaiveDate) -> bool {
        self.day == day
    }

    /// Everyone votes.
    ///
    /// # Errors
    /// What the center says of a ballot.
    pub(super) async fn vote(&self, door: &Gateway) -> Result<(), Failure> {
        let [public, supervisors] = &self.tokens;
        for (is_public, tokens) in [(true, public), (false, supervisors)] {
            for (voter, token) in tokens.iter().enumerate() {
                let ballot = open_ballot(door, token).await?;
                let mark = |(place, unit): (usize, &Value)| {
                    let choice = choice(place, voter, is_public);
                    json!({"department": text(unit, "department"), "choice": choice})
                };
                let marks: Vec<Value> = (0..).zip(list(&ballot, "units")).map(mark).collect();
                let message = json!({"token": token, "marks": marks});
                match door.post("/api/v1/ballots", None, &message).await {
                    // An answer was lost on the way, and the ballot was not.
                    Err(failure) if failure.is("ALREADY_VOTED") => {}
                    other => drop(other?),
                }
            }
        }
        Ok(())
    }
}

async fn open_ballot(door: &Gateway, token: &str) -> Result<Value, Failure> {
    let ballot = door.post("/api/v1/ballots/open", None, &json!({"token": token})).await?;
    Ok(ballot.get("round").cloned().unwrap_or_default())
}

/// What a voter says of the unit at a place.
fn choice(place: usize, voter: usize, is_public: bool) -> &'static str {
    let other = OTHERS + place.saturating_sub(TEST_SET.len());
    let (public, supervisors) = TEST_SET.get(place).copied().unwrap_or((other, other));
    let satisfied = if is_public { public } else { supervisors };
    match (voter < satisfied, voter % 3) {
        (true, 0) => "FAIRLY_SATISFIED",
        (true, _) => "SATISFIED",
        (false, _) => "DISSATISFIED",
    }
}

/// A supervisor confirms what the rules propose, and publishes; gives what everyone then reads.
///
/// # Errors
/// A sentence when it was not counted, or not every ballot.
pub(super) async fn conclude(hall: &Hall, round: &Round) -> Result<Review, String> {
    let supervisor = hall.staff(SHOWCASE, "ROLE_SUPERVISOR", None).await?;
    let path = format!("/api/v1/appraisal-rounds/{}", round.number);
    let until = tokio::time::Instant::now() + PATIENCE;
    let counted = loop {
        let seen = supervisor.get(&path, "").await?;
        if text(&seen, "phase") == "COUNTED" {
            break seen;
        }
        if tokio::time::Instant::now() >= until {
            return Err(format!("Round {} was not counted; look at the log for why.", round.number));
        }
        tokio::time::sleep(AGAIN).await;
    };
    for unit in results(&counted) {
        for outcome in list(unit, "outcomes") {
            let (department, proposal) = (text(unit, "department"), text(outcome, "proposal"));
            let message = json!({"department": department, "proposal": proposal, "confirmed": true});
            supervisor.change(&format!("{path}/decide"), &message).await?;
        }
    }
    supervisor.change(&format!("{path}/publish"), &json!({})).await?;
    let public = hall.door.get(&path, "").await?;
    let turnouts = public.get("result").map(|result| list(result, "turnouts")).unwrap_or_default();
    let spent: u64 = turnouts.iter().map(|turnout| natural(turnout, "spent")).sum();
    if spent != 2 * VOTERS as u64 {
        return Err(format!("Round {} has {spent} ballots instead of {}.", round.number, 2 * VOTERS));
    }
    Ok(review(&public))
}

fn results(round: &Value) -> &[Value] {
    round.get("result").map(|result| list(result, "units")).unwrap_or_default()
}

fn review(public: &Value) -> Review {
    let name = |department: &str| {
        let unit = list(public, "units").iter().find(|unit| text(unit, "department") == department);
        unit.map_or(department, |unit| text(unit, "name_zh")).to_owned()
    };
    let confirmed = |unit: &Value, proposal: &str| {
        let is_it = |one: &Value| text(one, "proposal") == proposal && text(one, "state") == "CONFIRMED";
        list(unit, "outcomes").iter().any(is_it)
    };
    let mut units: Vec<Unit> = results(public)
        .iter()
        .map(|unit| Unit {
            name: name(text(unit, "department")),
            rate_hundredths: natural(unit, "rate_hundredths"),
            rank: natural(unit, "rank"),
            rewarded: confirmed(unit, "REWARD"),
            held_to_account: confirmed(unit, "ACCOUNTABILITY"),
        })
        .collect();
    units.sort_by_key(|unit| unit.rank);
    Review { round: text(public, "round").to_owned(), units }
}

/// Who is rewarded and who is held to account, and whoever was near to it.
pub(super) fn table(review: &Review) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        format!("民主评议 · review {}", review.round),
        "名次\nrank".to_owned(),
        "满意率\nrate".to_owned(),
        "处理\noutcome".to_owned(),
    ]);
    let last = review.units.len().saturating_sub(3);
    for (nth, unit) in review.units.iter().enumerate() {
        if (5..last).contains(&nth) {
            continue;
        }
        let outcome = match (unit.rewarded, unit.held_to_account) {
            (true, _) => "奖励 rewarded",
            (_, true) => "责任追究 held to account",
            _ => "",
        };
        let rate = format!("{}.{:02} %", unit.rate_hundredths / 100, unit.rate_hundredths % 100);
        table.add_row([unit.name.clone(), unit.rank.to_string(), rate, outcome.to_owned()]);
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn natural(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two hundred voters make of a unit, in hundredths of a percent; exact, or not at all.
    fn rate(place: usize) -> usize {
        let satisfied = |is_public| {
            (0..VOTERS).filter(|voter| choice(place, *voter, is_public) != "DISSATISFIED").count()
        };
        WEIGHTS[0].1 as usize * satisfied(true) + WEIGHTS[1].1 as usize * satisfied(false)
    }

    #[test]
    fn the_ballots_make_the_test_set() {
        let rates: Vec<usize> = (0..UNITS).map(rate).collect();
        assert_eq!(rates[..7], [9_500, 9_200, 9_200, 9_000, 8_999, 5_000, 4_990]);
        assert!(rates[7..].iter().all(|rate| (5_001..8_999).contains(rate)), "{rates:?}");
    }

    #[test]
    fn the_table_shows_both_ends() {
        let unit = |rank| Unit {
            name: format!("单位{rank}"),
            rate_hundredths: 9_500 - 100 * rank,
            rank,
            rewarded: rank == 1,
            held_to_account: rank == 26,
        };
        let review = Review { round: "430102-PY-2026-0000001".into(), units: (1..=26).map(unit).collect() };
        let table = table(&review).to_string();
        assert!(table.contains("rewarded") && table.contains("held to account"), "{table}");
        assert!(table.contains("94.00 %") && !table.contains("单位12"), "{table}");
    }
}
