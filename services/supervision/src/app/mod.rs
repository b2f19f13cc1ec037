//! What supervision does: with events, by itself, when it is asked.

pub mod appeals;
pub mod board;
pub mod calendar;
pub mod cases;
pub mod clocks;
pub mod conduct;
pub mod flags;
pub mod ladder;
pub mod party;
pub mod read;
pub mod recompute;
pub mod settle;
pub mod watch;

use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
pub use yimen_platform::timestamp;

/// The id after which a page begins.
fn after(page: &Page) -> Result<Option<Uuid>> {
    page.after.as_deref().map(|id| Uuid::parse_str(id).map_err(|_| unknown_page())).transpose()
}

fn unknown_page() -> Error {
    Error::field("page_token", Reason::UnknownPageToken)
}
