//! Who carries messages: one trait, one module for each way.

pub mod http;
pub mod simulator;
pub mod smpp;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;
use yimen_platform::Context;
use yimen_platform::config::{CarrierConfig, CarrierKind};

use crate::domain::message::Answer;

/// A message as a carrier gets it.
#[derive(Clone)]
pub struct Submission {
    /// Ours.
    pub message: Uuid,
    /// To whom.
    pub mobile: String,
    /// The whole text, signature first.
    pub text: String,
}

/// A way to send messages.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Hands a message over, once. What it answers decides whether the message may ever be handed over
    /// again: when it is not certain that it was not taken, the answer is [`Answer::Unknown`].
    async fn submit(&self, submission: &Submission) -> Answer;

    /// Keeps up what the carrier needs between messages; called again and again.
    async fn tend(&self) {}
}

/// A carrier by its name.
#[derive(Clone)]
pub struct Named {
    /// As the configuration calls it.
    pub name: String,
    /// Its share of all messages, relative to the others'.
    pub share: u32,
    /// The way.
    pub carrier: Arc<dyn Carrier>,
}

/// The name of the simulated carrier when no other is configured.
pub const SIMULATOR: &str = "simulator";

/// The carriers of the configuration; the simulator alone, if it names none.
///
/// # Errors
/// A sentence that names the carrier that cannot be used.
pub fn all(context: &Context) -> Result<Vec<Named>, String> {
    let configured = &context.config.carriers;
    if configured.is_empty() {
        let carrier = Arc::new(simulator::Simulator::new(context.store.clone()));
        return Ok(vec![Named { name: SIMULATOR.to_owned(), share: 1, carrier }]);
    }
    configured.iter().map(|(name, config)| named(context, name, config)).collect()
}

/// Whether one of the carriers is the simulator.
pub fn is_simulated(context: &Context) -> bool {
    let configured = &context.config.carriers;
    configured.is_empty() || configured.values().any(CarrierConfig::is_simulator)
}

fn named(context: &Context, name: &str, config: &CarrierConfig) -> Result<Named, String> {
    let carrier: Arc<dyn Carrier> = match config.kind {
        CarrierKind::Simulator => Arc::new(simulator::Simulator::new(context.store.clone())),
        CarrierKind::Http => Arc::new(http::Http::new(name, config, context.clock.clone())?),
        CarrierKind::Smpp => Arc::new(smpp::Smpp::new(name, config, context.clone())?),
    };
    Ok(Named { name: name.to_owned(), share: config.share, carrier })
}

/// The carrier that a message goes to at an attempt: by share at the first, the next one after each
/// failure. The message's id decides, so that two copies of the service agree.
pub fn choose(carriers: &[Named], message: Uuid, attempt: u32) -> Option<&Named> {
    let total: u64 = carriers.iter().map(|carrier| u64::from(carrier.share)).sum();
    let mut left = message.as_u128().checked_rem(u128::from(total))?;
    let first = carriers.iter().position(|carrier| {
        let share = u128::from(carrier.share);
        let here = left < share;
        left = left.saturating_sub(share);
        here
    })?;
    let step = usize::try_from(attempt.saturating_sub(1)).ok()?;
    carriers.get((first + step) % carriers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    #[async_trait]
    impl Carrier for Nobody {
        async fn submit(&self, _: &Submission) -> Answer {
            Answer::Never
        }
    }

    fn carriers(shares: &[u32]) -> Vec<Named> {
        let named = |(index, share): (usize, &u32)| Named {
            name: index.to_string(),
            share: *share,
            carrier: Arc::new(Nobody),
        };
        shares.iter().enumerate().map(named).collect()
    }

    #[test]
    fn shares_and_failover() {
        let carriers = carriers(&[3, 1, 0]);
        let first = |id: u128| choose(&carriers, Uuid::from_u128(id), 1).unwrap().name.clone();
        let count = |name: &str| (0..400).filter(|id| first(*id) == name).count();
        assert_eq!((count("0"), count("1"), count("2")), (300, 100, 0));
        let at = |attempt| choose(&carriers, Uuid::from_u128(3), attempt).unwrap().name.clone();
        assert_eq!([at(1), at(2), at(3), at(4)], ["1", "2", "0", "1"]);
        assert!(choose(&[], Uuid::nil(), 1).is_none());
    }
}
