//! Exact fractions: a rate is compared, never rounded.

use std::cmp::Ordering;

/// A part of a whole that is not nothing.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    part: u128,
    whole: u128,
}

impl Fraction {
    /// `part` of `whole`; none of nothing.
    pub fn new(part: u128, whole: u128) -> Option<Self> {
        (whole > 0).then_some(Self { part, whole })
    }

    /// So many percent.
    pub fn percent(percent: u32) -> Self {
        Self { part: percent.into(), whole: 100 }
    }

    /// In lowest terms: part and whole.
    pub fn terms(self) -> (u128, u128) {
        let divisor = divisor(self.part, self.whole).max(1);
        (self.part / divisor, self.whole / divisor)
    }

    /// Hundredths of a percent, rounded half up: to be shown, never to be compared.
    pub fn hundredths(self) -> u32 {
        let (part, whole) = self.terms();
        // Terms beyond this are shortened alike, which no shown digit can tell.
        let down = 16_u32.saturating_sub(whole.leading_zeros());
        let (part, whole) = (part >> down, (whole >> down).max(1));
        u32::try_from((part * 20_000 + whole) / (2 * whole)).unwrap_or(u32::MAX)
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    /// By cross-multiplication where that fits, else as Euclid would: whole parts first, then what remains,
    /// upside down.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut one, mut two) = (*self, *other);
        let mut is_turned = false;
        loop {
            let crossed = one.part.checked_mul(two.whole).zip(two.part.checked_mul(one.whole));
            let ordering = match crossed {
                Some((left, right)) => Some(left.cmp(&right)),
                None => match (one.part / one.whole).cmp(&(two.part / two.whole)) {
                    Ordering::Equal => None,
                    unequal => Some(unequal),
                },
            };
            if let Some(ordering) = ordering {
                return if is_turned { ordering.reverse() } else { ordering };
            }
            let (left, right) = (one.part % one.whole, two.part % two.whole);
            if left == 0 || right == 0 {
                let ordering = left.cmp(&right);
                return if is_turned { ordering.reverse() } else { ordering };
            }
            (one, two) = (Self { part: one.whole, whole: left }, Self { part: two.whole, whole: right });
            is_turned = !is_turned;
        }
    }
}

fn divisor(one: u128, other: u128) -> u128 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(part: u128, whole: u128) -> Fraction {
        Fraction::new(part, whole).unwrap()
    }

    #[test]
    fn what_does_not_fit_is_compared_all_the_same() {
        let huge = u128::MAX / 3;
        assert!(of(huge - 1, huge) < of(huge, huge));
        assert!(of(huge, huge - 1) > of(huge + 1, huge));
        assert_eq!(of(huge, huge), of(huge - 7, huge - 7));
        assert_eq!(of(huge / 10 * 9, huge / 10 * 10), Fraction::percent(90));
        assert_eq!(Fraction::new(1, 0), None);
    }

    #[test]
    fn shown_figures() {
        for (part, whole, shown) in
            [(9, 10, 9_000), (8_999, 10_000, 8_999), (2, 3, 6_667), (1, 3, 3_333), (0, 7, 0), (7, 7, 10_000)]
        {
            assert_eq!(of(part, whole).hundredths(), shown);
        }
        let huge = u128::MAX / 3;
        assert_eq!(of(huge / 2, huge).hundredths(), 5_000);
        assert_eq!(of(huge - 1, huge).hundredths(), 10_000);
    }

    proptest! {
        #[test]
        fn as_cross_multiplication_has_it(
            a in 0..u128::from(u64::MAX), b in 1..u128::from(u64::MAX),
            c in 0..u128::from(u64::MAX), d in 1..u128::from(u64::MAX), scale in 1..(1_u128 << 60),
        ) {
            let expected = (a * d).cmp(&(c * b));
            prop_assert_eq!(of(a, b).cmp(&of(c, d)), expected);
            prop_assert_eq!(of(a * scale, b * scale).cmp(&of(c, d)), expected);
            prop_assert_eq!(of(a * scale, b * scale).terms(), of(a, b).terms());
        }
    }
}
