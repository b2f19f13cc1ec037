//! Rounds as messages.

use chrono::{DateTime, Utc};
use yimen_proto::complaints::v1 as pb;

use crate::app::timestamp;
use crate::domain::appraisal::{Group, Level, Round, Rules, Standing, Votes};
use crate::store::appraisal::counting::Turnout;
use crate::store::appraisal::outcomes::Outcome;
use crate::store::appraisal::rounds::{Kept, Noted};

/// A round without what was counted.
pub fn round(kept: &Kept, now: DateTime<Utc>) -> pb::AppraisalRound {
    let Kept { round, noted } = kept;
    let (rated, lists) = rules(&round.rules);
    let weights = round.weights.iter().flatten().filter(|(_, percent)| *percent > 0);
    let phase = round.phase(now).as_str();
    pb::AppraisalRound {
        round: round.number.to_string(),
        center: round.center().to_string(),
        kind: pb::appraisal_round::Kind::from_str_name(round.rules.kind()).unwrap_or_default().into(),
        title: round.title.clone(),
        award: round.award.clone(),
        rated,
        lists,
        minimum: round.minimum,
        weights: weights
            .map(|(of, percent)| pb::GroupWeight { group: group(*of).into(), percent: *percent })
            .collect(),
        units: round
            .units
            .iter()
            .map(|unit| pb::AppraisedUnit {
                department: unit.department.to_string(),
                name_zh: unit.name_zh.clone(),
                name_en: unit.name_en.clone(),
            })
            .collect(),
        open_time: Some(timestamp(round.opens_at)),
        close_time: Some(timestamp(round.closes_at)),
        phase: pb::appraisal_round::Phase::from_str_name(phase).unwrap_or_default().into(),
        draw: noted.draw.as_ref().map(|draw| pb::ServiceUserDraw {
            // Until then units, who know the numbers of their cases, could find out who is to vote.
            seed: noted.counted_at.map(|_| draw.seed.clone()).unwrap_or_default(),
            population: u64::try_from(draw.population).unwrap_or_default(),
            population_digest: hex(&draw.population_digest),
        }),
        issued: Vec::new(),
        result: None,
        cancel_reason: noted.cancel_reason.clone(),
    }
}

fn rules(rules: &Rules) -> (Option<pb::RatedRules>, Option<pb::ListRules>) {
    match rules {
        Rules::Rated {
            levels,
            satisfied,
            reward_percent,
            reward_places,
            accountability_percent,
            accountability_inclusive,
        } => {
            let rated = pb::RatedRules {
                levels: levels.iter().map(|level| self::level(*level).into()).collect(),
                satisfied: *satisfied,
                reward_percent: *reward_percent,
                reward_places: *reward_places,
                accountability_percent: *accountability_percent,
                accountability_exclusive: !accountability_inclusive,
            };
            (Some(rated), None)
        }
        Rules::Lists { nominations, best_places, worst_places } => {
            let (nominations, best_places, worst_places) = (*nominations, *best_places, *worst_places);
            (None, Some(pb::ListRules { nominations, best_places, worst_places }))
        }
    }
}

/// What was counted of each unit, in the order of the ballot.
pub fn units(round: &Round, votes: &[Votes], standings: &[Standing]) -> Vec<pb::UnitResult> {
    let of = round.units.iter().zip(votes).zip(standings);
    of.map(|((unit, votes), standing)| {
        let (rate_part, rate_whole) = standing
            .rate
            .map(|rate| rate.terms())
            .map_or_else(Default::default, |(part, whole)| (part.to_string(), whole.to_string()));
        pb::UnitResult {
            department: unit.department.to_string(),
            votes: counts(&round.rules, votes),
            valid: standing.valid,
            satisfied: standing.satisfied,
            rate_part,
            rate_whole,
            rate_hundredths: standing.rate.map(|rate| rate.hundredths()).unwrap_or_default(),
            rank: standing.rank.unwrap_or_default(),
            best: standing.named.0,
            worst: standing.named.1,
            best_rank: standing.places.0.unwrap_or_default(),
            worst_rank: standing.places.1.unwrap_or_default(),
            outcomes: Vec::new(),
        }
    })
    .collect()
}

fn counts(rules: &Rules, votes: &Votes) -> Vec<pb::VoteCount> {
    let names: Vec<&str> = match rules {
        Rules::Rated { levels, .. } => {
            std::iter::once("").chain(levels.iter().map(|level| level.as_str())).collect()
        }
        Rules::Lists { .. } => vec!["", "BEST", "WORST"],
    };
    let mut counts = Vec::new();
    for of in Group::ALL {
        if votes.between(of, 0, rules.choices()) == 0 {
            continue;
        }
        for (choice, name) in (0..).zip(&names) {
            let votes = votes.of(of, choice);
            counts.push(pb::VoteCount { group: group(of).into(), choice: (*name).to_owned(), votes });
        }
    }
    counts
}

/// What was counted.
pub fn result(noted: &Noted, turnouts: Vec<Turnout>, units: Vec<pb::UnitResult>) -> pb::AppraisalResult {
    let turnout = |turnout: Turnout| pb::GroupTurnout {
        group: group(turnout.group).into(),
        issued: turnout.issued,
        spent: turnout.spent,
    };
    pb::AppraisalResult {
        turnouts: turnouts.into_iter().map(turnout).collect(),
        refused: noted.refused,
        units,
        count_time: noted.counted_at.map(timestamp),
        publish_time: noted.published_at.map(timestamp),
    }
}

