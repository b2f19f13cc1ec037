//! Money: the ledger balances and agrees with notices and payments; one receipt for each settled notice;
//! no receipt number is missing; what is to be paid holds up nothing that is not to be paid.

use sqlx::FromRow;

use super::{Faults, Finding, Look, Unreadable};

/// The sums of one application's accounts, beside what its notice says. Debits less credits.
#[derive(Debug, FromRow)]
struct Book {
    notice: String,
    state: String,
    /// What the lines ask for.
    due: i64,
    /// What was applied to it, less what of that went back at once.
    paid: i64,
    /// Receipts that count, and their amount.
    receipts: i64,
    receipted: i64,
    receivable: i64,
    revenue: i64,
    money: i64,
    refund_payable: i64,
    /// Whether a refund of it was approved.
    refunding: bool,
}

/// What is wrong with an application's accounts.
fn book_faults(book: &Book) -> Vec<String> {
    let Book { notice, state, due, paid, receipts, receivable, revenue, money, .. } = book;
    let mut faults = Vec::new();
    let mut expect = |what: &str, found: i64, expected: i64| {
        if found != expected {
            faults.push(format!("{notice} ({state}) has {found} fen {what} and not {expected}"));
        }
    };
    let was_paid = matches!(state.as_str(), "PAID" | "REFUNDED");
    let is_open = matches!(state.as_str(), "ISSUED" | "OVERDUE");
    expect("applied to it", *paid, if was_paid { *due } else { 0 });
    expect("receivable", *receivable, if is_open { *due } else { 0 });
    let earned = match state.as_str() {
        "ISSUED" | "OVERDUE" => -due,
        "PAID" if !book.refunding => -due,
        _ => 0,
    };
    expect("of revenue", *revenue, earned);
    expect(
        "of refund payable",
        book.refund_payable,
        if state == "PAID" && book.refunding { -due } else { 0 },
    );
    expect("in cash, bank and treasury", *money, if state == "PAID" { *due } else { 0 });
    expect("on its receipt", book.receipted, if was_paid { *due } else { 0 });
    if *receipts != i64::from(was_paid) {
        faults.push(format!("{notice} ({state}) has {receipts} receipts"));
    }
    faults
}

/// Each application's accounts against its notice, its payments and its receipt.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    // One statement sees one state of the database.
    let books: Vec<Book> = sqlx::query_as(
        "with side as (
           select number, debit as account, amount_fen as fen from fees.entry where number is not null
           union all
           select number, credit, -amount_fen from fees.entry where number is not null),
         sums as (
           select number,
             coalesce(sum(fen) filter (where account = 'RECEIVABLE'), 0)::bigint as receivable,
             coalesce(sum(fen) filter (where account = 'REVENUE'), 0)::bigint as revenue,
             coalesce(sum(fen) filter (where account = 'SUSPENSE'), 0)::bigint as suspense,
             coalesce(sum(fen) filter (where account in ('CASH', 'BANK', 'TREASURY')), 0)::bigint as money,
             coalesce(sum(fen) filter (where account = 'REFUND_PAYABLE'), 0)::bigint as refund_payable
           from side group by number)
         select n.notice, n.state,
           (select coalesce(sum(l.amount_fen), 0)::bigint from fees.line l where l.notice = n.notice) as due,
           (select coalesce(sum(p.amount_fen), 0)::bigint - coalesce(max(p.returned_fen), 0) from fees.payment p
            where p.notice = n.notice and p.state = 'APPLIED') as paid,
           (select count(*) from fees.receipt r where r.notice = n.notice and r.state <> 'SPOILED') as receipts,
           (select coalesce(sum(r.amount_fen), 0)::bigint from fees.receipt r
            where r.notice = n.notice and r.state <> 'SPOILED') as receipted,
           coalesce(s.receivable, 0) as receivable, coalesce(s.revenue, 0) as revenue,
           coalesce(s.money, 0) + coalesce(s.suspense, 0) as money,
           coalesce(s.refund_payable, 0) as refund_payable,
           exists (select 1 from fees.refund f where f.notice = n.notice and f.state in ('APPROVED', 'PAID_BACK'))
             as refunding
         from fees.notice n left join sums s on s.number = n.number order by n.notice",
    )
    .fetch_all(&mut *look.fees().await?)
    .await?;
    books.iter().flat_map(book_faults).for_each(|fault| faults.add(fault));
    whole(look, &mut faults).await?;
    let receipts = series(look, &mut faults).await?;
    applications(look, &mut faults).await?;
    let counts = format!("{} notices, {receipts} receipts, debits equal credits", books.len());
    Ok(faults.finding("fees", counts))
}

