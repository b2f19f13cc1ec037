//! The fee notice (缴费通知书): one for an application, with a line for each fee.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{
    CaseNumber, DepartmentId, DivisionCode, DocumentNumber, FieldFault, Money, PaymentCode, Quantity, Reason,
};

use super::fee::Standard;

/// The notice with what decides its next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub notice: DocumentNumber,
    /// The application's.
    pub number: CaseNumber,
    /// How far it is.
    pub state: State,
    /// Grows with every change.
    pub version: i64,
    /// What is charged.
    pub lines: Vec<Line>,
    /// What the payer gives to the bank.
    pub payment_code: PaymentCode,
}

/// How far a notice is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// 核定中: a department has still to measure.
    Measuring,
    /// 已开单: to be paid by this day.
    Issued {
        /// The last day.
        limit_on: NaiveDate,
    },
    /// 逾期未缴: was to be paid by this day.
    Overdue {
        /// The last day.
        limit_on: NaiveDate,
    },
    /// 已缴.
    Paid {
        /// The last day.
        limit_on: NaiveDate,
    },
    /// 免征.
    Waived {
        /// The last day.
        limit_on: NaiveDate,
    },
    /// 作废, before it was paid.
    Cancelled {
        /// The last day, if it had one.
        limit_on: Option<NaiveDate>,
        /// Why.
        reason: String,
    },
    /// 已退付.
    Refunded {
        /// The last day.
        limit_on: NaiveDate,
    },
}

/// One fee of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Code of the fee.
    pub fee: String,
    /// The version that it is charged by.
    pub fee_version: u32,
    /// How much a quantity costs.
    pub standard: Standard,
    /// Calendar days to pay.
    pub pay_within_days: u32,
    /// Who charges.
    pub department: DepartmentId,
    /// What was measured and what comes of it; none while it is not.
    pub charge: Option<Charge>,
}

/// What a line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Units.
    pub quantity: Quantity,
    /// As assessed.
    pub original: Money,
    /// To be paid.
    pub amount: Money,
}

/// What relief a notice gets; the amount as assessed stays known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relief {
    /// 减征: one fee comes down to this.
    Reduction {
        /// Which.
        fee: String,
        /// To what.
        to: Money,
    },
    /// 免征: nothing is to be paid.
    Waiver,
    /// 缓缴: to be paid later.
    Postponement {
        /// The new last day.
        to: NaiveDate,
    },
}

impl State {
    /// The state's name in the contract.
    pub fn as_str(&self) -> &'static str {
        match self {
            State::Measuring => "MEASURING",
            State::Issued { .. } => "ISSUED",
            State::Overdue { .. } => "OVERDUE",
            State::Paid { .. } => "PAID",
            State::Waived { .. } => "WAIVED",
            State::Cancelled { .. } => "CANCELLED",
            State::Refunded { .. } => "REFUNDED",
        }
    }

    /// The last day to pay, once there is one.
    pub fn limit_on(&self) -> Option<NaiveDate> {
        match self {
            State::Measuring => None,
            State::Cancelled { limit_on, .. } => *limit_on,
            State::Issued { limit_on }
            | State::Overdue { limit_on }
            | State::Paid { limit_on }
            | State::Waived { limit_on }
            | State::Refunded { limit_on } => Some(*limit_on),
        }
    }

    /// Whether nothing more is to be paid.
    pub fn is_closed(&self) -> bool {
        !matches!(self, State::Measuring | State::Issued { .. } | State::Overdue { .. })
    }
}

impl Line {
    /// A line of a fee, measured if its quantity is known or does not matter.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` above what is reckoned with.
    pub fn new(
        fee: &super::fee::Fee,
        department: DepartmentId,
        quantity: Option<Quantity>,
    ) -> std::result::Result<Self, FieldFault> {
        let quantity = if fee.standard.is_measured() { quantity } else { Some(Quantity::ONE) };
        let line = Line {
            fee: fee.code.clone(),
            fee_version: fee.version,
            standard: fee.standard.clone(),
            pay_within_days: fee.pay_within_days,
            department,
            charge: None,
        };
        match quantity {
            Some(quantity) => line.measured(quantity),
            None => Ok(line),
        }
    }

    fn measured(mut self, quantity: Quantity) -> std::result::Result<Self, FieldFault> {
        let amount = self.standard.amount(quantity)?;
        self.charge = Some(Charge { quantity, original: amount, amount });
        Ok(self)
    }
}

impl Notice {
    /// The center that raised it.
    pub fn center(&self) -> DivisionCode {
        self.number.center()
    }