/// What is proposed for a unit; the case that was opened only for supervisors.
pub fn outcome(row: Outcome, is_office: bool) -> pb::AppraisalOutcome {
    use pb::appraisal_outcome::{Proposal, State};

    let case = row.accountability_case.filter(|_| is_office);
    pb::AppraisalOutcome {
        proposal: Proposal::from_str_name(&row.proposal).unwrap_or_default().into(),
        state: State::from_str_name(&row.state).unwrap_or_default().into(),
        reason: row.reason,
        decide_time: row.decided_at.map(timestamp),
        accountability_case: case.unwrap_or_default(),
    }
}

/// How many tokens a group has.
pub fn issued((of, issued): (Group, u64)) -> pb::GroupTurnout {
    pb::GroupTurnout { group: group(of).into(), issued, spent: 0 }
}

/// A group on the wire.
pub fn group(group: Group) -> pb::VoterGroup {
    pb::VoterGroup::from_str_name(group.as_str()).unwrap_or_default()
}

fn level(level: Level) -> pb::SatisfactionLevel {
    pb::SatisfactionLevel::from_str_name(level.as_str()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _a_string_takes_all = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use yimen_kernel::{DepartmentId, DocumentNumber};

    use super::*;
    use crate::domain::appraisal::{State, Unit, evaluate};

    /// What anyone does with a publication: takes its rules and counts, and sees whether its rates, ranks and
    /// proposals follow.
    fn recomputed(published: &pb::AppraisalRound, result: &[pb::UnitResult]) -> Vec<Standing> {
        let rated = published.rated.clone().unwrap();
        let levels: Vec<Level> =
            rated.levels().map(|level| Level::parse(level.as_str_name()).unwrap()).collect();
        let place = |choice: &str| {
            let known = levels.iter().position(|level| level.as_str() == choice);
            known.map_or(0, |at| u32::try_from(at).unwrap() + 1)
        };
        let votes: Vec<Votes> = result
            .iter()
            .map(|unit| {
                let mut votes = Votes::default();
                for count in &unit.votes {
                    let group = Group::parse(count.group().as_str_name()).unwrap();
                    votes.add(group, place(&count.choice), count.votes);
                }
                votes
            })
            .collect();
        let round = Round {
            rules: Rules::Rated {
                levels: levels.clone(),
                satisfied: rated.satisfied,
                reward_percent: rated.reward_percent,
                reward_places: rated.reward_places,
                accountability_percent: rated.accountability_percent,
                accountability_inclusive: !rated.accountability_exclusive,
            },
            minimum: published.minimum,
            weights: (!published.weights.is_empty()).then(|| {
                let weight = |weight: &pb::GroupWeight| {
                    (Group::parse(weight.group().as_str_name()).unwrap(), weight.percent)
                };
                published.weights.iter().map(weight).collect()
            }),
            ..sample(result.len(), None, 0)
        };
        evaluate(&round, &votes).unwrap()
    }

    fn sample(units: usize, weights: Option<Vec<(Group, u32)>>, minimum: u64) -> Round {
        let unit = |nth: usize| Unit {
            department: DepartmentId::parse(&format!("430102-d{nth}")).unwrap(),
            name_zh: "示例".into(),
            name_en: String::new(),
        };
        Round {
            serial: 1,
            number: DocumentNumber::parse("430102-PY-2026-0000001").unwrap(),
            version: 1,
            title: "示例".into(),
            award: String::new(),
            rules: Rules::Rated {
                levels: vec![Level::Satisfied, Level::FairlySatisfied, Level::Dissatisfied],
                satisfied: 2,
                reward_percent: 90,
                reward_places: 3,
                accountability_percent: 50,
                accountability_inclusive: true,
            },
            minimum,
            weights,
            units: (1..=units).map(unit).collect(),
            opens_at: DateTime::UNIX_EPOCH,
            closes_at: DateTime::UNIX_EPOCH,
            state: State::Counted,
        }
    }

    fn group() -> impl Strategy<Value = Group> {
        prop::sample::select(Group::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn a_publication_recomputes(
            all in prop::collection::vec(prop::collection::vec((group(), 0..4_u32, 0..2_000_u64), 0..12), 1..30),
            share in 1..100_u32, is_weighted in any::<bool>(), minimum in 0..100_u64,
        ) {
            let votes: Vec<Votes> = all
                .iter()
                .map(|given| {
                    let mut votes = Votes::default();
                    given.iter().for_each(|(group, choice, count)| votes.add(*group, *choice, *count));
                    votes
                })
                .collect();
            let weights = is_weighted.then(|| vec![(Group::Public, share), (Group::Deputies, 100 - share)]);
            let round = sample(votes.len(), weights, minimum);
            let standings = evaluate(&round, &votes).unwrap();
            let published = super::round(
                &Kept { round: round.clone(), noted: Noted::default() },
                DateTime::UNIX_EPOCH,
            );
            let again = recomputed(&published, &units(&round, &votes, &standings));
            prop_assert_eq!(again, standings);
        }
    }
}
