//! Slow hashing of passwords: Argon2id (RFC 9106) with 19 MiB and 2 passes, the OWASP minimum.
//!
//! A hash takes tens of milliseconds of a processor and its memory, so it runs beside the async
//! threads, a few at a time, and never while a transaction is open.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use yimen_kernel::{Error, Result};

use crate::domain::credential::Password;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of nobody's password: its last part is random, not a result. An unknown login is
/// verified against it, so that it takes as long as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$//m3PhGCwisid4IQNNxd+g$U3GOBK88GfePlLq4XXx0xHdWWB44Q4POraE9VX35EeY";

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    /// Each hash takes a processor and [`MEMORY_KIB`]: a flood of sign-ins waits here instead of
    /// taking the machine's memory.
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// As many at a time as there are processors.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new(processors)) }
    }

    /// The hash to store, as a PHC string with its own salt.
    ///
    /// # Errors
    /// `INTERNAL` when the machine has no memory or no randomness to give.
    pub async fn hash(&self, password: Password) -> Result<String> {
        self.run(move || hash(&password)).await
    }

    /// The hash to store, and what stands for the password in the digest of the request `request_id`.
    ///
    /// The same password under the same id has the same stand-in, which is as slow to guess from as
    /// the stored hash.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub async fn hash_for_request(&self, password: Password, request_id: &str) -> Result<(String, String)> {
        let salt = Sha256::digest(request_id);
        self.run(move || {
            let mut stand_in = [0; 32];
            argon2()?
                .hash_password_into(password.as_bytes(), &salt, &mut stand_in)
                .map_err(|error| Error::internal(error.to_string()))?;
            Ok((hash(&password)?, hex::encode(stand_in)))
        })
        .await
    }

    /// Whether `password` is the one of `stored`; without one it is not, after the same time.
    ///
    /// # Errors
    /// `INTERNAL` when the stored hash cannot be read.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool> {
        self.run(move || {
            let matches = verify(&password, stored.as_deref().unwrap_or(NOBODY))?;
            Ok(matches && stored.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        // The turn goes with the work: a caller who hangs up does not stop it.
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        })
        .await
        .map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password) -> Result<String> {
    let hash: PasswordHash =
        argon2()?.hash_password(password.as_bytes()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &Password, stored: &str) -> Result<bool> {
    let stored = PasswordHash::new(stored).map_err(|error| Error::internal(error.to_string()))?;
    match argon2()?.verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(Error::internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::offer(text).unwrap()
    }

    #[tokio::test]
    async fn only_the_password_verifies() {
        let passwords = Passwords::new();
        let stored = passwords.hash(password("correct horse battery")).await.unwrap();
        assert!(passwords.verify(password("correct horse battery"), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(password("correct horse batterY"), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(password("correct horse battery"), None).await.unwrap());
        assert!(passwords.verify(password("x"), Some("not a hash".into())).await.is_err());
        let again = passwords.hash(password("correct horse battery")).await.unwrap();
        assert_ne!(stored, again, "each hash has its own salt");
    }

    #[tokio::test]
    async fn nobody_is_hashed_like_everybody() {
        let stored = Passwords::new().hash(password("correct horse battery")).await.unwrap();
        let cost = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&stored), cost(NOBODY));
        assert_eq!(stored.len(), NOBODY.len());
        assert!(!verify(&password("correct horse battery"), NOBODY).unwrap());
    }

    #[tokio::test]
    async fn a_stand_in_is_the_same_for_the_same_request() {
        let passwords = Passwords::new();
        let stand_in =
            async |text: &str, id: &str| passwords.hash_for_request(password(text), id).await.unwrap().1;
        let first = stand_in("correct horse battery", "r1").await;
        assert_eq!(first, stand_in("correct horse battery", "r1").await);
        assert_ne!(first, stand_in("correct horse battery!", "r1").await);
        assert_ne!(first, stand_in("correct horse battery", "r2").await);
    }
}