    /// What is to be paid, of what is measured.
    ///
    /// # Errors
    /// Above what is reckoned with.
    pub fn amount(&self) -> Result<Money> {
        Money::sum(self.lines.iter().filter_map(|line| line.charge).map(|charge| charge.amount))
            .map_err(|fault| Error::invalid(vec![fault.at("amount_fen")]))
    }

    /// What was assessed, of what is measured.
    ///
    /// # Errors
    /// Above what is reckoned with.
    pub fn original(&self) -> Result<Money> {
        Money::sum(self.lines.iter().filter_map(|line| line.charge).map(|charge| charge.original))
            .map_err(|fault| Error::invalid(vec![fault.at("original_fen")]))
    }

    /// The shortest time that one of its fees gives, in calendar days.
    pub fn pay_within_days(&self) -> u32 {
        self.lines.iter().map(|line| line.pay_within_days).min().unwrap_or_default()
    }

    /// Issues it when everything is measured; `limit_on` is the last day to pay. When nothing comes of
    /// it, such as a quantity within a free tier, there is nothing to pay.
    ///
    /// # Errors
    /// Above what is reckoned with.
    pub fn issue(mut self, limit_on: NaiveDate) -> Result<Self> {
        if self.state == State::Measuring && self.lines.iter().all(|line| line.charge.is_some()) {
            let nothing = self.amount()?.is_zero();
            self.state = if nothing { State::Waived { limit_on } } else { State::Issued { limit_on } };
        }
        Ok(self)
    }

    /// The department measures its fee.
    ///
    /// # Errors
    /// `STATE_FORBIDS`; `FEE_NOT_DUE` for a fee that is not on it or was measured; `FEE_NOT_OF_DEPARTMENT`.
    pub fn measure(mut self, department: &DepartmentId, fee: &str, quantity: Quantity) -> Result<Self> {
        if self.state != State::Measuring {
            return Err(self.forbidden());
        }
        let line = self.lines.iter_mut().find(|line| line.fee == fee && line.charge.is_none());
        let line = line.ok_or_else(|| Error::precondition(Reason::FeeNotDue))?;
        if line.department != *department {
            return Err(Error::denied(Reason::FeeNotOfDepartment));
        }
        *line =
            line.clone().measured(quantity).map_err(|fault| Error::invalid(vec![fault.at("quantity")]))?;
        Ok(self.next())
    }

    /// Grants relief while it is unpaid.
    ///
    /// # Errors
    /// `STATE_FORBIDS`; `FEE_NOT_DUE`, `NOT_LESS`, `NOT_LATER`.
    pub fn relieve(mut self, relief: &Relief, today: NaiveDate) -> Result<Self> {
        let (State::Issued { limit_on } | State::Overdue { limit_on }) = self.state else {
            return Err(self.forbidden());
        };
        match relief {
            Relief::Reduction { fee, to } => {
                let line = self.lines.iter_mut().find(|line| line.fee == *fee);
                let charge = line.and_then(|line| line.charge.as_mut());
                let charge = charge.ok_or_else(|| Error::precondition(Reason::FeeNotDue))?;
                if *to >= charge.amount {
                    let limit = charge.amount.fen();
                    let fault = FieldFault::limited(Reason::NotLess, limit);
                    return Err(Error::invalid(vec![fault.at("to_fen")]));
                }
                charge.amount = *to;
            }
            Relief::Waiver => {
                for charge in self.lines.iter_mut().filter_map(|line| line.charge.as_mut()) {
                    charge.amount = Money::ZERO;
                }
            }
            Relief::Postponement { to } => {
                if *to <= limit_on || *to < today {
                    let fault = FieldFault::limited(Reason::NotLater, limit_on.max(today));
                    return Err(Error::invalid(vec![fault.at("to_limit_on")]));
                }
                self.state = State::Issued { limit_on: *to };
            }
        }
        if self.amount()?.is_zero() {
            self.state = State::Waived { limit_on };
        }
        Ok(self.next())
    }

