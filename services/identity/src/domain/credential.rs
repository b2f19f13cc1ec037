//! What callers prove themselves with: passwords, session tokens, API keys.
//!
//! Tokens and keys carry 32 random bytes, so nobody can find one by trying out what a digest is of.
//! A plain SHA-256 is therefore enough to store them, and it lets one indexed lookup answer every
//! call. A password is chosen by a person and guessed by a machine; only a slow hash protects it
//! (`crate::passwords`).

use std::fmt;

use chrono::Duration;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use yimen_kernel::{FieldFault, Parsed, Reason};

/// How long a session lasts: a working day and its overtime.
pub const SESSION_LIFE: Duration = Duration::hours(12);

/// What every session token begins with.
const SESSION_PREFIX: &str = "ys_";
/// What every API key begins with.
const KEY_PREFIX: &str = "yk_";
/// Random bytes in a token or key.
const SECRET_BYTES: usize = 32;
/// No token or key is longer.
const CREDENTIAL_MAX: usize = 128;

/// The fewest characters of a password.
pub const PASSWORD_MIN: usize = 12;
/// The most characters of a password.
pub const PASSWORD_MAX: usize = 128;

/// A password for a member of staff. It is never printed.
pub struct Password(String);

impl Password {
    /// Takes a password that someone chooses; characters, not bytes, are counted.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `PASSWORD_TOO_WEAK` with the least length, `TOO_LONG`.
    pub fn choose(value: &str) -> Parsed<Self> {
        let password = Self::offer(value)?;
        if value.chars().count() < PASSWORD_MIN {
            return Err(FieldFault::limited(Reason::PasswordTooWeak, PASSWORD_MIN));
        }
        Ok(password)
    }

    /// Takes a password that someone signs in with, which may be a wrong one.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`, `TOO_LONG`.
    pub fn offer(value: &str) -> Parsed<Self> {
        match value.chars().count() {
            0 => Err(Reason::Required.into()),
            length if length > PASSWORD_MAX => Err(FieldFault::limited(Reason::TooLong, PASSWORD_MAX)),
            _ => Ok(Password(value.to_owned())),
        }
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// SHA-256 of a session token or API key: what is stored of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialHash([u8; 32]);

impl CredentialHash {
    fn of(credential: &str) -> Self {
        CredentialHash(Sha256::digest(credential).into())
    }

    /// One that was stored.
    ///
    /// # Errors
    /// `INTERNAL` for what is none.
    pub fn stored(bytes: &[u8]) -> yimen_kernel::Result<Self> {
        let odd = |_| yimen_kernel::Error::internal("a stored hash has another length");
        bytes.try_into().map(CredentialHash).map_err(odd)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a client sent as its credential, by its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A session token.
    Session(CredentialHash),
    /// An API key.
    ApiKey(CredentialHash),
}

impl Credential {
    /// Reads a credential; `None` for what cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CREDENTIAL_MAX {
            None
        } else if text.starts_with(SESSION_PREFIX) {
            Some(Credential::Session(CredentialHash::of(text)))
        } else if text.starts_with(KEY_PREFIX) {
            Some(Credential::ApiKey(CredentialHash::of(text)))
        } else {
            None
        }
    }
}

/// A credential just made. Its text is shown once and kept by nobody but its holder.
pub struct Issued {
    /// What the holder sends.
    pub text: String,
    /// What is stored.
    pub hash: CredentialHash,
}

impl Issued {
    /// A new session token.
    pub fn session() -> Self {
        Self::from(format!("{SESSION_PREFIX}{}", secret()))
    }

    /// A new API key for the key id `id`, which the key shows so that people can tell which one a
    /// system holds.
    pub fn api_key(id: Uuid) -> Self {
        Self::from(format!("{KEY_PREFIX}{}_{}", id.simple(), secret()))
    }

    fn from(text: String) -> Self {
        Issued { hash: CredentialHash::of(&text), text }
    }
}

/// `rand::random` draws from a cryptographic generator that the operating system seeds.
fn secret() -> String {
    hex::encode(rand::random::<[u8; SECRET_BYTES]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_counted_in_characters() {
        let reason = |value: &str| Password::choose(value).map(|_| ()).map_err(|fault| fault.reason);
        assert_eq!(reason(&"一".repeat(12)), Ok(()));
        assert_eq!(reason(&"一".repeat(128)), Ok(()));
        assert_eq!(reason(&"一".repeat(11)), Err(Reason::PasswordTooWeak));
        assert_eq!(reason(&"a".repeat(129)), Err(Reason::TooLong));
        assert_eq!(reason(""), Err(Reason::Required));
        assert!(Password::offer("short").is_ok());
        assert!(Password::offer(&"a".repeat(129)).is_err());
    }

    #[test]
    fn a_password_is_not_printed() {
        assert!(!format!("{:?}", Password::offer("hunter42").unwrap()).contains("hunter42"));
    }

    #[test]
    fn what_was_issued_is_read_back() {
        let session = Issued::session();
        assert!(Credential::parse(&session.text) == Some(Credential::Session(session.hash)));
        let id = Uuid::now_v7();
        let key = Issued::api_key(id);
        assert!(key.text.contains(&id.simple().to_string()));
        assert!(key.text.len() <= CREDENTIAL_MAX);
        assert!(Credential::parse(&key.text) == Some(Credential::ApiKey(key.hash)));
        assert!(Issued::session().text != session.text);
    }

    #[test]
    fn nothing_else_is_a_credential() {
        for text in ["", "Bearer ys_1", "YS_1", "yimen", &format!("ys_{}", "a".repeat(126))] {
            assert!(Credential::parse(text).is_none(), "{text}");
        }
    }
}