/// All accounts together, and the suspense account against the payments that wait.
async fn whole(look: &Look<'_>, faults: &mut Faults) -> Result<(), Unreadable> {
    let (debits, credits, suspense, held, negative): (i64, i64, i64, i64, i64) = sqlx::query_as(
        "with side as (
           select center, debit as account, debit_department as department, amount_fen as debit, 0::bigint as credit
           from fees.entry
           union all
           select center, credit, credit_department, 0, amount_fen from fees.entry),
         account as (
           select center, account, department, sum(debit)::bigint as debit, sum(credit)::bigint as credit
           from side group by center, account, department)
         select coalesce((select sum(debit) from account), 0)::bigint,
           coalesce((select sum(credit) from account), 0)::bigint,
           coalesce((select sum(credit - debit) from account where account = 'SUSPENSE'), 0)::bigint,
           (select coalesce(sum(amount_fen), 0) from fees.payment where state = 'HELD')::bigint,
           (select count(*) from account where account in ('RECEIVABLE', 'CASH', 'TREASURY') and debit < credit)",
    )
    .fetch_one(&mut *look.fees().await?)
    .await?;
    if debits != credits {
        faults.add(format!("debits are {debits} fen and credits {credits}"));
    }
    if suspense != held {
        faults.add(format!("{suspense} fen are in suspense and payments of {held} wait for a person"));
    }
    if negative > 0 {
        faults.add(format!("{negative} accounts have less than nothing"));
    }
    Ok(())
}

/// Receipt numbers run from 1 without a gap in each center's year.
async fn series(look: &Look<'_>, faults: &mut Faults) -> Result<i64, Unreadable> {
    let series: Vec<(String, i32, i64, i32, i32)> = sqlx::query_as(
        "select s.center, s.year, count(r.serial), coalesce(max(r.serial), 0), s.last
         from fees.receipt_series s left join fees.receipt r on r.center = s.center and r.year = s.year
         group by s.center, s.year, s.last",
    )
    .fetch_all(&mut *look.fees().await?)
    .await?;
    for (center, year, count, highest, last) in &series {
        if *count != i64::from(*highest) || highest != last {
            faults.add(format!(
                "{center} issued {count} receipts in {year}, numbered up to {highest} of {last}"
            ));
        }
    }
    let (receipts, outside): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where not exists (
           select 1 from fees.receipt_series s where s.center = r.center and s.year = r.year))
         from fees.receipt r",
    )
    .fetch_one(&mut *look.fees().await?)
    .await?;
    if outside > 0 {
        faults.add(format!("{outside} receipts are of no series"));
    }
    Ok(receipts)
}

/// What intake believes of a fee is what fees says.
async fn applications(look: &Look<'_>, faults: &mut Faults) -> Result<(), Unreadable> {
    let believed: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
        "select f.number, a.state, f.state, f.notice from intake.fee f
         join intake.application a on a.number = f.number
         where not exists (select 1 from intake.history h where h.number = f.number and h.at > $1)
         order by f.number",
    )
    .bind(look.as_of)
    .fetch_all(&mut *look.intake().await?)
    .await?;
    let notices: Vec<(String, String, String)> =
        sqlx::query_as("select number, notice, state from fees.notice")
            .fetch_all(&mut *look.fees().await?)
            .await?;
    let notices: std::collections::BTreeMap<&str, (&str, &str)> = notices
        .iter()
        .map(|(number, notice, state)| (number.as_str(), (notice.as_str(), state.as_str())))
        .collect();
    for (number, state, fee, notice) in &believed {
        let known = notices.get(number.as_str());
        let is_open = known.is_some_and(|(_, state)| matches!(*state, "MEASURING" | "ISSUED" | "OVERDUE"));
        if fee == "SETTLED" && is_open {
            faults.add(format!("{number} counts its fee as settled and its notice is open"));
        }
        if fee == "DUE" && !is_open {
            faults.add(format!("{number} waits for a fee that is not open"));
        }
        if fee != "SETTLED" && matches!(state.as_str(), "COMPLETED" | "DELIVERED") {
            faults.add(format!("{number} is {state} and its fee is {fee}"));
        }
        if notice.as_deref().is_some_and(|notice| known.is_none_or(|(known, _)| *known != notice)) {
            faults.add(format!("{number} has another fee notice at intake than at fees"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid() -> Book {
        Book {
            notice: "430102-JF-2026-0000001".into(),
            state: "PAID".into(),
            due: 100,
            paid: 100,
            receipts: 1,
            receipted: 100,
            receivable: 0,
            revenue: -100,
            money: 100,
            refund_payable: 0,
            refunding: false,
        }
    }

    #[test]
    fn books_that_fit() {
        let issued = Book {
            state: "ISSUED".into(),
            paid: 0,
            receipts: 0,
            receipted: 0,
            receivable: 100,
            money: 0,
            ..paid()
        };
        let cancelled = Book { state: "CANCELLED".into(), receivable: 0, revenue: 0, ..issued };
        let approved = Book { revenue: 0, refund_payable: -100, refunding: true, ..paid() };
        let refunded = Book { state: "REFUNDED".into(), money: 0, refund_payable: 0, ..approved };
        for book in [paid(), cancelled, refunded] {
            assert_eq!(book_faults(&book), Vec::<String>::new());
        }
    }

    #[test]
    fn books_that_do_not() {
        for broken in [
            Book { receipts: 2, ..paid() },
            Book { receipts: 0, receipted: 0, ..paid() },
            Book { paid: 200, ..paid() },
            Book { money: 90, ..paid() },
            Book { receivable: 100, ..paid() },
            Book { state: "ISSUED".into(), ..paid() },
            Book { refunding: true, ..paid() },
        ] {
            assert!(!book_faults(&broken).is_empty(), "{broken:?}");
        }
    }
}
