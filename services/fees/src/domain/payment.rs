//! Payments: which settle their notice by themselves, and which wait for a person.

use chrono::NaiveDate;
use yimen_kernel::Money;
use yimen_kernel::error::Result;

use super::notice::{Notice, State};

/// How money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// 现金.
    Cash,
    /// 刷卡.
    Card,
    /// 银行.
    Bank,
}

/// Why a payment does not settle its notice by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// 逾期缴款.
    Late,
    /// 少缴.
    Partial,
    /// 多缴.
    Over,
    /// 缴款码不存在.
    UnknownCode,
    /// 通知书已结清或已作废, or not issued yet.
    NoticeClosed,
}

impl Channel {
    /// The channel's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Cash => "CASH",
            Channel::Card => "CARD",
            Channel::Bank => "BANK",
        }
    }
}

impl Anomaly {
    /// The anomaly's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Anomaly::Late => "LATE",
            Anomaly::Partial => "PARTIAL",
            Anomaly::Over => "OVER",
            Anomaly::UnknownCode => "UNKNOWN_CODE",
            Anomaly::NoticeClosed => "NOTICE_CLOSED",
        }
    }
}

/// What is odd about a payment of `amount` made on `day` for `notice`; none: it settles the notice.
///
/// What counts is the day of the payment, not the day of the bank's report.
///
/// # Errors
/// When the notice comes to more than is reckoned with.
pub fn anomaly(notice: Option<&Notice>, amount: Money, day: NaiveDate) -> Result<Option<Anomaly>> {
    let Some(notice) = notice else { return Ok(Some(Anomaly::UnknownCode)) };
    let (State::Issued { limit_on } | State::Overdue { limit_on }) = notice.state else {
        return Ok(Some(Anomaly::NoticeClosed));
    };
    let due = notice.amount()?;
    Ok(if amount < due {
        Some(Anomaly::Partial)
    } else if amount > due {
        Some(Anomaly::Over)
    } else if day > limit_on {
        Some(Anomaly::Late)
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::super::notice::tests::{day, issued, measuring, yuan};
    use super::*;

    #[test]
    fn only_the_exact_amount_in_time_settles() {
        let notice = issued();
        let judged = |notice: Option<&Notice>, amount, on| anomaly(notice, amount, on).unwrap();
        assert_eq!(judged(Some(&notice), yuan(200), day(17)), None);
        assert_eq!(judged(Some(&notice), yuan(200), day(18)), Some(Anomaly::Late));
        assert_eq!(judged(Some(&notice), yuan(199), day(5)), Some(Anomaly::Partial));
        assert_eq!(judged(Some(&notice), yuan(201), day(18)), Some(Anomaly::Over));
        assert_eq!(judged(None, yuan(200), day(5)), Some(Anomaly::UnknownCode));
        let closed = Some(Anomaly::NoticeClosed);
        assert_eq!(judged(Some(&notice.clone().pay().unwrap()), yuan(200), day(5)), closed);
        assert_eq!(judged(Some(&measuring()), yuan(100), day(5)), closed);
    }

    #[test]
    fn paid_in_time_and_reported_late_is_in_time() {
        let overdue = issued().overdue(day(18)).unwrap();
        assert_eq!(anomaly(Some(&overdue), yuan(200), day(17)).unwrap(), None);
    }
}
