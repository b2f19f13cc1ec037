//! The organization of the hall: centers, their departments and windows, and those who work there.

use chrono::NaiveDate;
use yimen_kernel::{
    Actor, CreditCode, DepartmentId, DivisionCode, Error, Login, Reason, Result, Role, WindowId,
};

/// A service center (政务服务中心), named by the division whose center it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Center {
    /// Its division.
    pub code: DivisionCode,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
    /// The city's center; none for the city itself.
    pub parent: Option<DivisionCode>,
    /// Where citizens find it.
    pub address: Option<String>,
    /// Where citizens call.
    pub telephone: Option<String>,
    /// What its division was called before.
    pub former: Vec<FormerDivision>,
}

/// A code and name that a division bore for a time, so that old case numbers resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerDivision {
    /// The code of that time.
    pub code: DivisionCode,
    /// The name of that time.
    pub name_zh: String,
    /// The first day; none means before our records.
    pub valid_from: Option<NaiveDate>,
    /// The last day.
    pub valid_until: NaiveDate,
}

/// A department (部门) of one center, which its id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its id, which begins with its center.
    pub id: DepartmentId,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
    /// Its unified social credit code, if it has one.
    pub credit_code: Option<CreditCode>,
    /// Where citizens call.
    pub telephone: Option<String>,
}

/// A window (窗口) of the hall of one center, which its id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its id, which begins with its center.
    pub id: WindowId,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
}

/// One who works in the hall or decides for a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// What the person signs in with.
    pub login: Login,
    /// The name as documents show it.
    pub name: String,
    /// The center the person works in; none only for operators.
    pub center: Option<DivisionCode>,
    /// The department the person acts for; none for those who belong to the center itself.
    pub department: Option<DepartmentId>,
    /// The window the person sits at.
    pub window: Option<WindowId>,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// Whether the person may sign in.
    pub active: bool,
}

impl Staff {
    /// The person as a caller.
    pub fn actor(&self) -> Actor {
        Actor {
            subject: self.login.to_string(),
            name: self.name.clone(),
            roles: self.roles.clone(),
            center: self.center.clone(),
            department: self.department.clone(),
            window: self.window.clone(),
        }
    }
}

/// Gives the member of staff `found` under a login to a caller who may change that member's
/// access: operators everyone's, a manager that of the own center's staff, except operators.
///
/// A manager learns nothing about logins elsewhere: one that does not exist and one of another
/// center get the same answer.
///
/// # Errors
/// `UNKNOWN_STAFF` (to an operator), `OTHER_CENTER`, `ROLE_REQUIRED`, `NOT_SIGNED_IN`.
pub fn manageable<S: AsRef<Staff>>(caller: &Actor, found: Option<S>) -> Result<S> {
    caller.require_role(&[Role::Manager, Role::Operator])?;
    if caller.has(Role::Operator) {
        return found.ok_or_else(|| Error::not_found(Reason::UnknownStaff));
    }
    let elsewhere = || Error::denied(Reason::OtherCenter);
    let staff = found.ok_or_else(elsewhere)?;
    let member = staff.as_ref();
    if caller.center.is_none() || member.center != caller.center {
        return Err(elsewhere());
    }
    if member.roles.contains(&Role::Operator) {
        return Err(Error::denied(Reason::RoleRequired).with("roles", Role::Operator.as_str()));
    }
    Ok(staff)
}

/// Whether `caller` may bring a member of staff into the state `member`: nobody ends the own access,
/// so one operator always remains.
///
/// # Errors
/// `OWN_ACCESS`.
pub fn keeps_own_access(caller: &Actor, member: &Staff) -> Result<()> {
    let is_own = caller.subject == member.login.to_string();
    let loses_role = caller.has(Role::Operator) && !member.roles.contains(&Role::Operator);
    if is_own && (!member.active || loses_role) {
        return Err(Error::precondition(Reason::OwnAccess));
    }
    Ok(())
}

impl AsRef<Staff> for Staff {
    fn as_ref(&self) -> &Staff {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(role: Role, center: &str) -> Staff {
        Staff {
            login: Login::parse("someone").unwrap(),
            name: "示例".into(),
            center: DivisionCode::parse(center).ok(),
            department: None,
            window: None,
            roles: vec![role],
            active: true,
        }
    }

    #[test]
    fn a_manager_manages_the_own_center() {
        let manager = staff(Role::Manager, "430102").actor();
        let refusal = |found: Option<Staff>| manageable(&manager, found).map_err(|e| e.reason());
        assert!(refusal(Some(staff(Role::Clerk, "430102"))).is_ok());
        assert!(refusal(Some(staff(Role::Manager, "430102"))).is_ok());
        assert_eq!(refusal(Some(staff(Role::Clerk, "430103"))), Err(Reason::OtherCenter));
        assert_eq!(refusal(Some(staff(Role::Operator, ""))), Err(Reason::OtherCenter));
        assert_eq!(refusal(None), Err(Reason::OtherCenter));
        assert_eq!(refusal(Some(staff(Role::Operator, "430102"))), Err(Reason::RoleRequired));
    }

    #[test]
    fn an_operator_manages_everyone() {
        let operator = staff(Role::Operator, "").actor();
        assert!(manageable(&operator, Some(staff(Role::Operator, ""))).is_ok());
        let unknown = manageable(&operator, None::<Staff>).unwrap_err();
        assert_eq!(unknown.reason(), Reason::UnknownStaff);
    }

    #[test]
    fn nobody_else_does() {
        for caller in [staff(Role::Clerk, "430102").actor(), Actor::anonymous()] {
            assert!(manageable(&caller, Some(staff(Role::Clerk, "430102"))).is_err());
        }
        let placeless = staff(Role::Manager, "").actor();
        assert!(manageable(&placeless, Some(staff(Role::Clerk, ""))).is_err());
    }
}
