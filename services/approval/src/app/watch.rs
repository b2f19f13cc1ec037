//! Following a department's changes.

use std::sync::Arc;

use futures::Stream;
use yimen_kernel::{DepartmentId, Error, Reason, Result};
use yimen_platform::Context;

use crate::app::news::{News, told_until};
use crate::store::views::{TaskView, Wanted};
use crate::store::{feed, views};

/// A task as it is now, and the cursor after the change that brought it.
pub type Change = (String, TaskView);

/// Where to go on.
///
/// # Errors
/// `UNKNOWN_CURSOR` at `cursor` for what no answer gave.
pub async fn start(context: &Context, cursor: &str) -> Result<i64> {
    let unknown = || Error::field("cursor", Reason::UnknownCursor);
    let Some(place) = parse(cursor).ok_or_else(unknown)? else { return Ok(0) };
    let mut connection = context.store.read().await?;
    if place > feed::last(&mut connection).await? { Err(unknown()) } else { Ok(place) }
}

/// Every change of the department's tasks and led approvals after `cursor`, without end; several
/// changes of one task that are read together come as one. No connection is held between two reads.
pub fn changes(
    context: Context,
    news: &Arc<News>,
    department: DepartmentId,
    mut cursor: i64,
) -> impl Stream<Item = Result<Change>> + Send + use<> {
    let mut told = news.follow(&department);
    async_stream::try_stream! {
        // Until it has caught up by itself, and whenever it missed what was told, it reads by itself.
        let (mut is_behind, mut until) = (true, 0);
        loop {
            if !is_behind && told.changed().await.is_err() {
                return;
            }
            let latest = told.borrow_and_update().clone();
            let (before, now_until) = (latest.as_ref().map(|told| told.before), told_until(&latest));
            let changes: Vec<(i64, TaskView)> = match latest {
                Some(told) if !is_behind && before == Some(until) => {
                    told.changes.iter().filter(|(place, _)| *place > cursor).cloned().collect()
                }
                _ => {
                    let changes = read(&context, &department, cursor).await?;
                    is_behind = !changes.is_empty();
                    changes
                }
            };
            until = now_until;
            for (place, view) in changes {
                cursor = place;
                yield (place.to_string(), view);
            }
        }
    }
}

async fn read(context: &Context, department: &DepartmentId, cursor: i64) -> Result<Vec<(i64, TaskView)>> {
    let mut connection = context.store.read().await?;
    let places = feed::after(&mut connection, department, cursor).await?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Wanted<'_>> = places.iter().map(|(_, number)| (department, number.as_str())).collect();
    let views = views::views(&mut connection, &wanted).await?;
    let place_of = |view: &TaskView| {
        places.iter().find(|(_, number)| *number == view.case.number).map(|(place, _)| *place)
    };
    Ok(views.into_iter().filter_map(|view| Some((place_of(&view)?, view))).collect())
}

/// `Some(None)` for the beginning, `None` for garbage.
fn parse(cursor: &str) -> Option<Option<i64>> {
    if cursor.is_empty() {
        return Some(None);
    }
    let place: i64 = cursor.parse().ok()?;
    (place >= 0 && place.to_string() == cursor).then_some(Some(place))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn cursors() {
        assert_eq!(parse(""), Some(None));
        assert_eq!(parse("17"), Some(Some(17)));
        for garbage in ["x", "-1", "+1", "01", " 1", "1 ", "99999999999999999999", "1.0"] {
            assert_eq!(parse(garbage), None, "{garbage}");
        }
    }
}
