//! Section 9.3 of the rules, with its test set, and what its edges mean.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use yimen_kernel::{Actor, DepartmentId, DivisionCode, DocumentNumber, Reason, Role};

use super::*;

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn rules() -> Rules {
    Rules::Rated {
        levels: vec![Level::Satisfied, Level::FairlySatisfied, Level::Dissatisfied],
        satisfied: 2,
        reward_percent: 90,
        reward_places: 3,
        accountability_percent: 50,
        accountability_inclusive: true,
    }
}

fn round(units: usize) -> Round {
    let unit = |nth: usize| Unit {
        department: DepartmentId::parse(&format!("430102-d{nth}")).unwrap(),
        name_zh: format!("示例{nth}局"),
        name_en: String::new(),
    };
    Round {
        serial: 1,
        number: DocumentNumber::parse("430102-PY-2026-0000001").unwrap(),
        version: 1,
        title: "示例".into(),
        award: String::new(),
        rules: rules(),
        minimum: 30,
        weights: None,
        units: (1..=units).map(unit).collect(),
        opens_at: moment("2026-03-02T01:00:00Z"),
        closes_at: moment("2026-03-06T09:00:00Z"),
        state: State::Set,
    }
}

/// So many satisfied and not satisfied, of one group.
fn of(satisfied: u64, not: u64) -> Votes {
    let mut votes = Votes::default();
    // Both levels that count, and blanks that do not.
    votes.add(Group::Public, 1, satisfied / 2);
    votes.add(Group::Public, 2, satisfied - satisfied / 2);
    votes.add(Group::Public, 3, not);
    votes.add(Group::Public, 0, 7);
    votes
}

fn proposed(round: &Round, votes: &[Votes]) -> Vec<(Option<u32>, Vec<Proposal>)> {
    let standings = evaluate(round, votes).unwrap();
    standings.into_iter().map(|standing| (standing.rank, standing.proposals)).collect()
}

/// 26 units: 95, 92, 92, 90, 89.99, 50, 49.9 percent, and nineteen in between.
#[test]
fn the_test_set() {
    let mut votes =
        vec![of(95, 5), of(92, 8), of(9_200, 800), of(90, 10), of(8_999, 1_001), of(50, 50), of(499, 501)];
    votes.extend((0..19).map(|nth| of(60 + nth, 40 - nth)));
    let outcome = proposed(&round(26), &votes);
    let rewarded: Vec<Option<u32>> = outcome
        .iter()
        .filter(|(_, proposals)| proposals.contains(&Proposal::Reward))
        .map(|(rank, _)| *rank)
        .collect();
    assert_eq!(rewarded, [Some(1), Some(2), Some(2)]);
    assert_eq!(outcome[3], (Some(4), vec![]), "90 % is rank 4");
    assert_eq!(outcome[4], (Some(5), vec![]));
    let accountable: Vec<usize> = outcome
        .iter()
        .enumerate()
        .filter(|(_, (_, proposals))| proposals.contains(&Proposal::Accountability))
        .map(|(nth, _)| nth)
        .collect();
    assert_eq!(accountable, [5, 6], "50 and 49.9");
    assert_eq!(outcome[5].0, Some(25));
}

#[test]
fn ties_share_a_rank() {
    let outcome = proposed(&round(5), &[of(99, 1), of(95, 5), of(95, 5), of(190, 10), of(94, 6)]);
    let ranks: Vec<Option<u32>> = outcome.iter().map(|(rank, _)| *rank).collect();
    assert_eq!(ranks, [Some(1), Some(2), Some(2), Some(2), Some(5)]);
    assert_eq!(
        outcome.iter().filter(|(_, p)| p.contains(&Proposal::Reward)).count(),
        4,
        "four in the top three"
    );
    // Fewer reach ninety percent than there are places.
    let outcome = proposed(&round(3), &[of(90, 10), of(89, 11), of(80, 20)]);
    assert_eq!(outcome.iter().filter(|(_, p)| p.contains(&Proposal::Reward)).count(), 1);
}

