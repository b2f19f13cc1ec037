//! Messages as commands. Every faulty field is named at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DivisionCode, DocumentNumber, Fields, Reason, text};
use yimen_proto::complaints::v1 as pb;

use super::super::parse::{NAME_MAX, REASON_MAX, document};
use crate::app::appraisal::Setting;
use crate::domain::appraisal::{Given, Group, Level, Proposal, Rules, Token, Unit};

/// The most units of a round.
const UNITS: usize = 200;
/// The most tokens of one call.
const TOKENS: u32 = 10_000;
/// The largest minimum of votes (示例: more than anybody asks for).
const MINIMUM_MAX: u64 = 1_000_000;

pub fn round(value: &str) -> Result<DocumentNumber> {
    document("round", "PY", value)
}

pub fn token(value: &str) -> Result<Token> {
    Token::parse(value).map_err(|fault| Error::invalid(vec![fault.at("token")]))
}

pub fn marks(given: Vec<pb::Mark>) -> Vec<Given> {
    given.into_iter().map(|mark| Given { department: mark.department, mark: mark.choice }).collect()
}

pub fn how_many(count: u32) -> Result<u32> {
    let mut fields = Fields::new();
    check_count(&mut fields, count);
    fields.build(|| Some(count))
}

fn check_count(fields: &mut Fields, count: u32) {
    if !(1..=TOKENS).contains(&count) {
        fields.add_limit("count", Reason::OutOfRange, format!("1–{TOKENS}"));
    }
}

pub fn issue(message: &pb::IssueBallotTokensRequest) -> Result<(DocumentNumber, Group, u32)> {
    let number = round(&message.round)?;
    let mut fields = Fields::new();
    let group = group(&mut fields, "group", message.group);
    if group == Some(Group::ServiceUsers) {
        // They are drawn.
        fields.add("group", Reason::NotAllowedHere);
    }
    check_count(&mut fields, message.count);
    fields.build(|| Some((number, group?, message.count)))
}

pub fn void(message: &pb::VoidBallotTokensRequest) -> Result<(DocumentNumber, Option<Uuid>, Option<Group>)> {
    let number = round(&message.round)?;
    let mut fields = Fields::new();
    let batch = match message.batch.as_str() {
        "" => None,
        batch => fields.take("batch", Uuid::try_parse(batch).map_err(|_| Reason::BadFormat.into())),
    };
    let group = match message.group {
        0 => None,
        given => group(&mut fields, "group", given),
    };
    if message.batch.is_empty() && message.group == 0 {
        fields.add("batch", Reason::Required);
    }
    fields.build(|| Some((number, batch, group)))
}

/// What a person decided.
pub struct Decision {
    pub round: DocumentNumber,
    pub department: DepartmentId,
    pub proposal: Proposal,
    pub confirmed: bool,
    pub reason: String,
}

pub fn decision(message: &pb::DecideAppraisalOutcomeRequest) -> Result<Decision> {
    let round = round(&message.round)?;
    let mut fields = Fields::new();
    let department = fields.take("department", DepartmentId::parse(&message.department));
    let proposal = pb::appraisal_outcome::Proposal::try_from(message.proposal).unwrap_or_default();
    let proposal = Proposal::parse(proposal.as_str_name());
    if proposal.is_none() {
        fields.add("proposal", Reason::UnknownValue);
    }
    let reason = if message.confirmed {
        text::optional_paragraph(&message.reason, REASON_MAX).map(Option::unwrap_or_default)
    } else {
        text::paragraph(&message.reason, REASON_MAX)
    };
    let reason = fields.take("reason", reason);
    let confirmed = message.confirmed;
    fields.build(|| {
        Some(Decision { round, department: department?, proposal: proposal?, confirmed, reason: reason? })
    })
}

