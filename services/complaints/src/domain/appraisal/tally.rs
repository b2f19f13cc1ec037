//! From votes to what is proposed: the one function that says it, of published figures alone.

use std::collections::BTreeMap;

use yimen_kernel::error::{Error, Result};

use super::{Fraction, Group, Round, Rules};

pub use super::super::codes::Proposal;

/// The votes about one unit: of each group, for each choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes(BTreeMap<(Group, u32), u64>);

impl Votes {
    /// So many more.
    pub fn add(&mut self, group: Group, choice: u32, votes: u64) {
        *self.0.entry((group, choice)).or_default() += votes;
    }

    /// The votes of a group for a choice.
    pub fn of(&self, group: Group, choice: u32) -> u64 {
        self.0.get(&(group, choice)).copied().unwrap_or_default()
    }

    /// The votes of a group for the choices from one to another.
    pub fn between(&self, group: Group, first: u32, last: u32) -> u64 {
        (first..=last).map(|choice| self.of(group, choice)).sum()
    }

    fn all(&self, first: u32, last: u32) -> u64 {
        Group::ALL.into_iter().map(|group| self.between(group, first, last)).sum()
    }
}

/// Where a unit stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Votes that are not blank.
    pub valid: u64,
    /// RATED: those that count as satisfied.
    pub satisfied: u64,
    /// RATED: satisfied ÷ valid, or the groups' rates by their weights; none with too few votes.
    pub rate: Option<Fraction>,
    /// RATED: 1 + the units that are strictly higher; none where there is no rate.
    pub rank: Option<u32>,
    /// LISTS: votes on the list of the best, and of the worst.
    pub named: (u64, u64),
    /// LISTS: ranks on both lists; none with too few votes there.
    pub places: (Option<u32>, Option<u32>),
    /// What follows, if a person confirms it.
    pub proposals: Vec<Proposal>,
}

/// Where the units stand, in the order of the ballot. `votes` are in that order, too.
///
/// # Errors
/// `INTERNAL` if the votes are more than all people.
pub fn evaluate(round: &Round, votes: &[Votes]) -> Result<Vec<Standing>> {
    match &round.rules {
        Rules::Rated { .. } => rated(round, votes),
        Rules::Lists { .. } => Ok(listed(round, votes)),
    }
}

fn rated(round: &Round, votes: &[Votes]) -> Result<Vec<Standing>> {
    let Rules::Rated {
        satisfied,
        reward_percent,
        reward_places,
        accountability_percent,
        accountability_inclusive,
        ..
    } = round.rules
    else {
        return Ok(Vec::new());
    };
    let last = round.rules.choices();
    let mut standings = Vec::new();
    for votes in votes {
        let standing =
            Standing { valid: votes.all(1, last), satisfied: votes.all(1, satisfied), ..Standing::default() };
        let rate = if standing.valid < round.minimum.max(1) { None } else { rate(round, votes, satisfied)? };
        standings.push(Standing { rate, ..standing });
    }
    let rates: Vec<Option<Fraction>> = standings.iter().map(|standing| standing.rate).collect();
    for standing in &mut standings {
        let Some(rate) = standing.rate else { continue };
        let rank = rank(&rates, rate);
        standing.rank = Some(rank);
        if rate >= Fraction::percent(reward_percent) && rank <= reward_places {
            standing.proposals.push(Proposal::Reward);
        }
        let limit = Fraction::percent(accountability_percent);
        if rate < limit || (accountability_inclusive && rate == limit) {
            standing.proposals.push(Proposal::Accountability);
        }
    }
    Ok(standings)
}

/// Satisfied ÷ valid; with weights, each group's by its percent. A group that has a weight and no valid vote about
/// the unit leaves it without a rate: nobody else's votes stand in for it.
fn rate(round: &Round, votes: &Votes, satisfied: u32) -> Result<Option<Fraction>> {
    let last = round.rules.choices();
    let Some(weights) = &round.weights else {
        let (part, whole) = (votes.all(1, satisfied), votes.all(1, last));
        return Ok(Fraction::new(part.into(), whole.into()));
    };
    // Σ weight · s ÷ n over a common whole.
    let (mut part, mut whole) = (0_u128, 100_u128);
    for (group, weight) in weights.iter().filter(|(_, weight)| *weight > 0) {
        let of =
            Fraction::new(votes.between(*group, 1, satisfied).into(), votes.between(*group, 1, last).into());
        let Some(of) = of else { return Ok(None) };
        let (s, n) = of.terms();
        // part ÷ whole + weight · s ÷ (100 · n), where 100 divides whole.
        let more = || u128::from(*weight).checked_mul(s)?.checked_mul(whole / 100);
        let sum = || part.checked_mul(n)?.checked_add(more()?);
        let too_many = || Error::internal("more votes than can be counted");
        let next = sum().ok_or_else(too_many)?;
        whole = whole.checked_mul(n).ok_or_else(too_many)?;
        part = next;
    }
    Ok(Fraction::new(part, whole))
}

fn listed(round: &Round, votes: &[Votes]) -> Vec<Standing> {
    let Rules::Lists { best_places, worst_places, .. } = round.rules else { return Vec::new() };
    let named: Vec<(u64, u64)> = votes.iter().map(|votes| (votes.all(1, 1), votes.all(2, 2))).collect();
    let enough = |votes: u64| (votes >= round.minimum.max(1)).then_some(votes);
    let best: Vec<Option<u64>> = named.iter().map(|(best, _)| enough(*best)).collect();
    let worst: Vec<Option<u64>> = named.iter().map(|(_, worst)| enough(*worst)).collect();
    let standing = |(at, named): (usize, &(u64, u64))| {
        let place = |list: &[Option<u64>]| list.get(at).copied().flatten().map(|votes| rank(list, votes));
        let places = (place(&best), place(&worst));
        let mut proposals = Vec::new();
        if places.0.is_some_and(|place| place <= best_places) {
            proposals.push(Proposal::Reward);
        }
        if places.1.is_some_and(|place| place <= worst_places) {
            proposals.push(Proposal::Accountability);
        }
        Standing { valid: named.0 + named.1, named: *named, places, proposals, ..Standing::default() }
    };
    named.iter().enumerate().map(standing).collect()
}

/// 1 + how many are strictly higher.
fn rank<T: Ord + Copy>(all: &[Option<T>], own: T) -> u32 {
    let higher = all.iter().flatten().filter(|other| **other > own).count();
    u32::try_from(higher).unwrap_or(u32::MAX).saturating_add(1)
}
