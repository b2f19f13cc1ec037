//! All SQL of complaints, row ⇄ domain.

pub mod accountability;
pub mod appraisal;
pub mod attachments;
pub mod attempts;
pub mod complaints;
pub mod figures;
pub mod lists;
pub mod parties;
pub mod people;
pub mod questions;
pub mod rating;
pub mod scrutiny;
pub mod steps;

use yimen_kernel::check::Parsed;
use yimen_kernel::error::{Error, Result};

/// What a table has that the program cannot have written.
pub(crate) fn odd(what: &str) -> Error {
    Error::internal(format!("a stored {what} cannot be read"))
}

/// A value that was parsed before it was stored.
pub(crate) fn stored<T>(what: &str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|_| odd(what))
}

/// A count of a table.
pub(crate) fn count(what: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| odd(what))
}

/// A count for a table.
pub(crate) fn int(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(Error::internal)
}
