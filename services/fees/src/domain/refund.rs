//! Refunds (退付): the counter applies, the departments that charged verify, finance approves, the money
//! goes back.

use yimen_kernel::DepartmentId;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

/// A refund of a whole notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// How far it is.
    pub state: State,
    /// Grows with every change.
    pub version: i64,
    /// The departments that charged.
    pub departments: Vec<DepartmentId>,
    /// Those of them that verified.
    pub verified: Vec<DepartmentId>,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 申请.
    Applied,
    /// 单位已核实.
    Verified,
    /// 财政已批准.
    Approved,
    /// 已退付.
    PaidBack,
    /// 不予退付.
    Rejected,
}

impl State {
    /// The state's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Applied => "APPLIED",
            State::Verified => "VERIFIED",
            State::Approved => "APPROVED",
            State::PaidBack => "PAID_BACK",
            State::Rejected => "REJECTED",
        }
    }
}

impl Refund {
    /// A department verifies; with the last of them the refund is verified.
    ///
    /// # Errors
    /// `NOT_A_PARTY`, `STATE_FORBIDS`, `ALREADY_VERIFIED`.
    pub fn verify(mut self, department: &DepartmentId) -> Result<Self> {
        if !self.departments.contains(department) {
            return Err(Error::denied(Reason::NotAParty));
        }
        self.require(State::Applied)?;
        if self.verified.contains(department) {
            return Err(Error::precondition(Reason::AlreadyVerified));
        }
        self.verified.push(department.clone());
        if self.departments.iter().all(|department| self.verified.contains(department)) {
            self.state = State::Verified;
        }
        Ok(self.next())
    }

    /// Finance approves, once it is verified.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn approve(mut self) -> Result<Self> {
        self.require(State::Verified)?;
        self.state = State::Approved;
        Ok(self.next())
    }

    /// Finance rejects, before or after it is verified.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn reject(mut self) -> Result<Self> {
        if self.state != State::Applied {
            self.require(State::Verified)?;
        }
        self.state = State::Rejected;
        Ok(self.next())
    }

    /// The money went back.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn pay(mut self) -> Result<Self> {
        self.require(State::Approved)?;
        self.state = State::PaidBack;
        Ok(self.next())
    }

    fn require(&self, state: State) -> Result<()> {
        if self.state == state {
            return Ok(());
        }
        Err(Error::precondition(Reason::StateForbids).with("state", self.state.as_str()))
    }

    fn next(mut self) -> Self {
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund() -> (Refund, [DepartmentId; 2]) {
        let departments = ["430102-cgj", "430102-jjj"].map(|id| DepartmentId::parse(id).unwrap());
        let refund =
            Refund { state: State::Applied, version: 1, departments: departments.to_vec(), verified: vec![] };
        (refund, departments)
    }

    #[test]
    fn every_department_verifies_before_finance_approves() {
        let (refund, [first, second]) = refund();
        assert!(refund.clone().approve().is_err());
        let half = refund.verify(&first).unwrap();
        assert_eq!(half.state, State::Applied);
        assert_eq!(half.clone().verify(&first).unwrap_err().reason(), Reason::AlreadyVerified);
        let stranger = DepartmentId::parse("430102-zjj").unwrap();
        assert_eq!(half.clone().verify(&stranger).unwrap_err().reason(), Reason::NotAParty);
        let whole = half.verify(&second).unwrap();
        assert!(whole.clone().pay().is_err());
        assert_eq!(whole.approve().unwrap().pay().unwrap().state, State::PaidBack);
    }

    #[test]
    fn what_is_rejected_or_approved_stays_so() {
        let (refund, [first, second]) = refund();
        assert!(refund.clone().reject().unwrap().verify(&first).is_err());
        let approved = refund.verify(&first).unwrap().verify(&second).unwrap().approve().unwrap();
        assert!(approved.reject().is_err());
    }
}
