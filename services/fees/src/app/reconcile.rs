//! The daily reconciliation: three sides, five classes; what matches is remitted in the ledger.

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use yimen_kernel::date::{day_start, parse_date};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, DivisionCode, FieldFault, Money, PaymentCode};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;

use crate::domain::ledger::{Account, Kind, shift};
use crate::domain::reconcile::{Class, Side, add, compare};
use crate::grpc::message;
use crate::store::ledger::{About, book};
use crate::store::payments;
use crate::store::payments::OfDay;
use crate::store::reconciliations::{self as table, LineRow, Row};

/// A day's files.
pub struct Files {
    pub center: DivisionCode,
    pub day: NaiveDate,
    pub bank_csv: Vec<u8>,
    pub treasury_csv: Vec<u8>,
}

#[derive(Deserialize)]
struct BankLine {
    payment_code: String,
    amount_fen: i64,
    paid_on: String,
}

#[derive(Deserialize)]
struct TreasuryLine {
    payment_code: String,
    amount_fen: i64,
    confirmed_on: String,
}

/// Compares, keeps the result, and books what the treasury confirmed.
pub async fn reconcile(tx: &mut Tx, actor: &Actor, files: Files) -> Result<pb::Reconciliation> {
    let bank = side("bank_csv", &files.bank_csv, |line: BankLine| {
        (line.payment_code, line.amount_fen, line.paid_on)
    })?;
    let treasury = side("treasury_csv", &files.treasury_csv, |line: TreasuryLine| {
        (line.payment_code, line.amount_fen, line.confirmed_on)
    })?;
    let from = day_start(files.day);
    let to = day_start(files.day.checked_add_days(Days::new(1)).unwrap_or(files.day));
    let of_day = payments::between(tx.sql(), &files.center, from, to).await?;
    let mut ours = Side::new();
    for payment in &of_day {
        let amount = Money::from_fen(payment.amount_fen).map_err(out_of_range)?;
        add(&mut ours, payment.payment_code.clone(), amount, files.day).map_err(out_of_range)?;
    }
    let compared = compare(&ours, &bank, &treasury);
    for line in compared.iter().filter(|line| line.class == Class::Match) {
        for payment in of_day.iter().filter(|payment| payment.payment_code == line.payment_code) {
            remit(tx, &files.center, payment).await?;
        }
    }
    let lines: Vec<LineRow> = compared.iter().map(LineRow::from).collect();
    let now = tx.now();
    let row =
        Row { reconciliation: Uuid::now_v7(), center: files.center.to_string(), day: files.day, at: now };
    let digests = [Sha256::digest(&files.bank_csv), Sha256::digest(&files.treasury_csv)];
    table::insert(tx.sql(), &row, &lines, [&digests[0], &digests[1]], &actor.subject).await?;
    Ok(message::reconciliation(&row, &lines))
}

/// A reconciliation as it was done.
pub async fn find(ctx: &Context, actor: &Actor, reconciliation: Uuid) -> Result<pb::Reconciliation> {
    let mut connection = ctx.store.read().await?;
    let unknown = || Error::not_found(Reason::ReconciliationUnknown);
    let (row, lines) = table::find(&mut connection, reconciliation).await?.ok_or_else(unknown)?;
    let center = DivisionCode::parse(&row.center).map_err(|_| unknown())?;
    actor.require_center(&center)?;
    Ok(message::reconciliation(&row, &lines))
}

/// Bank to treasury, once for a payment; cash goes to the bank first.
async fn remit(tx: &mut Tx, center: &DivisionCode, payment: &OfDay) -> Result<()> {
    // What waits for a person or went back is not the treasury's.
    let Some(number) = payment.number.as_deref() else { return Ok(()) };
    let amount = Money::from_fen(payment.amount_fen - payment.returned_fen).map_err(out_of_range)?;
    let source = payment.payment.to_string();
    let at = tx.now();
    let about = About { source, center: center.as_str(), number: Some(number), at };
    if payment.channel == "CASH" {
        book(tx.sql(), Kind::Deposited, &about, shift(Account::Bank, Account::Cash, amount).as_slice())
            .await?;
    }
    let step = shift(Account::Treasury, Account::Bank, amount);
    book(tx.sql(), Kind::Remitted, &about, step.as_slice()).await.map(drop)
}

/// Reads a file of one side; the first line that cannot be read is named.
fn side<L: for<'de> Deserialize<'de>>(
    field: &str,
    file: &[u8],
    cells: impl Fn(L) -> (String, i64, String),
) -> Result<Side> {
    let broken = |line: usize| Error::invalid(vec![FieldFault::limited(Reason::BadFile, line).at(field)]);
    // A spreadsheet program writes a byte order mark before UTF-8.
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let mut side = Side::new();
    for (line, record) in (2..).zip(reader.deserialize::<L>()) {
        let (code, fen, on) = cells(record.map_err(|_| broken(line))?);
        let code = PaymentCode::parse(&code).map_err(|_| broken(line))?;
        let amount = Money::from_fen(fen).map_err(|_| broken(line))?;
        let on = parse_date(&on).map_err(|_| broken(line))?;
        add(&mut side, code.to_string(), amount, on).map_err(|_| broken(line))?;
    }
    Ok(side)
}

fn out_of_range(fault: FieldFault) -> Error {
    Error::invalid(vec![fault.at("amount_fen")])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<Side> {
        side("bank_csv", file.as_bytes(), |line: BankLine| (line.payment_code, line.amount_fen, line.paid_on))
    }

    #[test]
    fn a_file_is_read_whole_or_its_line_named() {
        let good = "\u{feff}payment_code,amount_fen,paid_on\n43010226000000001230, 100 ,2026-11-03\n43010226000000001230,50,2026-11-03\n";
        assert_eq!(read(good).unwrap()["43010226000000001230"].amount.fen(), 150);
        for (file, line) in [
            ("payment_code,amount_fen,paid_on\n43010226000000001230,1.5,2026-11-03\n", "2"),
            ("payment_code,amount_fen,paid_on\n43010226000000001230,1,2026-11-03\n4301,1,2026-11-03\n", "3"),
            ("payment_code,amount_fen,paid_on\n43010226000000001230,1,2026-02-30\n", "2"),
            ("code,amount\n1,2\n", "2"),
        ] {
            let error = read(file).unwrap_err();
            let fault = &error.fields()[0];
            assert_eq!((fault.reason, fault.limit.as_deref()), (Reason::BadFile, Some(line)), "{file}");
        }
        assert!(read("payment_code,amount_fen,paid_on\n").unwrap().is_empty());
    }
}
