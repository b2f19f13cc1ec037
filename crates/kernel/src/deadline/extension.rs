//! What is added to a limit, by whom.

use crate::{FieldFault, Parsed, Reason};

/// Who approves an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authority {
    /// 本行政机关负责人 (行政许可法 art. 42(1)).
    AgencyHead,
    /// 本级人民政府负责人, for unified, joint or centralised handling (art. 42(2)).
    GovernmentHead,
}

impl Authority {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Authority::AgencyHead => "AGENCY_HEAD",
            Authority::GovernmentHead => "GOVERNMENT_HEAD",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Authority::AgencyHead, Authority::GovernmentHead]
            .into_iter()
            .find(|authority| authority.as_str() == code)
    }

    /// Who has to approve for a case that so many departments decide.
    pub fn required(departments: usize) -> Self {
        if departments > 1 { Authority::GovernmentHead } else { Authority::AgencyHead }
    }

    /// The most working days that it may add.
    pub fn most(self) -> u32 {
        match self {
            Authority::AgencyHead => 10,
            Authority::GovernmentHead => 15,
        }
    }
}

/// Days added to a limit (延长), once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    /// How many, of what the limit counts.
    pub days: u32,
    /// Who approved them.
    pub authority: Authority,
}

impl Extension {
    /// An extension that the law allows for a case which so many departments decide.
    ///
    /// # Errors
    /// `WRONG_AUTHORITY` with who it has to be; `OUT_OF_RANGE` with how many days there may be.
    pub fn checked(days: u32, authority: Authority, departments: usize) -> Parsed<Self> {
        let required = Authority::required(departments);
        if authority != required {
            return Err(FieldFault::limited(Reason::WrongAuthority, required.as_str()));
        }
        if !(1..=required.most()).contains(&days) {
            return Err(FieldFault::limited(Reason::OutOfRange, format!("1–{}", required.most())));
        }
        Ok(Self { days, authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p11_p12_who_may_add_how_much() {
        let reason = |days, authority, departments| {
            Extension::checked(days, authority, departments).map_err(|fault| fault.reason)
        };
        assert!(reason(10, Authority::AgencyHead, 1).is_ok());
        assert!(reason(15, Authority::GovernmentHead, 2).is_ok());
        assert_eq!(reason(11, Authority::AgencyHead, 1), Err(Reason::OutOfRange));
        assert_eq!(reason(16, Authority::GovernmentHead, 2), Err(Reason::OutOfRange));
        assert_eq!(reason(0, Authority::AgencyHead, 1), Err(Reason::OutOfRange));
        assert_eq!(reason(5, Authority::AgencyHead, 2), Err(Reason::WrongAuthority));
        assert_eq!(reason(5, Authority::GovernmentHead, 1), Err(Reason::WrongAuthority));
    }
}
