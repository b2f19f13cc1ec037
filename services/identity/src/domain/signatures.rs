//! Signatures lately made, so that a busy caller does not cost one per call.
//!
//! This is no cache of who may do what: the database is asked first at every call, and a signature
//! is used again only for exactly what it says of the caller now.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use yimen_kernel::Actor;

use super::credential::CredentialHash;

/// How long a signature is good.
pub const SIGNATURE_LIFE: Duration = Duration::seconds(60);
/// A signature with less left than this is not given out again: the call that it goes with may wait.
const LEAST_LEFT: Duration = Duration::seconds(30);
/// How many callers are remembered.
const CAPACITY: usize = 4096;

/// The last signature for each credential.
pub struct Signatures {
    capacity: usize,
    last: Mutex<HashMap<CredentialHash, Signature>>,
}

struct Signature {
    actor: Actor,
    expires: DateTime<Utc>,
    signed: Vec<u8>,
}

impl Default for Signatures {
    fn default() -> Self {
        Signatures { capacity: CAPACITY, last: Mutex::default() }
    }
}

impl Signatures {
    /// The signature for `actor`, which the database says holds `credential` until `good_until`;
    /// made by `sign` unless the last one still serves.
    pub fn get(
        &self,
        credential: CredentialHash,
        actor: Actor,
        now: DateTime<Utc>,
        good_until: Option<DateTime<Utc>>,
        sign: impl FnOnce(&Actor, DateTime<Utc>) -> Vec<u8>,
    ) -> Vec<u8> {
        let life_end = now + SIGNATURE_LIFE;
        let expires = good_until.map_or(life_end, |end| end.min(life_end));
        if let Some(signed) = self.last_for(&credential, &actor, now, expires) {
            return signed;
        }
        // Signed outside the lock: two calls at once may sign twice, but none waits for the other.
        let signed = sign(&actor, expires);
        self.keep(credential, Signature { actor, expires, signed: signed.clone() }, now);
        signed
    }

    fn last_for(
        &self,
        credential: &CredentialHash,
        actor: &Actor,
        now: DateTime<Utc>,
        latest: DateTime<Utc>,
    ) -> Option<Vec<u8>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let signature = last.get(credential)?;
        let serves =
            signature.actor == *actor && signature.expires - now >= LEAST_LEFT && signature.expires <= latest;
        serves.then(|| signature.signed.clone())
    }

    fn keep(&self, credential: CredentialHash, signature: Signature, now: DateTime<Utc>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= self.capacity && !last.contains_key(&credential) {
            last.retain(|_, signature| signature.expires > now);
            if last.len() >= self.capacity {
                // So many callers within one minute: signing again is cheaper than choosing whom to forget.
                last.clear();
            }
        }
        last.insert(credential, signature);
    }
}

#[cfg(test)]
mod tests {
    use super::super::credential::Issued;
    use super::*;

    fn actor(name: &str) -> Actor {
        Actor { subject: "someone".into(), name: name.into(), ..Actor::anonymous() }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn one_signature_serves_for_half_its_life() {
        let signatures = Signatures::default();
        let hash = Issued::session().hash;
        let get = |name: &str, seconds, mark: u8| {
            signatures.get(hash, actor(name), at(seconds), None, |_, expires| {
                assert_eq!(expires, at(seconds) + SIGNATURE_LIFE);
                vec![mark]
            })
        };
        assert_eq!(get("甲", 0, 1), [1]);
        assert_eq!(get("甲", 30, 2), [1]);
        assert_eq!(get("甲", 31, 3), [3]);
        assert_eq!(get("乙", 32, 4), [4], "a changed actor is signed anew");
    }

    #[test]
    fn no_signature_outlives_its_session() {
        let signatures = Signatures::default();
        let hash = Issued::session().hash;
        let get = |end, mark: u8| signatures.get(hash, actor("甲"), at(0), Some(end), |_, _| vec![mark]);
        assert_eq!(get(at(600), 1), [1]);
        assert_eq!(get(at(40), 2), [2]);
        signatures.get(hash, actor("乙"), at(0), Some(at(5)), |_, expires| {
            assert_eq!(expires, at(5));
            Vec::new()
        });
    }

    #[test]
    fn never_more_than_the_capacity() {
        let signatures = Signatures { capacity: 3, last: Mutex::default() };
        for seconds in 0..20 {
            signatures.get(Issued::session().hash, actor("甲"), at(seconds), None, |_, _| Vec::new());
            assert!(signatures.last.lock().unwrap().len() <= 3);
        }
    }
}
