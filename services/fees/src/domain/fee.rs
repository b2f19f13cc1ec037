//! The fee catalog: what may be charged, how much, and why it may.

use chrono::NaiveDate;
use yimen_kernel::{DepartmentId, Money, Parsed, Quantity, Reason};

/// The part of a published fee that decides about an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Its code.
    pub code: String,
    /// Which version this is.
    pub version: u32,
    /// Short code of the department that charges it.
    pub department: String,
    /// How much.
    pub standard: Standard,
    /// Calendar days to pay.
    pub pay_within_days: u32,
    /// First day in force.
    pub effective_from: NaiveDate,
    /// Last day in force; none: until further notice.
    pub effective_until: Option<NaiveDate>,
}

/// 收费标准.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standard {
    /// The same for every application.
    Fixed(Money),
    /// For each unit.
    PerUnit(Money),
    /// Progressive: each unit by the tier that it falls in.
    Tiered(Vec<Tier>),
}

/// One step of a progressive standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its last whole unit; none: all further units.
    pub up_to: Option<i64>,
    /// For each unit.
    pub per_unit: Money,
}

impl Fee {
    /// Whether `department` may charge it on `day` (行政许可法 art. 58, 59).
    ///
    /// # Errors
    /// `FEE_NOT_IN_FORCE`, `FEE_NOT_OF_DEPARTMENT`.
    pub fn admit(&self, department: &DepartmentId, day: NaiveDate) -> Result<(), Reason> {
        if day < self.effective_from || self.effective_until.is_some_and(|last| last < day) {
            return Err(Reason::FeeNotInForce);
        }
        let short = department.as_str().split_once('-').map(|(_, short)| short);
        if short != Some(self.department.as_str()) {
            return Err(Reason::FeeNotOfDepartment);
        }
        Ok(())
    }
}

impl Standard {
    /// The amount for a quantity, each tier to the nearest fen.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` above what is reckoned with.
    pub fn amount(&self, quantity: Quantity) -> Parsed<Money> {
        match self {
            Standard::Fixed(amount) => Ok(*amount),
            Standard::PerUnit(price) => price.times(quantity),
            Standard::Tiered(tiers) => {
                let mut total = Money::ZERO;
                let mut from = 0;
                for tier in tiers {
                    if let Some(part) = quantity.between(from, tier.up_to) {
                        total = total.plus(tier.per_unit.times(part)?)?;
                    }
                    let Some(up_to) = tier.up_to else { break };
                    from = up_to;
                }
                Ok(total)
            }
        }
    }

    /// Whether it charges by a quantity.
    pub fn is_measured(&self) -> bool {
        !matches!(self, Standard::Fixed(_))
    }

    /// Whether its tiers follow each other, the last without an end, and every price is more than nothing.
    pub fn is_sound(&self) -> bool {
        match self {
            Standard::Fixed(price) | Standard::PerUnit(price) => !price.is_zero(),
            Standard::Tiered(tiers) => {
                let rising = tiers.windows(2).all(|pair| match pair {
                    [low, high] => {
                        low.up_to.is_some_and(|end| end > 0 && high.up_to.is_none_or(|next| next > end))
                    }
                    _ => false,
                });
                let open = tiers.last().is_some_and(|last| last.up_to.is_none());
                rising && open && tiers.iter().any(|tier| !tier.per_unit.is_zero())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yuan(yuan: i64) -> Money {
        Money::from_fen(yuan * 100).unwrap()
    }

    fn tier(up_to: i64, price: i64) -> Tier {
        Tier { up_to: (up_to > 0).then_some(up_to), per_unit: yuan(price) }
    }

    /// 国办函〔2020〕109号, by page: 30 free, then 10, 20 and 40 yuan.
    #[test]
    fn tiers_charge_each_unit_by_its_own() {
        let standard = Standard::Tiered(vec![tier(30, 0), tier(100, 10), tier(200, 20), tier(0, 40)]);
        assert!(standard.is_sound());
        for (pages, expected) in [("30", 0), ("31", 10), ("250", 4_700), ("200", 2_700), ("0.5", 0)] {
            let amount = standard.amount(Quantity::parse(pages).unwrap()).unwrap();
            assert_eq!(amount, yuan(expected), "{pages}");
        }
    }

    #[test]
    fn a_fixed_fee_does_not_ask_how_much() {
        let standard = Standard::Fixed(yuan(80));
        assert_eq!(standard.amount(Quantity::parse("9").unwrap()).unwrap(), yuan(80));
        assert!(!standard.is_measured());
    }

    #[test]
    fn unsound_standards() {
        for standard in [
            Standard::Fixed(yuan(0)),
            Standard::Tiered(vec![]),
            Standard::Tiered(vec![tier(10, 1)]),
            Standard::Tiered(vec![tier(10, 1), tier(10, 2), tier(0, 3)]),
            Standard::Tiered(vec![tier(0, 1), tier(10, 2)]),
            Standard::Tiered(vec![tier(10, 0), tier(0, 0)]),
        ] {
            assert!(!standard.is_sound(), "{standard:?}");
        }
    }

    #[test]
    fn no_charge_without_a_basis_in_force() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        let fee = Fee {
            code: "road-occupation".into(),
            version: 1,
            department: "cgj".into(),
            standard: Standard::PerUnit(yuan(1)),
            pay_within_days: 15,
            effective_from: day(2),
            effective_until: Some(day(20)),
        };
        let own = DepartmentId::parse("430102-cgj").unwrap();
        assert_eq!(fee.admit(&own, day(2)), Ok(()));
        assert_eq!(fee.admit(&own, day(20)), Ok(()), "the last day counts");
        for out in [day(1), day(21)] {
            assert_eq!(fee.admit(&own, out), Err(Reason::FeeNotInForce));
        }
        let other = DepartmentId::parse("430102-jjj").unwrap();
        assert_eq!(fee.admit(&other, day(2)), Err(Reason::FeeNotOfDepartment));
    }
}
