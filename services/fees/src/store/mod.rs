//! All SQL of the service, and rows as domain values.

pub mod catalog;
pub mod ledger;
pub mod notices;
pub mod payments;
pub mod receipts;
pub mod reconciliations;
pub mod refunds;
pub mod reliefs;

use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Money, Parsed};

/// A value that was parsed before it was stored.
fn stored<T>(what: &str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|_| odd(what))
}

/// A row that this program did not write, or wrote wrongly.
fn odd(what: &str) -> Error {
    Error::internal(format!("a stored {what} cannot be read"))
}

fn money(fen: i64) -> Result<Money> {
    stored("amount", Money::from_fen(fen))
}
