//! Who speaks for whom.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, DivisionCode, Role};

/// Whose things a caller may see: of which center, and of which department of it, or all.
///
/// # Errors
/// `OTHER_CENTER` for an account that belongs to no center.
pub fn sees(actor: &Actor, wish: Option<String>) -> Result<(String, Option<String>)> {
    let center = actor.center.as_ref().ok_or_else(|| Error::denied(Reason::OtherCenter))?;
    let sees_all = actor.has(Role::Supervisor) || actor.has(Role::Manager);
    let department = match (sees_all, &actor.department) {
        (true, _) => wish,
        (false, Some(own)) => Some(own.to_string()),
        (false, None) => Some(String::new()),
    };
    Ok((center.to_string(), department))
}

/// Whether clocks of complaints and of negative ratings are kept from a caller: only the department that has one in
/// hand sees it here, and nobody at a window, which it may be about. They and the supervisor's office see what is
/// theirs where recusal holds, in complaints.
pub fn hides_complaints(actor: &Actor) -> bool {
    let sees_all = actor.has(Role::Supervisor) || actor.has(Role::Manager);
    sees_all || actor.department.is_none() || actor.window.is_some()
}

/// Lets the caller pass who answers for a department, or for the window if it is empty.
///
/// # Errors
/// `OTHER_CENTER`, `NOT_A_PARTY`.
pub fn answers_for(actor: &Actor, center: &str, department: &str) -> Result<()> {
    actor.require_center(&of(center)?)?;
    let own = actor.department.as_ref().map(|own| own.as_str()).unwrap_or_default();
    if own == department { Ok(()) } else { Err(Error::denied(Reason::NotAParty)) }
}

/// Lets the center's supervisor pass.
///
/// # Errors
/// `OTHER_CENTER`.
pub fn supervises(actor: &Actor, center: &str) -> Result<()> {
    actor.require_center(&of(center)?)
}

fn of(center: &str) -> Result<DivisionCode> {
    DivisionCode::parse(center).map_err(|fault| Error::internal(format!("a stored center: {fault:?}")))
}
