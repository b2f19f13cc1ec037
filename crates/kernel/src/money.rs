//! Money and quantities, in whole numbers only.

use std::fmt;

use crate::{FieldFault, Parsed, Reason};

/// The largest amount that is reckoned with: 10 billion yuan. Sums of a center's year stay far below
/// what 64 bits hold.
const MAX_FEN: i64 = 1_000_000_000_000;
/// The largest quantity, in thousandths.
const MAX_THOUSANDTHS: i64 = 1_000_000_000_000;
/// Thousandths in a unit.
const UNIT: i64 = 1_000;

/// An amount of yuan in fen (1/100 yuan), never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// An amount in fen.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` for a negative amount, or one above 10 billion yuan.
    pub fn from_fen(fen: i64) -> Parsed<Money> {
        if (0..=MAX_FEN).contains(&fen) {
            Ok(Money(fen))
        } else {
            Err(FieldFault::limited(Reason::OutOfRange, format!("0–{MAX_FEN}")))
        }
    }

    /// The amount in fen.
    pub fn fen(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` above 10 billion yuan.
    pub fn plus(self, other: Money) -> Parsed<Money> {
        Money::from_fen(self.0.saturating_add(other.0))
    }

    /// What is left.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` if `other` is more.
    pub fn minus(self, other: Money) -> Parsed<Money> {
        Money::from_fen(self.0 - other.0)
    }

    /// The sum of several amounts.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` above 10 billion yuan.
    pub fn sum(amounts: impl IntoIterator<Item = Money>) -> Parsed<Money> {
        amounts.into_iter().try_fold(Money::ZERO, Money::plus)
    }

    /// This much for each unit, to the nearest fen, half a fen upwards.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` above 10 billion yuan.
    pub fn times(self, quantity: Quantity) -> Parsed<Money> {
        let product = i128::from(self.0) * i128::from(quantity.0);
        let fen = (product + i128::from(UNIT) / 2) / i128::from(UNIT);
        Money::from_fen(i64::try_from(fen).unwrap_or(i64::MAX))
    }

    /// 大写: the amount in the capital numerals that a receipt carries, as in 壹佰捌拾捌元伍角整.
    pub fn capital(self) -> String {
        let (yuan, jiao, fen) = (self.0 / 100, self.0 / 10 % 10, self.0 % 10);
        let mut text = String::new();
        if yuan > 0 || self.0 == 0 {
            text.push_str(&capital_integer(yuan));
            text.push('元');
        }
        match (jiao, fen) {
            (0, 0) => text.push('整'),
            (jiao, 0) => {
                text.push(digit(jiao));
                text.push_str("角整");
            }
            (0, fen) => {
                if yuan > 0 {
                    text.push('零');
                }
                text.push(digit(fen));
                text.push('分');
            }
            (jiao, fen) => {
                text.push(digit(jiao));
                text.push('角');
                text.push(digit(fen));
                text.push('分');
            }
        }
        text
    }
}

/// `1234.56`: yuan with two decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

fn digit(value: i64) -> char {
    match value {
        1 => '壹',
        2 => '贰',
        3 => '叁',
        4 => '肆',
        5 => '伍',
        6 => '陆',
        7 => '柒',
        8 => '捌',
        9 => '玖',
        _ => '零',
    }
}

/// A whole number in groups of four digits: 亿, 万, and the last; 零 stands once for a gap.
fn capital_integer(value: i64) -> String {
    if value == 0 {
        return "零".to_owned();
    }
    let groups = [(value / 100_000_000 / 10_000, "万"), (value / 100_000_000 % 10_000, "亿")];
    let low = [(value / 10_000 % 10_000, "万"), (value % 10_000, "")];
    let mut text = String::new();
    let mut gap = false;
    for (group, unit) in groups.into_iter().chain(low) {
        if group == 0 {
            gap = !text.is_empty();
            continue;
        }
        if !text.is_empty() && (gap || group < 1_000) {
            text.push('零');
        }
        gap = false;
        text.push_str(&capital_group(group));
        text.push_str(unit);
    }
    text
}

fn capital_group(group: i64) -> String {
    let mut text = String::new();
    let mut gap = false;
    for (place, unit) in [(1_000, "仟"), (100, "佰"), (10, "拾"), (1, "")] {
        match group / place % 10 {
            0 => gap = !text.is_empty(),
            value => {
                if gap {
                    text.push('零');
                }
                gap = false;
                text.push(digit(value));
                text.push_str(unit);
            }
        }
    }
    text
}

/// How many units are charged, in thousandths of a unit; always more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

impl Quantity {
    /// One unit.
    pub const ONE: Quantity = Quantity(UNIT);

