//! Ids that people choose and read: departments, windows, items, materials,
//! logins. They are machine words, so nothing is trimmed or normalised.

use std::fmt;

use crate::division::is_digits;
use crate::{DivisionCode, Parsed, Reason};

/// Makes one id type: a checked string with the same few methods for all.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads an id.
            ///
            /// # Errors
            /// `REQUIRED_FIELD`, `BAD_FORMAT`.
            pub fn parse(value: &str) -> Parsed<Self> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if value.is_empty() {
                    Err(Reason::Required.into())
                } else if is_valid(value) {
                    Ok($name(value.to_owned()))
                } else {
                    Err(Reason::BadFormat.into())
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(
    /// A department seated in a center: the center's division, a hyphen, and 1 to
    /// 16 lower-case letters or digits, as in `430102-zjj`.
    DepartmentId,
    |id| in_center(id).is_some_and(|own| {
        (1..=16).contains(&own.len()) && own.bytes().all(is_lower_or_digit)
    })
);

impl DepartmentId {
    /// The center it is seated in.
    pub fn center(&self) -> DivisionCode {
        DivisionCode::leading(&self.0)
    }
}

id!(
    /// A window of a center's hall: the center's division, `-w`, and two digits,
    /// as in `430102-w07`.
    WindowId,
    |id| in_center(id)
        .and_then(|own| own.strip_prefix('w'))
        .is_some_and(|number| number.len() == 2 && is_digits(number))
);

impl WindowId {
    /// The center whose hall it stands in.
    pub fn center(&self) -> DivisionCode {
        DivisionCode::leading(&self.0)
    }
}

id!(
    /// A service item of the catalog: 1 to 40 of `a-z 0-9 -`, a letter first.
    ItemCode,
    is_catalog_code
);

id!(
    /// A material that an item asks for: 1 to 40 of `a-z 0-9 -`, a letter first.
    MaterialCode,
    is_catalog_code
);

id!(
    /// The name a member of staff signs in with: 3 to 64 of `a-z 0-9 . _ -`.
    Login,
    |login| (3..=64).contains(&login.len())
        && login.bytes().all(|b| is_lower_or_digit(b) || matches!(b, b'.' | b'_' | b'-'))
);

/// The part after the center's division and the hyphen.
fn in_center(id: &str) -> Option<&str> {
    let (center, own) = id.split_once('-')?;
    (center.len() == 6 && is_digits(center)).then_some(own)
}

fn is_catalog_code(code: &str) -> bool {
    code.len() <= 40
        && code.starts_with(|c: char| c.is_ascii_lowercase())
        && code.bytes().all(|b| is_lower_or_digit(b) || b == b'-')
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departments() {
        let id = DepartmentId::parse("430102-zjj").unwrap();
        assert_eq!(id.to_string(), "430102-zjj");
        assert_eq!(format!("{id:?}"), "DepartmentId(430102-zjj)");
        assert_eq!(id.center().as_str(), "430102");
        assert!(DepartmentId::parse("430102-abcdefgh12345678").is_ok());
        for bad in [
            "430102",
            "430102-",
            "430102-ZJJ",
            "43010-zjj",
            "430102-z_j",
            "430102-a-b",
            "430102-abcdefgh123456789",
            "４30102-zjj",
            " 430102-zjj",
        ] {
            assert!(DepartmentId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn windows() {
        assert_eq!(WindowId::parse("430102-w07").unwrap().center().as_str(), "430102");
        for bad in ["430102-07", "430102-w7", "430102-w007", "430102-wab"] {
            assert!(WindowId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn catalog_codes() {
        for good in ["a", "food-opening", "a1-", &"a".repeat(40)] {
            assert!(ItemCode::parse(good).is_ok(), "{good}");
            assert!(MaterialCode::parse(good).is_ok(), "{good}");
        }
        for bad in ["1a", "-a", "A", "a_b", "a b", "é", &"a".repeat(41)] {
            assert!(ItemCode::parse(bad).is_err(), "{bad}");
            assert!(MaterialCode::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(ItemCode::parse("").unwrap_err().reason, Reason::Required);
    }

    #[test]
    fn logins() {
        for good in ["abc", "li.si_2-x", &"a".repeat(64)] {
            assert!(Login::parse(good).is_ok(), "{good}");
        }
        for bad in ["ab", "Abc", "a b", "李四四", &"a".repeat(65)] {
            assert!(Login::parse(bad).is_err(), "{bad}");
        }
    }
}
