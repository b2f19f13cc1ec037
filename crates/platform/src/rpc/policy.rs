//! Who may call what: read once from the options beside the RPCs.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{MethodDescriptor, Value};
use yimen_kernel::actor::{Actor, Role};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::reason::Reason;
use yimen_proto::policy::v1 as proto;

use super::actor::role_from_proto;

/// A method's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Citizens without an account too.
    Anyone,
    /// Only the gateway for itself.
    Internal,
    /// Whoever has one of these roles.
    Roles(Vec<Role>),
}

static POLICIES: LazyLock<HashMap<String, Policy>> =
    LazyLock::new(|| methods().filter_map(|method| Some((path(&method), of(&method)?))).collect());

/// The rule of the method at `path` (`/package.Service/Method`), if it has one.
pub fn at(path: &str) -> Option<&'static Policy> {
    POLICIES.get(path)
}

/// Every method of the contract.
pub fn methods() -> impl Iterator<Item = MethodDescriptor> {
    yimen_proto::pool().services().flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// The address of a method in gRPC.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// The rule that stands beside `method`; none if it says nothing or contradicts itself.
pub fn of(method: &MethodDescriptor) -> Option<Policy> {
    let stated: proto::Policy = option(method, "yimen.policy.v1.policy")?;
    let roles: Vec<Role> = stated.roles().filter_map(role_from_proto).collect();
    match (stated.anyone, stated.internal, roles.is_empty()) {
        (true, false, true) => Some(Policy::Anyone),
        (false, true, true) => Some(Policy::Internal),
        (false, false, false) => Some(Policy::Roles(roles)),
        _ => None,
    }
}

/// A message-valued option of a method.
pub fn option<M: prost::Message + Default>(method: &MethodDescriptor, name: &str) -> Option<M> {
    let extension = yimen_proto::pool().get_extension_by_name(name)?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    match options.get_extension(&extension).as_ref() {
        Value::Message(message) => M::decode(message.encode_to_vec().as_slice()).ok(),
        _ => None,
    }
}

impl Policy {
    /// Whether `actor` may call. The operation itself still checks center and department.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` or `ROLE_REQUIRED`.
    pub fn admit(&self, actor: &Actor) -> Result<()> {
        match self {
            Policy::Anyone | Policy::Internal => Ok(()),
            Policy::Roles(_) if actor.is_anonymous() => {
                Err(Error::new(Kind::Unauthenticated, Reason::NotSignedIn))
            }
            Policy::Roles(roles) if roles.iter().any(|role| actor.has(*role)) => Ok(()),
            Policy::Roles(_) => Err(Error::denied(Reason::RoleRequired)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_policy() {
        let without: Vec<String> =
            methods().filter(|method| of(method).is_none()).map(|m| path(&m)).collect();
        assert!(methods().count() > 30, "the contract was not read");
        assert_eq!(without, Vec::<String>::new(), "give each of these an option (yimen.policy.v1.policy)");
    }

    #[test]
    fn no_role_no_entry() {
        let policy = at("/yimen.intake.v1.Intake/AcceptApplication").unwrap();
        assert_eq!(policy.admit(&Actor::anonymous()).unwrap_err().reason(), Reason::NotSignedIn);
        let approver = Actor { subject: "a".into(), roles: vec![Role::Approver], ..Actor::anonymous() };
        assert_eq!(policy.admit(&approver).unwrap_err().reason(), Reason::RoleRequired);
        let clerk = Actor { subject: "a".into(), roles: vec![Role::Clerk], ..Actor::anonymous() };
        assert!(policy.admit(&clerk).is_ok());
    }
}