#[test]
fn fifty_percent_or_less_includes_fifty() {
    let votes = [of(50, 50), of(499, 501), of(501, 499)];
    let held = |round: &Round| -> Vec<bool> {
        proposed(round, &votes).iter().map(|(_, p)| p.contains(&Proposal::Accountability)).collect()
    };
    let mut round = round(3);
    assert_eq!(held(&round), [true, true, false]);
    if let Rules::Rated { accountability_inclusive, .. } = &mut round.rules {
        *accountability_inclusive = false;
    }
    assert_eq!(held(&round), [false, true, false]);
}

#[test]
fn few_votes_are_no_rate() {
    let outcome = proposed(&round(3), &[of(29, 0), of(30, 0), of(0, 29)]);
    assert_eq!(outcome[0], (None, vec![]), "and it takes nobody's rank");
    assert_eq!(outcome[1], (Some(1), vec![Proposal::Reward]));
    assert_eq!(outcome[2], (None, vec![]), "nor is it held to account");
    let mut lenient = round(1);
    lenient.minimum = 0;
    assert_eq!(proposed(&lenient, &[Votes::default()]), [(None, vec![])], "nothing is no rate");
}

#[test]
fn weights_are_exact() {
    let mut round = round(3);
    round.weights = Some(vec![(Group::Public, 57), (Group::Supervisors, 43)]);
    let two = |public: u64, supervisors: u64| {
        let mut votes = of(public, 100 - public);
        votes.add(Group::Supervisors, 1, supervisors);
        votes.add(Group::Supervisors, 3, 100 - supervisors);
        votes
    };
    // 0.57 · 0.93 + 0.43 · 0.86 = 0.8999; ninety of both is ninety.
    let standings = evaluate(&round, &[two(93, 86), two(90, 90), of(95, 5)]).unwrap();
    assert_eq!(standings[0].rate.unwrap().terms(), (8_999, 10_000));
    assert_eq!(standings[1].rate.unwrap().terms(), (9, 10));
    assert_eq!((standings[0].rank, standings[1].rank), (Some(2), Some(1)));
    assert_eq!(standings[1].proposals, [Proposal::Reward]);
    assert_eq!(standings[2].rate, None, "no supervisor voted, and nobody stands in");
}

#[test]
fn both_lists_are_counted_by_themselves() {
    let mut round = round(6);
    round.rules = Rules::Lists { nominations: 4, best_places: 4, worst_places: 1 };
    round.minimum = 5;
    let votes = [(90, 2), (80, 0), (70, 70), (70, 1), (60, 70), (4, 3)].map(|(best, worst)| {
        let mut votes = Votes::default();
        votes.add(Group::Public, 1, best);
        votes.add(Group::Deputies, 2, worst);
        votes.add(Group::Public, 0, 100);
        votes
    });
    let standings = evaluate(&round, &votes).unwrap();
    let places: Vec<_> = standings.iter().map(|standing| standing.places).collect();
    assert_eq!(
        places,
        [
            (Some(1), None),
            (Some(2), None),
            (Some(3), Some(1)),
            (Some(3), None),
            (Some(5), Some(1)),
            (None, None)
        ]
    );
    assert_eq!(standings[2].proposals, [Proposal::Reward, Proposal::Accountability], "both are true of it");
    assert_eq!(standings[4].proposals, [Proposal::Accountability]);
}

fn given(department: &str, mark: &str) -> Given {
    Given { department: department.into(), mark: mark.into() }
}

#[test]
fn what_is_not_marked_is_blank() {
    let marks = [given("430102-d3", "DISSATISFIED"), given("430102-d1", "SATISFIED"), given("430102-d2", "")];
    assert_eq!(read(&round(4), &marks).unwrap(), [1, 0, 3, 0]);
    assert_eq!(read(&round(2), &[]).unwrap(), [0, 0]);
}

