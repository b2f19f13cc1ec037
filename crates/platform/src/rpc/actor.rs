//! The signed actor: identity signs what it knows of a caller, every service checks it offline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use prost::Message as _;
use yimen_kernel::actor::{Actor, Role};
use yimen_kernel::division::DivisionCode;
use yimen_kernel::error::{Error, Kind, Result};
use yimen_kernel::ids::{DepartmentId, WindowId};
use yimen_kernel::reason::Reason;
use yimen_proto::identity::v1::{ActorClaims, SignedActor};
use yimen_proto::policy::v1 as policy;

/// Signs actors; only identity holds one.
#[derive(Clone)]
pub struct ActorSigner(SigningKey);

/// Checks signed actors.
#[derive(Clone)]
pub struct ActorVerifier(VerifyingKey);

impl ActorSigner {
    /// A new key.
    pub fn generate() -> Self {
        Self(SigningKey::from_bytes(&rand::random()))
    }

    /// The key written as 64 hexadecimal digits.
    ///
    /// # Errors
    /// A sentence that says how to make one.
    pub fn from_hex(digits: &str) -> Result<Self, String> {
        Ok(Self(SigningKey::from_bytes(&key_bytes(digits)?)))
    }

    /// The key as 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// What checks this signer's actors.
    pub fn verifier(&self) -> ActorVerifier {
        ActorVerifier(self.0.verifying_key())
    }

    /// The serialized `SignedActor` for `actor`, good until `expires`.
    pub fn sign(&self, actor: &Actor, expires: DateTime<Utc>) -> Vec<u8> {
        let claims = ActorClaims {
            subject: actor.subject.clone(),
            roles: actor.roles.iter().map(|role| role_to_proto(*role) as i32).collect(),
            center: actor.center.as_ref().map(ToString::to_string).unwrap_or_default(),
            department: actor.department.as_ref().map(ToString::to_string).unwrap_or_default(),
            window: actor.window.as_ref().map(ToString::to_string).unwrap_or_default(),
            expires: expires.timestamp(),
            name: actor.name.clone(),
        }
        .encode_to_vec();
        let signature = self.0.sign(&claims).to_bytes().to_vec();
        SignedActor { claims, signature }.encode_to_vec()
    }
}

impl ActorVerifier {
    /// The public key written as 64 hexadecimal digits.
    ///
    /// # Errors
    /// A sentence that says where to get one.
    pub fn from_hex(digits: &str) -> Result<Self, String> {
        VerifyingKey::from_bytes(&key_bytes(digits)?).map(Self).map_err(|_| {
            "actor_public_key is not an Ed25519 public key; take the pair that `yimen keys` prints."
                .to_owned()
        })
    }

    /// The public key as 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// The actor in a serialized `SignedActor`.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` for anything that identity did not sign, `SESSION_EXPIRED` for an old one.
    pub fn verify(&self, signed: &[u8], now: DateTime<Utc>) -> Result<Actor> {
        let forged = || Error::new(Kind::Unauthenticated, Reason::NotSignedIn);
        let SignedActor { claims, signature } = SignedActor::decode(signed).map_err(|_| forged())?;
        let signature = Signature::from_slice(&signature).map_err(|_| forged())?;
        self.0.verify_strict(&claims, &signature).map_err(|_| forged())?;
        let claims = ActorClaims::decode(claims.as_slice()).map_err(|_| forged())?;
        if now.timestamp() > claims.expires {
            return Err(Error::new(Kind::Unauthenticated, Reason::SessionExpired));
        }
        let parsed = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Actor {
            roles: claims.roles().filter_map(role_from_proto).collect(),
            center: parsed(&claims.center).and_then(|code| DivisionCode::parse(&code).ok()),
            department: parsed(&claims.department).and_then(|id| DepartmentId::parse(&id).ok()),
            window: parsed(&claims.window).and_then(|id| WindowId::parse(&id).ok()),
            subject: claims.subject,
            name: claims.name,
        })
    }
}

/// The header value for a serialized `SignedActor`.
pub fn header_value(signed: &[u8]) -> Option<http::HeaderValue> {
    http::HeaderValue::try_from(STANDARD_NO_PAD.encode(signed)).ok()
}

pub(crate) fn from_header(value: &http::HeaderValue) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(value.as_bytes().trim_ascii_end()).ok()
}

/// The kernel's role for the contract's.
pub fn role_from_proto(role: policy::Role) -> Option<Role> {
    match role {
        policy::Role::Unspecified => None,
        policy::Role::Clerk => Some(Role::Clerk),
        policy::Role::Approver => Some(Role::Approver),
        policy::Role::DepartmentSystem => Some(Role::DepartmentSystem),
        policy::Role::Supervisor => Some(Role::Supervisor),
        policy::Role::Manager => Some(Role::Manager),
        policy::Role::Operator => Some(Role::Operator),
        policy::Role::Cashier => Some(Role::Cashier),
        policy::Role::Finance => Some(Role::Finance),
    }
}

/// The contract's role for the kernel's.
pub fn role_to_proto(role: Role) -> policy::Role {
    match role {
        Role::Clerk => policy::Role::Clerk,
        Role::Approver => policy::Role::Approver,
        Role::DepartmentSystem => policy::Role::DepartmentSystem,
        Role::Supervisor => policy::Role::Supervisor,
        Role::Manager => policy::Role::Manager,
        Role::Operator => policy::Role::Operator,
        Role::Cashier => policy::Role::Cashier,
        Role::Finance => policy::Role::Finance,
    }
}

fn key_bytes(digits: &str) -> Result<[u8; 32], String> {
    hex::decode(digits.trim()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        "An actor key is not 64 hexadecimal digits; take the pair that `yimen keys` prints.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    fn actor() -> Actor {
        Actor {
            subject: "430102-clerk1".into(),
            name: "示例".into(),
            roles: vec![Role::Clerk],
            center: DivisionCode::parse("430102").ok(),
            department: None,
            window: WindowId::parse("430102-w01").ok(),
        }
    }

    #[test]
    fn what_identity_signed_is_what_a_service_sees() {
        let signer = ActorSigner::generate();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let signed = signer.sign(&actor(), now + Duration::seconds(60));
        let seen = signer.verifier().verify(&signed, now).unwrap();
        assert_eq!(seen.subject, "430102-clerk1");
        assert!(seen.has(Role::Clerk));
    }

    #[test]
    fn nothing_else_passes() {
        let signer = ActorSigner::generate();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let signed = signer.sign(&actor(), now);
        let verifier = signer.verifier();
        assert!(verifier.verify(&signed, now + Duration::seconds(1)).is_err(), "expired");
        assert!(ActorSigner::generate().verifier().verify(&signed, now).is_err(), "another key");
        for at in 0..signed.len() {
            let mut bent = signed.clone();
            bent[at] ^= 1;
            assert!(verifier.verify(&bent, now).is_err(), "byte {at}");
        }
        assert!(verifier.verify(b"", now).is_err());
    }
}
