//! No number was given twice, in whatever center, and each is what it should be.

use futures::TryStreamExt as _;

use super::{Faults, Finding, Look, Unreadable};

/// Whether the last digit is that of ISO 7064 MOD 11,10 over the others: the standard's table walk,
/// here with the running product held between 1 and 10.
fn check_digit_fits(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
    let Some((last, body)) = digits.as_deref().and_then(<[u32]>::split_last) else { return false };
    let mut product = 10;
    for digit in body {
        let sum = (product + digit) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    (product + last) % 10 == 1
}

/// What is wrong with the form of a case number.
fn case_fault(number: &str, center: &str) -> Option<String> {
    if number.len() != 21 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("{number} is not 21 digits"));
    }
    if !check_digit_fits(number) {
        return Some(format!("{number} has a wrong check digit"));
    }
    (!number.starts_with(center))
        .then(|| format!("{number} belongs to center {center} and does not begin with it"))
}

/// What is wrong with the form of a document number: `430102-SL-2026-0000123`.
fn document_fault(document: &str, center: &str) -> Option<String> {
    let parts: Vec<&str> = document.split('-').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let formed = match parts.as_slice() {
        [division, kind, year, serial] => {
            digits(division, 6)
                && kind.len() == 2
                && kind.bytes().all(|byte| byte.is_ascii_uppercase())
                && digits(year, 4)
                && digits(serial, 7)
        }
        _ => false,
    };
    if !formed {
        return Some(format!("document {document} has no number of the form center-kind-year-serial"));
    }
    (!document.starts_with(center))
        .then(|| format!("document {document} belongs to center {center} and does not begin with it"))
}

/// Case numbers and document numbers are well formed, of their center, and given once.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let cases = once(
        look,
        &mut faults,
        "select number, center from intake.application order by number collate \"C\"",
        case_fault,
    )
    .await?;
    let documents = once(
        look,
        &mut faults,
        "select d.document, coalesce(a.center, '') from intake.document d
         left join intake.application a on a.number = d.number order by d.document collate \"C\"",
        document_fault,
    )
    .await?;
    Ok(faults.finding("numbers", format!("{cases} case numbers, {documents} document numbers, none twice")))
}

/// Reads numbers in order, so that one that is there twice follows itself.
async fn once(
    look: &Look<'_>,
    faults: &mut Faults,
    sql: &'static str,
    fault: fn(&str, &str) -> Option<String>,
) -> Result<u64, Unreadable> {
    let (mut count, mut before) = (0, String::new());
    let mut intake = look.intake().await?;
    let mut rows = sqlx::query_as::<_, (String, String)>(sql).fetch(&mut *intake);
    while let Some((number, center)) = rows.try_next().await? {
        count += 1;
        if number == before {
            faults.add(format!("{number} was given twice"));
        }
        if let Some(fault) = fault(&number, &center) {
            faults.add(fault);
        }
        before = number;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::{CaseNumber, DivisionCode};

    #[test]
    fn the_standard_example() {
        assert!(check_digit_fits("07945"));
        for wrong in ["07944", "70945", "0794X", "", "5"] {
            assert!(!check_digit_fits(wrong), "{wrong}");
        }
    }

    /// The checker's digit and the issuer's are two programs that must agree.
    #[test]
    fn issued_numbers_fit() {
        let center = DivisionCode::parse("430102").unwrap();
        for serial in (0..1_000_000).step_by(3_571) {
            let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 1 + serial % 30).unwrap();
            let number = CaseNumber::issue(&center, date, serial).unwrap().to_string();
            assert_eq!(case_fault(&number, "430102"), None);
            assert!(case_fault(&number, "430103").is_some());
        }
    }

    #[test]
    fn documents() {
        assert_eq!(document_fault("430102-SL-2026-0000123", "430102"), None);
        for wrong in
            ["430102-SL-2026-123", "430102-sl-2026-0000123", "430102-2026-0000123", "430103-SL-2026-0000123"]
        {
            assert!(document_fault(wrong, "430102").is_some(), "{wrong}");
        }
    }
}
