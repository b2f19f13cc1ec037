//! What one ballot says.

use yimen_kernel::error::Result;
use yimen_kernel::{Fields, Reason};

use super::{Level, Round, Rules};

/// What a voter says about one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The unit.
    pub department: String,
    /// A level's code; BEST or WORST; empty: blank.
    pub mark: String,
}

/// The choice of every unit, in the order of the ballot: blank where nothing is said of it.
///
/// # Errors
/// What is wrong with the marks, at `marks[i].department` and `marks[i].choice`: a unit that is not on the ballot,
/// or twice; what cannot be chosen; more names on a list than it has room.
pub fn read(round: &Round, given: &[Given]) -> Result<Vec<i16>> {
    let mut fields = Fields::new();
    let mut choices: Vec<Option<i16>> = vec![None; round.units.len()];
    if given.len() > round.units.len() {
        fields.add_limit("marks", Reason::TooMany, round.units.len());
    }
    for (nth, given) in given.iter().take(round.units.len()).enumerate() {
        let field = |name: &str| format!("marks[{nth}].{name}");
        let at = round.units.iter().position(|unit| unit.department.as_str() == given.department);
        let choice = choice(&round.rules, &given.mark);
        if choice.is_none() {
            fields.add(&field("choice"), Reason::UnknownValue);
        }
        match at.and_then(|at| choices.get_mut(at)) {
            None => fields.add(&field("department"), Reason::UnknownDepartment),
            Some(taken) if taken.is_some() => fields.add(&field("department"), Reason::Duplicate),
            Some(free) => *free = choice.or(Some(0)),
        }
    }
    let choices: Vec<i16> = choices.into_iter().map(Option::unwrap_or_default).collect();
    if let Rules::Lists { nominations, .. } = round.rules {
        for list in [1, 2] {
            let named = choices.iter().filter(|choice| **choice == list).count();
            if named > nominations as usize {
                fields.add_limit("marks", Reason::TooMany, nominations);
            }
        }
    }
    fields.build(|| Some(choices))
}

fn choice(rules: &Rules, mark: &str) -> Option<i16> {
    if mark.is_empty() {
        return Some(0);
    }
    let at = match rules {
        Rules::Rated { levels, .. } => {
            let level = Level::parse(mark)?;
            levels.iter().position(|known| *known == level)?
        }
        Rules::Lists { .. } => ["BEST", "WORST"].iter().position(|known| *known == mark)?,
    };
    i16::try_from(at + 1).ok()
}
