//! Signing in and out.
//!
//! A sign-in has three steps, and holds the database in none while it hashes: the attempt is counted
//! as if it had failed, the password is verified, and a good one takes its attempt back and opens the
//! session. Counting first means that a thousand guesses at once are no more than ten.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};
use yimen_kernel::{Error, Kind, Login, Reason, Result};
use yimen_platform::store::Store;

use crate::domain::credential::{Credential, Issued, Password, SESSION_LIFE};
use crate::domain::organization::Staff;
use crate::passwords::Passwords;
use crate::store;

/// How many sign-ins may fail within [`ATTEMPT_WINDOW`], per login and per source.
const ATTEMPTS: i64 = 10;
/// How far back failures count.
const ATTEMPT_WINDOW: Duration = Duration::minutes(15);
/// How long an expired session is still known, so that its holder is told that it expired.
const EXPIRED_KEPT: Duration = Duration::days(7);

/// A session just opened.
pub struct Opened {
    /// What the member of staff sends from now on.
    pub token: String,
    /// When the session ends.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub staff: Staff,
}

/// Opens a session for a member of staff who knows the password. `source` stands for the caller's
/// network address.
///
/// # Errors
/// `WRONG_CREDENTIALS`, the same and after the same time for a wrong password and for a login that
/// does not exist or has no password; `TOO_MANY_ATTEMPTS`; `CREDENTIAL_REVOKED` for the right password
/// of an account that is not active.
pub async fn sign_in(
    store: &Store,
    passwords: &Passwords,
    login: &Login,
    password: Password,
    source: &str,
) -> Result<Opened> {
    let keys = attempt_keys(login, source);
    let mut tx = store.begin().await?;
    let now = tx.now();
    for key in &keys {
        if !store::attempt::count(tx.sql(), key, now, now - ATTEMPT_WINDOW, ATTEMPTS).await? {
            return Err(Error::new(Kind::ResourceExhausted, Reason::TooManyAttempts));
        }
    }
    let found = store::staff::find(tx.sql(), login).await?;
    tx.commit().await?;

    let hash = found.as_ref().and_then(|found| found.password_hash.clone());
    let right = passwords.verify(password, hash.clone()).await?;
    let wrong = || Error::unauthenticated(Reason::WrongCredentials);
    let (Some(staff), Some(hash), true) = (found.map(|found| found.staff), hash, right) else {
        return Err(wrong());
    };
    if !staff.active {
        return Err(Error::unauthenticated(Reason::CredentialRevoked));
    }

    let issued = Issued::session();
    let mut tx = store.begin().await?;
    if !store::staff::hold_access(tx.sql(), login, &hash).await? {
        // The password or the access was changed while this one was verified.
        return Err(wrong());
    }
    let opened_at = tx.now();
    let expires_at = opened_at + SESSION_LIFE;
    store::session::open(tx.sql(), issued.hash, login, opened_at, expires_at).await?;
    for key in &keys {
        store::attempt::uncount(tx.sql(), key, now).await?;
    }
    store::attempt::purge(tx.sql(), opened_at - ATTEMPT_WINDOW).await?;
    store::session::purge(tx.sql(), opened_at - EXPIRED_KEPT).await?;
    tx.commit().await?;
    Ok(Opened { token: issued.text, expires_at, staff })
}

/// Ends a session. One that is over, or never was, needs no ending.
///
/// # Errors
/// None but the database's.
pub async fn sign_out(store: &Store, token: &str) -> Result<()> {
    let Some(Credential::Session(hash)) = Credential::parse(token) else { return Ok(()) };
    let mut tx = store.begin().await?;
    let now = tx.now();
    store::session::end(tx.sql(), hash, now).await?;
    tx.commit().await
}

/// What an attempt is counted under: the login before the source, always in this order, so that two
/// sign-ins never wait for each other's row.
fn attempt_keys(login: &Login, source: &str) -> Vec<[u8; 32]> {
    let mut keys = vec![Sha256::digest(format!("login {login}")).into()];
    // The gateway names the source of every call from outside; without a name there is nothing to count.
    if !source.is_empty() {
        keys.push(Sha256::digest(format!("source {source}")).into());
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_and_a_source_are_counted_apart() {
        let login = Login::parse("430102-clerk1").unwrap();
        let keys = attempt_keys(&login, "430102-clerk1");
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0], keys[1]);
        assert_eq!(attempt_keys(&login, "").len(), 1);
    }
}
