//! Who may touch an application: the holder of its lookup code, or staff of its center.

use chrono::Duration;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, LookupCode, Role};
use yimen_platform::{Caller, Context};

use crate::store::lookup;

/// How long wrong codes are counted together.
const WINDOW: Duration = Duration::minutes(15);
/// Wrong codes for one number from one place within the window.
const FROM_ONE_PLACE: i32 = 10;
/// Wrong codes for one number from anywhere within the window: 10 guesses of 31⁸ do not matter, and
/// an owner at another place is not locked out by the first.
const FROM_ANYWHERE: i32 = 100;

/// What is stored of a lookup code.
pub fn digest(number: &CaseNumber, code: &LookupCode) -> [u8; 32] {
    Sha256::new().chain_update(number.as_str()).chain_update(code.as_str()).finalize().into()
}

/// Lets the applicant in by number and code, or a clerk of the center without a code.
///
/// A wrong code and an unknown number take the same way and get the same answer.
///
/// # Errors
/// `WRONG_NUMBER_OR_CODE`, `TOO_MANY_ATTEMPTS`, `OTHER_CENTER`; `REQUIRED_FIELD` for a missing code.
pub async fn admit(ctx: &Context, caller: &Caller, number: &CaseNumber, code: &str) -> Result<()> {
    if code.is_empty() && caller.actor.has(Role::Clerk) {
        return caller.actor.require_center(&number.center());
    }
    let code = LookupCode::parse(code).map_err(|fault| Error::invalid(vec![fault.at("code")]))?;
    let now = ctx.store.now();
    let keys = [format!("{number} {}", caller.source.0), number.to_string()];
    let mut connection = ctx.store.read().await?;
    let failures = lookup::failures(&mut connection, &keys, now - WINDOW).await?;
    if failures.iter().zip([FROM_ONE_PLACE, FROM_ANYWHERE]).any(|(count, limit)| *count >= limit) {
        return Err(Error::new(Kind::ResourceExhausted, Reason::TooManyAttempts));
    }
    let kept = lookup::digest(&mut connection, number.as_str()).await?;
    let given = digest(number, &code);
    let expected = kept.unwrap_or_else(|| vec![0; given.len()]);
    if bool::from(expected.as_slice().ct_eq(&given)) {
        return Ok(());
    }
    lookup::count(&mut connection, &keys, now - WINDOW, now).await?;
    lookup::purge(&mut connection, now - WINDOW).await?;
    Err(Error::not_found(Reason::WrongNumberOrCode))
}

/// Lets staff of the center in, and staff of departments that take part.
///
/// # Errors
/// `OTHER_CENTER`, `NOT_A_PARTY`.
pub async fn admit_staff(ctx: &Context, caller: &Caller, number: &CaseNumber) -> Result<()> {
    let actor = &caller.actor;
    actor.require_center(&number.center())?;
    if actor.has(Role::Clerk) || actor.has(Role::Supervisor) || actor.has(Role::Manager) {
        return Ok(());
    }
    let department = actor.require_department()?;
    let mut connection = ctx.store.read().await?;
    let party =
        crate::store::applications::takes_part(&mut connection, number.as_str(), department.as_str()).await?;
    if party { Ok(()) } else { Err(Error::denied(Reason::NotAParty)) }
}