pub fn setting(message: &pb::CreateAppraisalRoundRequest) -> Result<Setting> {
    let mut fields = Fields::new();
    let center = fields.take("center", DivisionCode::parse(&message.center));
    let title = fields.take("title", text::line(&message.title, NAME_MAX));
    let award = fields.take("award", text::optional_paragraph(&message.award, REASON_MAX)).flatten();
    let rules = rules(&mut fields, message);
    if message.minimum > MINIMUM_MAX {
        fields.add_limit("minimum", Reason::OutOfRange, format!("0–{MINIMUM_MAX}"));
    }
    let weights = weights(&mut fields, &message.weights, rules.as_ref());
    let units = units(&mut fields, &message.units, center.as_ref());
    let opens_at = moment(&mut fields, "open_time", message.open_time.as_ref());
    let closes_at = moment(&mut fields, "close_time", message.close_time.as_ref());
    if let (Some(opens_at), Some(closes_at)) = (opens_at, closes_at)
        && closes_at <= opens_at
    {
        fields.add_limit("close_time", Reason::EndsBeforeItBegins, opens_at.to_rfc3339());
    }
    fields.build(|| {
        Some(Setting {
            center: center?,
            title: title?,
            award: award.unwrap_or_default(),
            rules: rules?,
            minimum: message.minimum,
            weights,
            units,
            opens_at: opens_at?,
            closes_at: closes_at?,
        })
    })
}

fn rules(fields: &mut Fields, message: &pb::CreateAppraisalRoundRequest) -> Option<Rules> {
    let kind = pb::appraisal_round::Kind::try_from(message.kind).unwrap_or_default();
    let (other, field) = match kind {
        pb::appraisal_round::Kind::Unspecified => {
            fields.add("kind", Reason::UnknownValue);
            return None;
        }
        pb::appraisal_round::Kind::Rated => (message.lists.is_some(), "lists"),
        pb::appraisal_round::Kind::Lists => (message.rated.is_some(), "rated"),
    };
    if other {
        fields.add(field, Reason::NotAllowedHere);
    }
    match kind {
        pb::appraisal_round::Kind::Lists => {
            lists(fields, &message.lists.unwrap_or_default(), message.units.len())
        }
        _ => Some(rated(fields, &message.rated.clone().unwrap_or_default())),
    }
}

fn rated(fields: &mut Fields, given: &pb::RatedRules) -> Rules {
    let mut levels: Vec<Level> = Vec::new();
    for (nth, level) in given.levels.iter().enumerate() {
        let field = format!("rated.levels[{nth}]");
        let level = pb::SatisfactionLevel::try_from(*level).unwrap_or_default();
        match Level::parse(level.as_str_name()) {
            None => fields.add(&field, Reason::UnknownValue),
            Some(level) if levels.contains(&level) => fields.add(&field, Reason::Duplicate),
            // The best first.
            Some(level) if levels.last().is_some_and(|before| *before > level) => {
                fields.add(&field, Reason::NotAllowedHere);
            }
            Some(level) => levels.push(level),
        }
    }
    if given.levels.len() < 2 {
        fields.add("rated.levels", Reason::Required);
    }
    let satisfied = given.satisfied as usize;
    if !(1..given.levels.len().max(2)).contains(&satisfied) {
        let most = given.levels.len().max(2) - 1;
        fields.add_limit("rated.satisfied", Reason::OutOfRange, format!("1–{most}"));
    }
    if !(1..=100).contains(&given.reward_percent) {
        fields.add_limit("rated.reward_percent", Reason::OutOfRange, "1–100");
    }
    if given.reward_places as usize > UNITS {
        fields.add_limit("rated.reward_places", Reason::OutOfRange, format!("0–{UNITS}"));
    }
    // Nobody is rewarded and held to account for the same rate.
    if given.accountability_percent >= given.reward_percent.clamp(1, 100) {
        let most = given.reward_percent.clamp(1, 100) - 1;
        fields.add_limit("rated.accountability_percent", Reason::OutOfRange, format!("0–{most}"));
    }
    Rules::Rated {
        levels,
        satisfied: given.satisfied,
        reward_percent: given.reward_percent,
        reward_places: given.reward_places,
        accountability_percent: given.accountability_percent,
        accountability_inclusive: !given.accountability_exclusive,
    }
}

