//! The ledger: bill → bank → treasury (单位开票、银行代收、财政监管).
//!
//! Every [`Move`] takes one amount from one account to another, so debits equal credits by its very
//! shape. Money never passes through a department: a department has sub-accounts of what is owed
//! through it, and none of what was paid.
//!
//! | what happens | debit | credit |
//! |---|---|---|
//! | assessed | RECEIVABLE of the department | REVENUE of the department |
//! | relieved, cancelled | REVENUE | RECEIVABLE |
//! | paid | BANK (CASH at the counter) | RECEIVABLE |
//! | held | BANK | SUSPENSE |
//! | applied after a person looked | SUSPENSE | RECEIVABLE |
//! | returned to the payer | SUSPENSE | BANK |
//! | cash deposited at the bank | BANK | CASH |
//! | remitted, confirmed by the treasury | TREASURY | BANK |
//! | refund approved | REVENUE | REFUND_PAYABLE |
//! | refunded | REFUND_PAYABLE | TREASURY, or what was not remitted: BANK or CASH |

use yimen_kernel::{DepartmentId, Money};

use super::notice::Notice;
use super::payment::Channel;

/// 会计科目.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// 应收非税收入: billed and not paid.
    Receivable,
    /// 窗口现金: taken at the counter, not yet at the bank.
    Cash,
    /// 代收银行: at the bank, not yet at the treasury.
    Bank,
    /// 国库.
    Treasury,
    /// 非税收入.
    Revenue,
    /// 待查收入: paid, and it is not clear for what.
    Suspense,
    /// 应退款.
    RefundPayable,
}

impl Account {
    /// The account's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Account::Receivable => "RECEIVABLE",
            Account::Cash => "CASH",
            Account::Bank => "BANK",
            Account::Treasury => "TREASURY",
            Account::Revenue => "REVENUE",
            Account::Suspense => "SUSPENSE",
            Account::RefundPayable => "REFUND_PAYABLE",
        }
    }
}

/// Why something is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 核定.
    Assessed,
    /// 减免.
    Relieved,
    /// 作废.
    Cancelled,
    /// 缴款.
    Paid,
    /// 待查.
    Held,
    /// 待查转入账.
    Applied,
    /// 退回.
    Returned,
    /// 退付批准.
    RefundApproved,
    /// 退付.
    Refunded,
    /// 现金解缴银行.
    Deposited,
    /// 入库.
    Remitted,
}

impl Kind {
    /// The kind's name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Assessed => "ASSESSED",
            Kind::Relieved => "RELIEVED",
            Kind::Cancelled => "CANCELLED",
            Kind::Paid => "PAID",
            Kind::Held => "HELD",
            Kind::Applied => "APPLIED",
            Kind::Returned => "RETURNED",
            Kind::RefundApproved => "REFUND_APPROVED",
            Kind::Refunded => "REFUNDED",
            Kind::Deposited => "DEPOSITED",
            Kind::Remitted => "REMITTED",
        }
    }
}

/// An account, with the department whose sub-account it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sub {
    /// Which.
    pub account: Account,
    /// Whose.
    pub department: Option<DepartmentId>,
}

impl From<Account> for Sub {
    fn from(account: Account) -> Self {
        Self { account, department: None }
    }
}

impl Account {
    /// A department's part of it.
    pub fn of(self, department: &DepartmentId) -> Sub {
        Sub { account: self, department: Some(department.clone()) }
    }
}

/// One amount from `credit` to `debit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// What gets more.
    pub debit: Sub,
    /// What gets less.
    pub credit: Sub,
    /// How much; more than nothing.
    pub amount: Money,
}

/// Moves `amount`, if it is anything.
pub fn shift(debit: impl Into<Sub>, credit: impl Into<Sub>, amount: Money) -> Option<Move> {
    (!amount.is_zero()).then(|| Move { debit: debit.into(), credit: credit.into(), amount })
}

fn lines(notice: &Notice, book: impl Fn(&DepartmentId, Money) -> Option<Move>) -> Vec<Move> {
    let charged = notice.lines.iter().filter_map(|line| Some((&line.department, line.charge?.amount)));
    charged.filter_map(|(department, amount)| book(department, amount)).collect()
}

/// What a notice asks for.
pub fn assessed(notice: &Notice) -> Vec<Move> {
    lines(notice, |department, amount| {
        shift(Account::Receivable.of(department), Account::Revenue.of(department), amount)
    })
}

/// What a notice asks for is taken back.
pub fn cancelled(notice: &Notice) -> Vec<Move> {
    lines(notice, |department, amount| {
        shift(Account::Revenue.of(department), Account::Receivable.of(department), amount)
    })
}

/// What relief takes off, line by line.
pub fn relieved(before: &Notice, after: &Notice) -> Vec<Move> {
    let pairs = before.lines.iter().zip(&after.lines);
    pairs
        .filter_map(|(before, after)| {
            let less = before.charge?.amount.minus(after.charge?.amount).ok()?;
            shift(Account::Revenue.of(&after.department), Account::Receivable.of(&after.department), less)
        })
        .collect()
}

/// Where money is that came by a channel.
pub fn till(channel: Channel) -> Account {
    match channel {
        Channel::Cash => Account::Cash,
        Channel::Card | Channel::Bank => Account::Bank,
    }
}

/// The whole notice is paid out of `from`.
pub fn paid(notice: &Notice, from: Account) -> Vec<Move> {
    lines(notice, |department, amount| shift(from, Account::Receivable.of(department), amount))
}

/// The whole notice is to go back.
pub fn refund_approved(notice: &Notice) -> Vec<Move> {
    lines(notice, |department, amount| shift(Account::Revenue.of(department), Account::RefundPayable, amount))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::notice::Relief;
    use super::super::notice::tests::{day, issued, yuan};
    use super::*;

    fn balances(moves: &[Move]) -> BTreeMap<Account, i64> {
        let mut balances = BTreeMap::new();
        for step in moves {
            *balances.entry(step.debit.account).or_default() += step.amount.fen();
            *balances.entry(step.credit.account).or_default() -= step.amount.fen();
        }
        balances.retain(|_, balance| *balance != 0);
        balances
    }

    #[test]
    fn a_bill_goes_to_the_bank_and_to_the_treasury() {
        let notice = issued();
        let mut book = assessed(&notice);
        book.extend(paid(&notice, Account::Bank));
        book.extend(shift(Account::Treasury, Account::Bank, notice.amount().unwrap()));
        assert_eq!(
            balances(&book),
            BTreeMap::from([(Account::Treasury, 20_000), (Account::Revenue, -20_000)])
        );
        book.extend(refund_approved(&notice));
        book.extend(shift(Account::RefundPayable, Account::Treasury, notice.amount().unwrap()));
        assert_eq!(balances(&book), BTreeMap::new());
    }

    #[test]
    fn relief_and_cancellation_leave_nothing() {
        let notice = issued();
        let reduced =
            notice.clone().relieve(&Relief::Reduction { fee: "area".into(), to: yuan(30) }, day(5)).unwrap();
        let mut book = assessed(&notice);
        book.extend(relieved(&notice, &reduced));
        assert_eq!(balances(&book).get(&Account::Receivable), Some(&13_000));
        book.extend(cancelled(&reduced));
        assert_eq!(balances(&book), BTreeMap::new());
    }

    #[test]
    fn nothing_is_not_booked() {
        assert_eq!(shift(Account::Bank, Account::Cash, yuan(0)), None);
    }
}
