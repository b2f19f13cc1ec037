//! All SQL of the service, and rows as domain values.

pub mod appeals;
pub mod applications;
pub mod cases;
pub mod clocks;
pub mod facts;
pub mod flags;
pub mod moves;
pub mod red_list;
pub mod suspensions;
pub mod timers;
pub mod warnings;

use yimen_kernel::Parsed;
use yimen_kernel::error::{Error, Result};

/// A row that this program did not write, or wrote wrongly.
fn odd(what: &str) -> Error {
    Error::internal(format!("a stored {what} cannot be read"))
}

/// A value that was parsed before it was stored.
fn stored<T>(what: &str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|_| odd(what))
}

fn count(what: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| odd(what))
}

fn int(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(Error::internal)
}
