//! The daily three-way reconciliation (三方对账): ours, the bank's, the treasury's, by payment code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use yimen_kernel::{Money, Parsed};

/// What one side says of a payment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// All that was paid under the code.
    pub amount: Money,
    /// The day; the last one if there are several.
    pub on: NaiveDate,
}

/// One side: everything that it says, by payment code.
pub type Side = BTreeMap<String, Said>;

/// How the three sides stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// 相符.
    Match,
    /// 金额不符; what the treasury has not confirmed counts as nothing.
    AmountDiffers,
    /// 我方有、银行无.
    OnlyOurs,
    /// 银行有、我方无.
    OnlyBank,
    /// 日期不符.
    DateDiffers,
}

impl Class {
    /// Every class, in the order of the report.
    pub const ALL: [Class; 5] =
        [Class::Match, Class::AmountDiffers, Class::OnlyOurs, Class::OnlyBank, Class::DateDiffers];

    /// The class's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Match => "MATCH",
            Class::AmountDiffers => "AMOUNT_DIFFERS",
            Class::OnlyOurs => "ONLY_OURS",
            Class::OnlyBank => "ONLY_BANK",
            Class::DateDiffers => "DATE_DIFFERS",
        }
    }
}

/// One payment code with what each side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The code.
    pub payment_code: String,
    /// How they stand.
    pub class: Class,
    /// What we booked.
    pub ours: Option<Said>,
    /// What the bank reports.
    pub bank: Option<Said>,
    /// What the treasury confirms.
    pub treasury: Option<Said>,
}

/// Adds a line of a file to a side.
///
/// # Errors
/// `OUT_OF_RANGE` above what is reckoned with.
pub fn add(side: &mut Side, code: String, amount: Money, on: NaiveDate) -> Parsed<()> {
    let said = side.entry(code).or_insert(Said { amount: Money::ZERO, on });
    said.amount = said.amount.plus(amount)?;
    said.on = said.on.max(on);
    Ok(())
}

/// Compares the three sides.
///
/// The treasury confirms later than the bank reports, so its date is shown and not compared.
pub fn compare(ours: &Side, bank: &Side, treasury: &Side) -> Vec<Line> {
    let codes: BTreeSet<&String> = ours.keys().chain(bank.keys()).chain(treasury.keys()).collect();
    codes
        .into_iter()
        .map(|code| {
            let (ours, bank, treasury) =
                (ours.get(code).copied(), bank.get(code).copied(), treasury.get(code).copied());
            let class = class(ours, bank, treasury);
            Line { payment_code: code.clone(), class, ours, bank, treasury }
        })
        .collect()
}

fn class(ours: Option<Said>, bank: Option<Said>, treasury: Option<Said>) -> Class {
    match (ours, bank) {
        (None, _) => Class::OnlyBank,
        (Some(_), None) => Class::OnlyOurs,
        (Some(ours), Some(bank)) => {
            let confirmed = treasury.map_or(Money::ZERO, |said| said.amount);
            if ours.amount != bank.amount || ours.amount != confirmed {
                Class::AmountDiffers
            } else if ours.on != bank.on {
                Class::DateDiffers
            } else {
                Class::Match
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fen: i64, d: u32) -> Option<Said> {
        let on = NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        Some(Said { amount: Money::from_fen(fen).unwrap(), on })
    }

    #[test]
    fn five_classes() {
        for (ours, bank, treasury, expected) in [
            (said(100, 3), said(100, 3), said(100, 4), Class::Match),
            (said(100, 3), said(100, 3), None, Class::AmountDiffers),
            (said(100, 3), said(100, 3), said(99, 3), Class::AmountDiffers),
            (said(100, 3), said(99, 3), said(100, 3), Class::AmountDiffers),
            (said(100, 3), said(100, 4), said(100, 4), Class::DateDiffers),
            (said(100, 3), None, None, Class::OnlyOurs),
            (said(100, 3), None, said(100, 3), Class::OnlyOurs),
            (None, said(100, 3), said(100, 3), Class::OnlyBank),
            (None, None, said(100, 3), Class::OnlyBank),
        ] {
            assert_eq!(class(ours, bank, treasury), expected, "{ours:?} {bank:?} {treasury:?}");
        }
    }

    #[test]
    fn payments_under_one_code_are_one() {
        let mut side = Side::new();
        for (fen, d) in [(40, 3), (60, 5)] {
            let said = said(fen, d).unwrap();
            add(&mut side, "4301".into(), said.amount, said.on).unwrap();
        }
        assert_eq!(side["4301"], said(100, 5).unwrap());
        let lines = compare(&side, &Side::new(), &side);
        assert_eq!((lines.len(), lines[0].class), (1, Class::OnlyOurs));
    }
}
