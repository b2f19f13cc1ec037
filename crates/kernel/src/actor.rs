//! Who makes a call: a citizen without an account, a member of staff, or a
//! department's own system.

use std::fmt;

use crate::{DepartmentId, DivisionCode, Error, Lang, Reason, Result, WindowId, mask};

/// Makes the roles, one line each: name on the wire, Chinese, English.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// What a member of staff or a department's system may do; the same roles
        /// as in `yimen/policy/v1/policy.proto`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &[Role] = &[$(Role::$role),*];

            /// The role's code: the proto name without its `ROLE_`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Role::$role => $code,)*
                }
            }

            /// The role's name for people.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Role::$role, Lang::Zh) => $zh, (Role::$role, Lang::En) => $en,)*
                }
            }

            /// Reads a role's code.
            pub fn parse(code: &str) -> Option<Role> {
                Role::ALL.iter().copied().find(|role| role.as_str() == code)
            }
        }
    };
}

roles! {
    /// Takes in, notifies, accepts, refuses, delivers.
    Clerk = "CLERK", "窗口工作人员", "window clerk";
    /// Gives the department's opinion; the lead's approver also decides.
    Approver = "APPROVER", "审批人", "approver";
    /// A department's own system, signed in by an API key.
    DepartmentSystem = "DEPARTMENT_SYSTEM", "部门业务系统", "department system";
    /// Sees every case of its center, changes none.
    Supervisor = "SUPERVISOR", "效能监察人员", "supervisor";
    /// Sees its center, manages its staff.
    Manager = "MANAGER", "中心管理员", "center manager";
    /// Imports catalog and organization, issues API keys.
    Operator = "OPERATOR", "系统运维人员", "operator";
    /// Takes payments at the counter, applies for refunds.
    Cashier = "CASHIER", "收费窗口工作人员", "cashier";
    /// Approves reductions and refunds, resolves odd payments, reconciles.
    Finance = "FINANCE", "财政监管人员", "finance officer";
}

/// Whoever makes the call, as the gateway signed it into the call's metadata.
///
/// `Debug` masks the name, so that an actor may stand in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Actor {
    /// The stable id of the account; empty for a caller without one.
    pub subject: String,
    /// The name as documents and histories show it.
    pub name: String,
    /// What the caller may do.
    pub roles: Vec<Role>,
    /// The center the caller works in.
    pub center: Option<DivisionCode>,
    /// The department the caller acts for.
    pub department: Option<DepartmentId>,
    /// The window the caller sits at.
    pub window: Option<WindowId>,
}

impl Actor {
    /// A caller without an account, as citizens are.
    pub fn anonymous() -> Self {
        Actor {
            subject: String::new(),
            name: String::new(),
            roles: Vec::new(),
            center: None,
            department: None,
            window: None,
        }
    }

    /// Whether the caller has no account.
    pub fn is_anonymous(&self) -> bool {
        self.subject.is_empty()
    }

    /// Whether the caller has this role. One without an account has none.
    pub fn has(&self, role: Role) -> bool {
        !self.is_anonymous() && self.roles.contains(&role)
    }

    /// Lets the caller pass who has at least one of these roles.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` without an account, else `ROLE_REQUIRED` with the codes of
    /// the roles as `roles`.
    pub fn require_role(&self, roles: &[Role]) -> Result<()> {
        self.require_account()?;
        if roles.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        let codes: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        Err(Error::denied(Reason::RoleRequired).with("roles", codes.join(", ")))
    }

    /// Lets the caller pass who works in this center; operators work in all.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` without an account, else `OTHER_CENTER`.
    pub fn require_center(&self, center: &DivisionCode) -> Result<()> {
        self.require_account()?;
        if self.has(Role::Operator) || self.center.as_ref() == Some(center) {
            return Ok(());
        }
        Err(Error::denied(Reason::OtherCenter).with("center", center))
    }

    /// The department the caller acts for.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` without an account, `DEPARTMENT_REQUIRED` if the account
    /// belongs to no department.
    pub fn require_department(&self) -> Result<&DepartmentId> {
        self.require_account()?;
        self.department.as_ref().ok_or_else(|| Error::denied(Reason::DepartmentRequired))
    }

    fn require_account(&self) -> Result<()> {
        if self.is_anonymous() {
            return Err(Error::unauthenticated(Reason::NotSignedIn));
        }
        Ok(())
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("subject", &self.subject)
            .field("name", &mask::name(&self.name))
            .field("roles", &self.roles)
            .field("center", &self.center)
            .field("department", &self.department)
            .field("window", &self.window)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(role: Role, center: &str) -> Actor {
        Actor {
            subject: "staff-1".into(),
            name: "李四".into(),
            roles: vec![role],
            center: DivisionCode::parse(center).ok(),
            ..Actor::anonymous()
        }
    }

    #[test]
    fn roles_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert_eq!(Role::parse("ROLE_CLERK"), None);
    }

    #[test]
    fn anonymous_may_nothing() {
        let mut citizen = Actor::anonymous();
        citizen.roles.push(Role::Operator);
        assert!(citizen.is_anonymous());
        assert!(!citizen.has(Role::Operator));
        let center = DivisionCode::parse("430102").unwrap();
        for error in [
            citizen.require_center(&center).unwrap_err(),
            citizen.require_department().unwrap_err(),
            citizen.require_role(&[Role::Operator]).unwrap_err(),
        ] {
            assert_eq!(error.reason(), Reason::NotSignedIn);
        }
    }

    #[test]
    fn centers() {
        let here = DivisionCode::parse("430102").unwrap();
        assert!(staff(Role::Clerk, "430102").require_center(&here).is_ok());
        assert!(staff(Role::Operator, "").require_center(&here).is_ok());
        for other in ["430103", ""] {
            let error = staff(Role::Manager, other).require_center(&here);
            assert_eq!(error.unwrap_err().reason(), Reason::OtherCenter);
        }
    }

    #[test]
    fn roles_and_departments() {
        let mut actor = staff(Role::Approver, "430102");
        assert!(actor.require_role(&[Role::Clerk, Role::Approver]).is_ok());
        let error = actor.require_role(&[Role::Clerk]).unwrap_err();
        assert_eq!(error.reason(), Reason::RoleRequired);
        assert!(error.message(Lang::En).contains("CLERK"));
        let error = actor.require_department().unwrap_err();
        assert_eq!(error.reason(), Reason::DepartmentRequired);
        actor.department = DepartmentId::parse("430102-zjj").ok();
        assert_eq!(actor.require_department().unwrap().as_str(), "430102-zjj");
    }

    #[test]
    fn debug_masks_the_name() {
        assert!(!format!("{:?}", staff(Role::Clerk, "430102")).contains("李四"));
    }
}
