//! One function per operation: load, let the domain decide, save, book, tell.

pub mod assess;
pub mod catalog;
pub mod notices;
pub mod payments;
pub mod read;
pub mod receipts;
pub mod reconcile;
pub mod refunds;
pub mod resolve;
pub mod settle;

use yimen_kernel::DocumentNumber;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::Tx;
pub(crate) use yimen_platform::timestamp;

use crate::domain::ledger::{Kind, Move};
use crate::domain::notice::Notice;
use crate::store::ledger::{self, About};
use crate::store::notices::{Kept, Key};

/// Reads a notice for a change.
async fn lock(tx: &mut Tx, notice: &DocumentNumber) -> Result<Kept> {
    let kept = crate::store::notices::lock(tx.sql(), Key::Notice(notice)).await?;
    kept.ok_or_else(|| Error::not_found(Reason::NoticeUnknown))
}

/// Books what concerns a notice; `source` tells this cause from every other.
async fn book(tx: &mut Tx, kind: Kind, source: String, notice: &Notice, moves: &[Move]) -> Result<()> {
    let (center, at) = (notice.center(), tx.now());
    let about = About { source, center: center.as_str(), number: Some(notice.number.as_str()), at };
    ledger::book(tx.sql(), kind, &about, moves).await.map(drop)
}