    /// Reads a decimal number with at most three decimals, such as `224` or `12.5`.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `BAD_FORMAT`; `OUT_OF_RANGE` for nothing or for more than a billion.
    pub fn parse(value: &str) -> Parsed<Quantity> {
        let text = value.trim();
        if text.is_empty() {
            return Err(Reason::Required.into());
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str, most| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(whole, 12) || !is_number(decimals, 3) {
            return Err(Reason::BadFormat.into());
        }
        let number = |digits: &str| digits.parse::<i64>().map_err(|_| FieldFault::new(Reason::BadFormat));
        Self::from_thousandths(number(whole)? * UNIT + number(&format!("{decimals:0<3}"))?)
    }

    /// A quantity in thousandths of a unit.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` for nothing or for more than a billion units.
    pub fn from_thousandths(thousandths: i64) -> Parsed<Quantity> {
        if (1..=MAX_THOUSANDTHS).contains(&thousandths) {
            Ok(Quantity(thousandths))
        } else {
            Err(FieldFault::limited(Reason::OutOfRange, format!("0.001–{}", MAX_THOUSANDTHS / UNIT)))
        }
    }

    /// The quantity in thousandths of a unit.
    pub fn thousandths(self) -> i64 {
        self.0
    }

    /// The part of it that lies above `from` and not above `to`, both in whole units; no `to`: all
    /// above `from`.
    pub fn between(self, from: i64, to: Option<i64>) -> Option<Quantity> {
        let top = to.map_or(self.0, |to| self.0.min(to.saturating_mul(UNIT)));
        Quantity::from_thousandths(top.saturating_sub(from.saturating_mul(UNIT))).ok()
    }
}

/// The shortest decimal number.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / UNIT, self.0 % UNIT);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn yuan(fen: i64) -> Money {
        Money::from_fen(fen).unwrap()
    }

    /// The first three are the vectors of the field; the others follow 支付结算办法's rules for
    /// 零 and 整 (at the border of 万 it leaves the choice; no 零 is written there).
    #[test]
    fn capitals() {
        for (fen, text) in [
            (10_000, "壹佰元整"),
            (18_850, "壹佰捌拾捌元伍角整"),
            (123_456, "壹仟贰佰叁拾肆元伍角陆分"),
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (1_005, "壹拾元零伍分"),
            (100_000, "壹仟元整"),
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (1_001_000, "壹万零壹拾元整"),
            (10_700_053, "壹拾万柒仟元伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_100, "壹亿零壹元整"),
            (100_000_000_000, "壹拾亿元整"),
            (3_001_000_000, "叁仟零壹万元整"),
        ] {
            assert_eq!(yuan(fen).capital(), text, "{fen}");
        }
    }

    #[test]
    fn half_a_fen_goes_up() {
        let price = yuan(1);
        assert_eq!(price.times(Quantity::parse("0.5").unwrap()).unwrap(), yuan(1));
        assert_eq!(price.times(Quantity::parse("0.499").unwrap()).unwrap(), yuan(0));
        assert_eq!(yuan(350).times(Quantity::parse("224").unwrap()).unwrap(), yuan(78_400));
    }

    #[test]
    fn quantities() {
        for (text, shown) in [("224", "224"), (" 12.5 ", "12.5"), ("0.001", "0.001"), ("007", "7")] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), shown);
        }
        for (text, reason) in [
            ("", Reason::Required),
            ("0", Reason::OutOfRange),
            ("-1", Reason::BadFormat),
            ("1.2345", Reason::BadFormat),
            ("1e3", Reason::BadFormat),
            ("１２", Reason::BadFormat),
            (".5", Reason::BadFormat),
            ("5.", Reason::BadFormat),
            ("9999999999", Reason::OutOfRange),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let most = yuan(MAX_FEN);
        assert!(most.plus(yuan(1)).is_err());
        assert!(yuan(0).minus(yuan(1)).is_err());
        assert!(most.times(Quantity::from_thousandths(MAX_THOUSANDTHS).unwrap()).is_err());
    }

    /// Reads capitals back, so that every amount is checked and not only those of the table.
    fn read_capital(text: &str) -> i64 {
        let (mut total, mut section, mut number, mut fen) = (0_i64, 0_i64, 0_i64, 0_i64);
        for c in text.chars() {
            match c {
                '零' | '整' => number = 0,
                '仟' => section += std::mem::take(&mut number) * 1_000,
                '佰' => section += std::mem::take(&mut number) * 100,
                '拾' => section += std::mem::take(&mut number) * 10,
                '万' => total += (std::mem::take(&mut section) + std::mem::take(&mut number)) * 10_000,
                '亿' => {
                    total =
                        (total + std::mem::take(&mut section) + std::mem::take(&mut number)) * 100_000_000;
                }
                '元' => fen += (total + section + std::mem::take(&mut number)) * 100,
                '角' => fen += std::mem::take(&mut number) * 10,
                '分' => fen += std::mem::take(&mut number),
                _ => number = "壹贰叁肆伍陆柒捌玖".chars().position(|d| d == c).unwrap() as i64 + 1,
            }
        }
        fen
    }

    proptest! {
        #[test]
        fn capitals_say_the_amount(fen in 0..=MAX_FEN) {
            prop_assert_eq!(read_capital(&yuan(fen).capital()), fen);
        }

        #[test]
        fn a_quantity_reads_back(thousandths in 1..=MAX_THOUSANDTHS) {
            let quantity = Quantity::from_thousandths(thousandths).unwrap();
            prop_assert_eq!(Quantity::parse(&quantity.to_string()).unwrap(), quantity);
        }

        #[test]
        fn tiers_cut_a_quantity_without_loss(thousandths in 1..10_000_000_i64, at in 1..9_000_i64) {
            let whole = Quantity::from_thousandths(thousandths).unwrap();
            let parts = [whole.between(0, Some(at)), whole.between(at, None)];
            let sum: i64 = parts.into_iter().flatten().map(Quantity::thousandths).sum();
            prop_assert_eq!(sum, thousandths);
        }
    }
}
