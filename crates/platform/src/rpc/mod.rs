//! Calls between the gateway and the services: who calls, who may, and how errors travel.

pub mod actor;
pub mod channel;
pub mod guard;
pub mod policy;
pub mod status;

pub use actor::{ActorSigner, ActorVerifier};
pub use channel::{Body, Channel, Channels};
pub use guard::{Guard, Source};
pub use status::{from_status, to_status};

/// Metadata key of the signed actor: a serialized `SignedActor`.
pub const ACTOR_HEADER: &str = "yimen-actor-bin";
/// Metadata key of what stands for the caller's network address in rate limits: never the address itself.
pub const SOURCE_HEADER: &str = "yimen-source";
