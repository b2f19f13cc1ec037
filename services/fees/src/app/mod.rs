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

/// What is booked of a notice; `source` tells this cause from every other.
struct Booked<'b> {
    source: String,
    notice: &'b Notice,
    moves: Vec<Move>,
}

/// Books what concerns a notice.
async fn book(tx: &mut Tx, kind: Kind, source: String, notice: &Notice, moves: Vec<Move>) -> Result<()> {
    book_all(tx, kind, &[Booked { source, notice, moves }]).await
}

/// Books what concerns different notices.
async fn book_all(tx: &mut Tx, kind: Kind, booked: &[Booked<'_>]) -> Result<()> {
    let at = tx.now();
    let centers: Vec<String> = booked.iter().map(|booked| booked.notice.center().to_string()).collect();
    let about = booked.iter().zip(&centers).map(|(Booked { source, notice, .. }, center)| About {
        source: source.clone(),
        center,
        number: Some(notice.number.as_str()),
        at,
    });
    let about: Vec<About<'_>> = about.collect();
    let entries: Vec<_> =
        about.iter().zip(booked).map(|(about, booked)| (about, booked.moves.as_slice())).collect();
    ledger::book_all(tx.sql(), kind, &entries).await.map(drop)
}
