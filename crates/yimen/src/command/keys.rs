use yimen_platform::rpc::ActorSigner;

use super::{FINE, Outcome};
use crate::output;

/// Make the pair of keys with which services know who calls.
///
/// Prints two lines for the environment: the private key for identity alone, the public key for
/// every service.
#[derive(clap::Args)]
pub struct Keys {}

impl Keys {
    pub fn run(self) -> Outcome {
        let signer = ActorSigner::generate();
        output::line(format_args!("YIMEN_ACTOR_PRIVATE_KEY={}", signer.to_hex()));
        output::line(format_args!("YIMEN_ACTOR_PUBLIC_KEY={}", signer.verifier().to_hex()));
        Ok(FINE)
    }
}