fn lists(fields: &mut Fields, given: &pb::ListRules, units: usize) -> Option<Rules> {
    let most = units.clamp(1, UNITS);
    let mut within = |field: &str, number: u32, least: usize| {
        if !(least..=most).contains(&(number as usize)) {
            fields.add_limit(&format!("lists.{field}"), Reason::OutOfRange, format!("{least}–{most}"));
        }
    };
    within("nominations", given.nominations, 1);
    within("best_places", given.best_places, 0);
    within("worst_places", given.worst_places, 0);
    let pb::ListRules { nominations, best_places, worst_places } = *given;
    Some(Rules::Lists { nominations, best_places, worst_places })
}

fn weights(
    fields: &mut Fields,
    given: &[pb::GroupWeight],
    rules: Option<&Rules>,
) -> Option<Vec<(Group, u32)>> {
    if given.is_empty() {
        return None;
    }
    if matches!(rules, Some(Rules::Lists { .. })) {
        fields.add("weights", Reason::NotAllowedHere);
    }
    let (mut seen, mut weights) = (BTreeSet::new(), Vec::new());
    for (nth, weight) in given.iter().enumerate() {
        let Some(group) = group(fields, &format!("weights[{nth}].group"), weight.group) else { continue };
        if !seen.insert(group) {
            fields.add(&format!("weights[{nth}].group"), Reason::Duplicate);
        }
        if !(1..=100).contains(&weight.percent) {
            fields.add_limit(&format!("weights[{nth}].percent"), Reason::OutOfRange, "1–100");
        }
        weights.push((group, weight.percent));
    }
    let sum: u64 = given.iter().map(|weight| u64::from(weight.percent)).sum();
    if sum != 100 {
        fields.add_limit("weights", Reason::OutOfRange, "100");
    }
    Some(weights)
}

fn units(fields: &mut Fields, given: &[pb::AppraisedUnit], center: Option<&DivisionCode>) -> Vec<Unit> {
    if given.is_empty() {
        fields.add("units", Reason::Required);
    }
    if given.len() > UNITS {
        fields.add_limit("units", Reason::TooMany, UNITS);
        return Vec::new();
    }
    let mut units: Vec<Unit> = Vec::new();
    for (nth, unit) in given.iter().enumerate() {
        let field = |name: &str| format!("units[{nth}].{name}");
        let department = fields.take(&field("department"), DepartmentId::parse(&unit.department));
        let name_zh = fields.take(&field("name_zh"), text::line(&unit.name_zh, NAME_MAX));
        let name_en = fields.take(&field("name_en"), text::optional_line(&unit.name_en, NAME_MAX));
        let Some(((department, name_zh), name_en)) = department.zip(name_zh).zip(name_en) else { continue };
        if center.is_some_and(|center| department.center() != *center) {
            fields.add(&field("department"), Reason::OtherCenter);
        }
        if units.iter().any(|known| known.department == department) {
            fields.add(&field("department"), Reason::Duplicate);
        }
        units.push(Unit { department, name_zh, name_en: name_en.unwrap_or_default() });
    }
    units
}

fn group(fields: &mut Fields, field: &str, given: i32) -> Option<Group> {
    let group = pb::VoterGroup::try_from(given).unwrap_or_default();
    let group = Group::parse(group.as_str_name());
    if group.is_none() {
        fields.add(field, Reason::UnknownValue);
    }
    group
}

fn moment(fields: &mut Fields, field: &str, given: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    let Some(given) = given else {
        fields.add(field, Reason::Required);
        return None;
    };
    let moment = DateTime::from_timestamp(given.seconds, 0);
    // What is kept has a year of four digits.
    let moment = moment.filter(|at| yimen_kernel::date::YEARS.contains(&chrono::Datelike::year(at)));
    if moment.is_none() {
        fields.add(field, Reason::BadFormat);
    }
    moment
}
