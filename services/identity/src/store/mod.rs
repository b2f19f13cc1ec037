//! All SQL, and the way from rows to the domain.

pub mod api_key;
pub mod attempt;
pub mod organization;
pub mod session;
pub mod staff;

use yimen_kernel::{Error, Parsed, Result};

/// A stored value, which was well formed when it was stored.
fn stored<T>(parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|fault| {
        Error::internal(format!("a stored value is not well formed: {}", fault.reason.as_str()))
    })
}

/// A stored value that may be missing.
fn stored_if<T>(value: Option<String>, parse: fn(&str) -> Parsed<T>) -> Result<Option<T>> {
    value.map(|text| stored(parse(&text))).transpose()
}
