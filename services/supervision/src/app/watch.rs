//! The public list for those who follow it: one look for all of this process, and each goes on from its cursor.

use std::sync::Arc;

use futures::Stream;
use tokio::sync::watch;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_proto::supervision::v1 as pb;

use super::read;
use crate::store::red_list;
use crate::store::warnings::{self, Filter};

/// Tells the watchers of this process that the list has grown.
#[derive(Clone)]
pub struct News(Arc<watch::Sender<i64>>);

impl News {
    /// Nobody watches yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// A chore: looks how far the list goes, if anybody watches.
    pub async fn look(&self, ctx: &Context) -> Result<()> {
        if self.0.receiver_count() > 0 {
            let mut connection = ctx.store.read().await?;
            let last = red_list::last(&mut connection).await?;
            self.0.send_if_modified(|known| std::mem::replace(known, last) != last);
        }
        Ok(())
    }
}

/// Where to go on.
///
/// # Errors
/// `UNKNOWN_CURSOR` at `cursor` for what no answer gave.
pub async fn start(ctx: &Context, cursor: &str) -> Result<i64> {
    let unknown = || Error::field("cursor", Reason::UnknownCursor);
    if cursor.is_empty() {
        return Ok(0);
    }
    let seq: i64 = cursor.parse().map_err(|_| unknown())?;
    let mut connection = ctx.store.read().await?;
    let is_known = (0..=red_list::last(&mut connection).await?).contains(&seq) && seq.to_string() == cursor;
    if is_known { Ok(seq) } else { Err(unknown()) }
}

/// Every change of the list after `cursor`, without end. No connection is held between two reads.
pub fn changes(
    ctx: Context,
    news: &News,
    center: Option<String>,
    mut cursor: i64,
) -> impl Stream<Item = Result<pb::WatchWarningsResponse>> + Send + use<> {
    let mut grown = news.0.subscribe();
    async_stream::try_stream! {
        loop {
            grown.mark_unchanged();
            let changes = following(&ctx, center.as_deref(), &mut cursor).await?;
            if changes.is_empty() && grown.changed().await.is_err() {
                return;
            }
            for change in changes {
                yield change;
            }
        }
    }
}

/// The next changes that concern the center, or all; moves the cursor.
async fn following(
    ctx: &Context,
    center: Option<&str>,
    cursor: &mut i64,
) -> Result<Vec<pb::WatchWarningsResponse>> {
    let mut connection = ctx.store.read().await?;
    loop {
        let places = red_list::after(&mut connection, *cursor).await?;
        let Some((last, _)) = places.last() else { return Ok(Vec::new()) };
        *cursor = *last;
        let filter = Filter {
            center: center.map(str::to_owned),
            some: Some(places.iter().map(|(_, warning)| *warning).collect()),
            limit: i64::MAX,
            ..Filter::default()
        };
        let rows = warnings::list(&mut connection, &filter).await?;
        let place = |row: &warnings::Row| places.iter().rfind(|(_, warning)| *warning == row.warning);
        let mut changes: Vec<(i64, pb::Warning)> =
            rows.into_iter().filter_map(|row| Some((place(&row)?.0, read::warning(row, false)))).collect();
        changes.sort_by_key(|(seq, _)| *seq);
        if !changes.is_empty() {
            let answer = |(seq, warning): (i64, _)| pb::WatchWarningsResponse {
                cursor: seq.to_string(),
                warning: Some(warning),
            };
            return Ok(changes.into_iter().map(answer).collect());
        }
    }
}