#[test]
fn every_wrong_mark_is_named() {
    let marks = [
        given("430102-d1", "SATISFIED"),
        given("430102-d1", "SATISFIED"),
        given("430102-x", "SATISFIED"),
        given("430102-d2", "VERY_SATISFIED"),
    ];
    let refused = read(&round(4), &marks).unwrap_err();
    let named: Vec<(&str, Reason)> =
        refused.fields().iter().map(|fault| (fault.field.as_str(), fault.reason)).collect();
    assert_eq!(
        named,
        [
            ("marks[1].department", Reason::Duplicate),
            ("marks[2].department", Reason::UnknownDepartment),
            ("marks[3].choice", Reason::UnknownValue)
        ]
    );
    let mut lists = round(3);
    lists.rules = Rules::Lists { nominations: 1, best_places: 1, worst_places: 0 };
    assert_eq!(read(&lists, &[given("430102-d1", "BEST"), given("430102-d2", "WORST")]).unwrap(), [1, 2, 0]);
    let refused = read(&lists, &[given("430102-d1", "BEST"), given("430102-d2", "BEST")]).unwrap_err();
    assert_eq!(refused.fields()[0].reason, Reason::TooMany);
}

#[test]
fn the_clock_opens_and_closes() {
    let round = round(1);
    let refused = |at: &str| round.voting(moment(at)).err().map(|error| error.reason());
    assert_eq!(refused("2026-03-02T00:59:59Z"), Some(Reason::VoteEarly));
    assert_eq!(refused("2026-03-02T01:00:00Z"), None);
    assert_eq!(refused("2026-03-06T08:59:59Z"), None);
    assert_eq!(refused("2026-03-06T09:00:00Z"), Some(Reason::VoteLate));
    let early = round.voting(moment("2026-03-01T00:00:00Z")).unwrap_err();
    assert_eq!(early.metadata()["opens_at"], "2026-03-02 09:00", "China's time");
    assert!(round.preparing(moment("2026-03-01T00:00:00Z")).is_ok());
    let late = round.preparing(moment("2026-03-02T01:00:00Z")).unwrap_err();
    assert_eq!(late.metadata()["state"], "VOTING");
    assert!(round.counted(moment("2026-03-07T00:00:00Z")).is_err(), "closed, not counted");
}

#[test]
fn nobody_runs_a_round_about_oneself() {
    let supervisor = |department: Option<&str>, center: &str| Actor {
        subject: "s".into(),
        roles: vec![Role::Supervisor],
        center: DivisionCode::parse(center).ok(),
        department: department.and_then(|id| DepartmentId::parse(id).ok()),
        ..Actor::anonymous()
    };
    let round = round(2);
    let refused = |actor: &Actor| round.manage(actor).err().map(|error| error.reason());
    assert_eq!(refused(&supervisor(None, "430102")), None);
    assert_eq!(refused(&supervisor(None, "430100")), None, "the city's");
    assert_eq!(refused(&supervisor(None, "430103")), Some(Reason::OtherCenter));
    assert_eq!(refused(&supervisor(Some("430102-d2"), "430102")), Some(Reason::Recused));
    let approver = Actor { roles: vec![Role::Approver], ..supervisor(None, "430102") };
    assert_eq!(refused(&approver), Some(Reason::OtherCenter));
}

proptest! {
    /// Whatever is voted, the outcome is what section 9.3 says in integers.
    #[test]
    fn outcomes_are_what_the_integers_say(
        counts in prop::collection::vec((0..500_u64, 0..500_u64), 1..30), minimum in 0..60_u64,
    ) {
        let mut round = round(counts.len());
        round.minimum = minimum;
        let votes: Vec<Votes> = counts.iter().map(|(yes, no)| of(*yes, *no)).collect();
        let rated = |(yes, no): &(u64, u64)| yes + no >= minimum.max(1);
        for (standing, own) in evaluate(&round, &votes).unwrap().iter().zip(&counts) {
            let (s, n) = (own.0, own.0 + own.1);
            let higher = counts.iter().filter(|other| rated(other) && other.0 * n > s * (other.0 + other.1)).count();
            let is_rated = rated(own);
            prop_assert_eq!(standing.rank, is_rated.then_some(higher as u32 + 1));
            let rewarded = is_rated && 100 * s >= 90 * n && higher < 3;
            prop_assert_eq!(standing.proposals.contains(&Proposal::Reward), rewarded);
            prop_assert_eq!(standing.proposals.contains(&Proposal::Accountability), is_rated && 100 * s <= 50 * n);
        }
    }
}
