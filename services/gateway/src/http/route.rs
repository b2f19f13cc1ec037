//! The HTTP addresses that the contract gives its methods.

use http::Method;
use prost_reflect::{FieldDescriptor, MessageDescriptor, MethodDescriptor};
use yimen_platform::rpc::policy::{self, Policy};
use yimen_proto::policy::v1 as proto;
use yimen_proto::policy::v1::route::Pattern;

/// One method of the contract that HTTP clients can call.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: MethodDescriptor,
    /// `GET` for questions, `POST` for everything else.
    pub verb: Method,
    /// The address, with `{field}` for fields of the request.
    pub pattern: String,
    /// The fields that stand in the address.
    pub in_path: Vec<FieldDescriptor>,
    /// The status of success.
    pub success: u16,
    /// Who may call it.
    pub policy: Policy,
}

/// Every route of the contract.
///
/// # Errors
/// A sentence that names the method whose route cannot be served.
pub fn all() -> Result<Vec<Route>, String> {
    let mut routes = Vec::new();
    for method in policy::methods() {
        let Some(stated) = policy::option::<proto::Route>(&method, "yimen.policy.v1.route") else { continue };
        let name = method.full_name().to_owned();
        let route = route(method, stated).ok_or_else(|| {
            format!(
                "The HTTP route of {name} cannot be served: correct its pattern, its policy or its fields."
            )
        })?;
        routes.push(route);
    }
    Ok(routes)
}

fn route(method: MethodDescriptor, stated: proto::Route) -> Option<Route> {
    let policy = policy::of(&method).filter(|policy| *policy != Policy::Internal)?;
    let (verb, pattern) = match stated.pattern? {
        Pattern::Get(pattern) => (Method::GET, pattern),
        Pattern::Post(pattern) => (Method::POST, pattern),
    };
    let has_cursor = |message: MessageDescriptor| message.get_field_by_name(CURSOR).is_some();
    // A stream is followed by GET, and goes on from its cursor.
    let is_followed = verb == Method::GET && has_cursor(method.input()) && has_cursor(method.output());
    if !pattern.starts_with("/api/")
        || method.is_client_streaming()
        || (method.is_server_streaming() && !is_followed)
    {
        return None;
    }
    let in_path = pattern
        .split('{')
        .skip(1)
        .map(|rest| method.input().get_field_by_name(rest.split_once('}')?.0))
        .collect::<Option<Vec<_>>>()?;
    let success = match stated.success {
        0 => 200,
        status => u16::try_from(status).ok()?,
    };
    Some(Route { method, verb, pattern, in_path, success, policy })
}

impl Route {
    /// The service that owns the method: `intake` for `yimen.intake.v1.Intake`.
    pub fn service(&self) -> &str {
        service_of(self.method.parent_service().full_name())
    }

    /// The address of the method in gRPC.
    pub fn grpc_path(&self) -> String {
        policy::path(&self.method)
    }

    /// The fields that a query may give; a body gives the others.
    pub fn in_query(&self) -> Vec<FieldDescriptor> {
        if self.verb != Method::GET {
            return Vec::new();
        }
        self.method.input().fields().filter(|field| !self.in_path.contains(field)).collect()
    }

    /// Whether a repeated call can be known by its `request_id`.
    pub fn has_request_id(&self) -> bool {
        self.method.input().get_field_by_name(REQUEST_ID).is_some()
    }
}

/// The field of a mutation that names the one change.
pub const REQUEST_ID: &str = "request_id";

/// The field of a stream, asked and answered, that says where to go on.
pub const CURSOR: &str = "cursor";

/// The service that owns `yimen.<service>.v1.X`.
pub fn service_of(full_name: &str) -> &str {
    full_name.split('.').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json;
    use std::collections::HashSet;

    #[test]
    fn the_contract_can_be_served() {
        let routes = all().unwrap();
        assert!(routes.len() > 30, "{}", routes.len());
        let addresses: HashSet<_> =
            routes.iter().map(|route| (route.verb.clone(), route.pattern.clone())).collect();
        assert_eq!(addresses.len(), routes.len(), "an address has one method");
        for route in &routes {
            for field in route.in_path.iter().chain(&route.in_query()) {
                let name = field.full_name();
                assert!(!field.is_list() && !field.is_map(), "{name} cannot be given as text");
                let kind = field.kind();
                if let Err(fault) = json::scalar(&kind, "x") {
                    use yimen_kernel::reason::Reason;
                    assert_ne!(fault.reason, Reason::NotAllowedHere, "{name} cannot be given as text");
                }
            }
        }
        let accept = routes.iter().find(|route| route.method.name() == "AcceptApplication").unwrap();
        assert_eq!(accept.service(), "intake");
        assert_eq!(accept.grpc_path(), "/yimen.intake.v1.Intake/AcceptApplication");
        assert!(accept.has_request_id());
        assert_eq!(accept.in_path.len(), 1);
    }
}