    /// Cancels it while it is unpaid.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn cancel(mut self, reason: String) -> Result<Self> {
        if self.state.is_closed() {
            return Err(self.forbidden());
        }
        self.state = State::Cancelled { limit_on: self.state.limit_on(), reason };
        Ok(self.next())
    }

    /// Marks it as overdue when its last day has passed; none when it has not, or it is not open.
    pub fn overdue(mut self, today: NaiveDate) -> Option<Self> {
        match self.state {
            State::Issued { limit_on } if limit_on < today => {
                self.state = State::Overdue { limit_on };
                Some(self.next())
            }
            _ => None,
        }
    }

    /// It is paid.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn pay(mut self) -> Result<Self> {
        let (State::Issued { limit_on } | State::Overdue { limit_on }) = self.state else {
            return Err(self.forbidden());
        };
        self.state = State::Paid { limit_on };
        Ok(self.next())
    }

    /// All of it went back.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn refund(mut self) -> Result<Self> {
        let State::Paid { limit_on } = self.state else { return Err(self.forbidden()) };
        self.state = State::Refunded { limit_on };
        Ok(self.next())
    }

    /// What the state forbids.
    pub fn forbidden(&self) -> Error {
        Error::precondition(Reason::StateForbids).with("state", self.state.as_str())
    }

    fn next(mut self) -> Self {
        self.version += 1;
        self
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::fee::Fee;
    use super::*;

    pub fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
    }

    fn fee(code: &str, standard: Standard) -> Fee {
        Fee {
            code: code.into(),
            version: 1,
            department: "cgj".into(),
            standard,
            pay_within_days: 15,
            effective_from: day(1),
            effective_until: None,
        }
    }

    pub fn yuan(yuan: i64) -> Money {
        Money::from_fen(yuan * 100).unwrap()
    }

    fn department() -> DepartmentId {
        DepartmentId::parse("430102-cgj").unwrap()
    }

    /// 100 yuan fixed and 2 yuan a square meter, which is still to be measured.
    pub fn measuring() -> Notice {
        let center = DivisionCode::parse("430102").unwrap();
        let line = |fee: &Fee| Line::new(fee, department(), None).unwrap();
        Notice {
            notice: DocumentNumber::issue(&center, "JF", 2026, 1).unwrap(),
            number: CaseNumber::issue(&center, day(2), 1).unwrap(),
            state: State::Measuring,
            version: 1,
            lines: vec![
                line(&fee("form", Standard::Fixed(yuan(100)))),
                line(&fee("area", Standard::PerUnit(yuan(2)))),
            ],
            payment_code: PaymentCode::issue(&center, 2026, 1).unwrap(),
        }
    }

    pub fn issued() -> Notice {
        let quantity = Quantity::parse("50").unwrap();
        measuring().measure(&department(), "area", quantity).unwrap().issue(day(17)).unwrap()
    }

    #[test]
    fn it_is_issued_when_everything_is_measured() {
        assert_eq!(measuring().issue(day(17)).unwrap().state, State::Measuring);
        let other = DepartmentId::parse("430102-jjj").unwrap();
        let quantity = Quantity::parse("50").unwrap();
        let refused = measuring().measure(&other, "area", quantity).unwrap_err();
        assert_eq!(refused.reason(), Reason::FeeNotOfDepartment);
        let refused = measuring().measure(&department(), "form", quantity).unwrap_err();
        assert_eq!(refused.reason(), Reason::FeeNotDue);
        assert_eq!(issued().amount().unwrap(), yuan(200));
        assert_eq!(issued().state, State::Issued { limit_on: day(17) });
    }

    #[test]
    fn relief_keeps_what_was_assessed() {
        let to = yuan(40);
        let reduced = issued().relieve(&Relief::Reduction { fee: "area".into(), to }, day(5)).unwrap();
        assert_eq!((reduced.amount().unwrap(), reduced.original().unwrap()), (yuan(140), yuan(200)));
        let again = reduced.clone().relieve(&Relief::Reduction { fee: "area".into(), to }, day(5));
        assert_eq!(again.unwrap_err().fields()[0].reason, Reason::NotLess);
        let waived = reduced.relieve(&Relief::Waiver, day(5)).unwrap();
        assert_eq!(waived.state, State::Waived { limit_on: day(17) });
        assert_eq!(waived.original().unwrap(), yuan(200));
        assert!(waived.pay().is_err());
    }

    #[test]
    fn a_postponed_notice_is_open_again() {
        let overdue = issued().overdue(day(18)).unwrap();
        assert_eq!(issued().overdue(day(17)), None, "the last day is the payer's");
        for early in [day(17), day(16)] {
            let refused = overdue.clone().relieve(&Relief::Postponement { to: early }, day(18));
            assert_eq!(refused.unwrap_err().fields()[0].reason, Reason::NotLater);
        }
        let postponed = overdue.relieve(&Relief::Postponement { to: day(25) }, day(18)).unwrap();
        assert_eq!(postponed.state, State::Issued { limit_on: day(25) });
    }

    #[test]
    fn what_is_paid_is_not_cancelled_and_what_is_cancelled_not_paid() {
        assert!(issued().pay().unwrap().cancel("错开".into()).is_err());
        let cancelled = issued().cancel("错开".into()).unwrap();
        assert!(cancelled.clone().pay().is_err());
        assert!(cancelled.refund().is_err());
        assert!(issued().refund().is_err());
        assert!(issued().pay().unwrap().refund().is_ok());
        assert!(measuring().cancel("撤回".into()).is_ok());
    }
}
