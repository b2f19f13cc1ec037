//! Who complains or asks comes with number and lookup code; a flood from one place stops there.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use subtle::ConstantTimeEq as _;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::{DocumentNumber, LookupCode, Reason};
use yimen_platform::{Caller, Context};

use super::file::FILES_MAX;
use crate::store::attempts;

/// How long wrong codes are counted together.
const CODES_WINDOW: Duration = Duration::minutes(15);
/// Wrong codes for one number from one place within the window.
const FROM_ONE_PLACE: i32 = 10;
/// Wrong codes for one number from anywhere within the window: 100 guesses of 31⁸ do not matter.
const FROM_ANYWHERE: i32 = 100;
/// How long complaints from one place are counted together.
const FILING_WINDOW: Duration = Duration::hours(1);
/// Complaints, or questions, from one place within that time (示例: no rule says how many).
const FILINGS: i32 = 10;
/// Files from one place within that time: what so many complaints may have.
const FILES: i32 = FILINGS * FILES_MAX as i32;

/// What is stored of a lookup code.
pub fn digest(number: &DocumentNumber, code: &LookupCode) -> [u8; 32] {
    Sha256::new().chain_update(number.as_str()).chain_update(code.as_str()).finalize().into()
}

/// Refuses once one of the counts has come to its limit.
///
/// # Errors
/// `refusal`.
pub async fn within(
    connection: &mut PgConnection,
    counted: &[(String, i32)],
    since: DateTime<Utc>,
    refusal: Reason,
) -> Result<()> {
    let keys: Vec<String> = counted.iter().map(|(key, _)| key.clone()).collect();
    let counts = attempts::counts(connection, &keys, since).await?;
    if counts.iter().zip(counted).any(|(count, (_, limit))| count >= limit) {
        return Err(Error::new(Kind::ResourceExhausted, refusal));
    }
    Ok(())
}

/// Lets the complainant, or whoever asked, in. A wrong code and an unknown number take the same way and get the
/// same answer.
///
/// # Errors
/// `WRONG_NUMBER_OR_CODE`, `TOO_MANY_ATTEMPTS`; `REQUIRED_FIELD` for a missing code.
pub async fn admit(ctx: &Context, caller: &Caller, number: &DocumentNumber, code: &str) -> Result<()> {
    let code = LookupCode::parse(code).map_err(|fault| Error::invalid(vec![fault.at("code")]))?;
    let now = ctx.store.now();
    let since = now - CODES_WINDOW;
    let keys = [format!("code {number} {}", caller.source.0), format!("code {number}")];
    let mut connection = ctx.store.read().await?;
    let limits = [FROM_ONE_PLACE, FROM_ANYWHERE];
    let counted: Vec<(String, i32)> = keys.iter().cloned().zip(limits).collect();
    within(&mut connection, &counted, since, Reason::TooManyAttempts).await?;
    let kept = attempts::digest(&mut connection, number.as_str()).await?;
    let given = digest(number, &code);
    let expected = kept.unwrap_or_else(|| vec![0; given.len()]);
    if bool::from(expected.as_slice().ct_eq(&given)) {
        return Ok(());
    }
    attempts::count(&mut connection, &keys, since, now).await?;
    attempts::purge(&mut connection, now - FILING_WINDOW).await?;
    Err(Error::not_found(Reason::WrongNumberOrCode))
}

/// What comes from anyone.
#[derive(Clone, Copy)]
pub enum Sent {
    Complaint,
    /// Ahead of a complaint.
    File,
    Question,
}

/// Lets one more complaint, file or question in from a place. Other places have counts of their own.
///
/// # Errors
/// `TOO_MANY_COMPLAINTS`, `TOO_MANY_QUESTIONS`.
pub async fn admit_filing(ctx: &Context, caller: &Caller, sent: Sent) -> Result<()> {
    let now = ctx.store.now();
    let since = now - FILING_WINDOW;
    let (what, limit, refusal) = match sent {
        Sent::Complaint => ("filing", FILINGS, Reason::TooManyComplaints),
        Sent::File => ("file", FILES, Reason::TooManyComplaints),
        Sent::Question => ("asking", FILINGS, Reason::TooManyQuestions),
    };
    let key = format!("{what} {}", caller.source.0);
    let mut connection = ctx.store.read().await?;
    within(&mut connection, &[(key.clone(), limit)], since, refusal).await?;
    attempts::count(&mut connection, &[key], since, now).await?;
    attempts::purge(&mut connection, since).await
}
