//! Who may sign in at all: the first operator, passwords, active staff.

use yimen_kernel::{Actor, Login, Result};
use yimen_platform::store::{Store, Tx};

use crate::domain::credential::{PASSWORD_MAX, PASSWORD_MIN, Password};
use crate::domain::organization::{Staff, keeps_own_access, manageable};
use crate::passwords::Passwords;
use crate::store;

/// What the first operator signs in with.
const OPERATOR_LOGIN: &str = "operator";
/// The first operator's name, until an import gives a better one.
const OPERATOR_NAME: &str = "系统运维人员";

/// Makes the first operator if there is none, so that someone can sign in and set up the rest.
///
/// # Errors
/// A sentence that says what to do.
pub async fn ensure_operator(store: &Store, passwords: &Passwords, password: &str) -> Result<(), String> {
    let said = |error: yimen_kernel::Error| match std::error::Error::source(&error) {
        Some(cause) => format!("The first operator could not be created: {cause}"),
        None => format!("The first operator could not be created: {error}"),
    };
    let mut reading = store.read().await.map_err(said)?;
    if store::staff::has_operator(&mut reading).await.map_err(said)? {
        return Ok(());
    }
    drop(reading);
    let password = Password::choose(password).map_err(|_| {
        format!("The operator's password must have {PASSWORD_MIN} to {PASSWORD_MAX} characters: set YIMEN_OPERATOR_PASSWORD to one that has.")
    })?;
    let login = Login::parse(OPERATOR_LOGIN).map_err(|_| "The operator's login is not one.".to_owned())?;
    let hash = passwords.hash(password).await.map_err(said)?;
    let mut tx = store.begin().await.map_err(said)?;
    let created =
        store::staff::create_operator(tx.sql(), &login, OPERATOR_NAME, &hash).await.map_err(said)?;
    // Another copy of this service may have been faster; that is as good.
    if !created && !store::staff::has_operator(tx.sql()).await.map_err(said)? {
        return Err(format!(
            "There is no operator, and the login {OPERATOR_LOGIN} belongs to someone else: give that person another login."
        ));
    }
    tx.commit().await.map_err(said)?;
    if created {
        tracing::info!(login = OPERATOR_LOGIN, "The first operator was created.");
    }
    Ok(())
}

/// Sets a member's password by its hash and ends the member's sessions.
///
/// # Errors
/// As [`manageable`]; `STALE_VERSION`.
pub async fn set_password(tx: &mut Tx, caller: &Actor, login: &Login, hash: &str) -> Result<()> {
    let found = manageable(caller, store::staff::find(tx.sql(), login).await?)?;
    store::staff::set_password(tx.sql(), login, found.version, hash).await?;
    let now = tx.now();
    store::session::end_all(tx.sql(), login, now).await
}

/// Ends or restores a member's access. Sessions that are ended do not come back.
///
/// # Errors
/// As [`manageable`]; `OWN_ACCESS`, `STALE_VERSION`.
pub async fn set_active(tx: &mut Tx, caller: &Actor, login: &Login, active: bool) -> Result<Staff> {
    let found = manageable(caller, store::staff::find(tx.sql(), login).await?)?;
    let staff = Staff { active, ..found.staff };
    keeps_own_access(caller, &staff)?;
    store::staff::set_active(tx.sql(), login, found.version, active).await?;
    if !active {
        let now = tx.now();
        store::session::end_all(tx.sql(), login, now).await?;
    }
    Ok(staff)
}
