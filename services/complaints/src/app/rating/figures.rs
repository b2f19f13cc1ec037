//! Ratings in figures, for everyone.

use yimen_kernel::DivisionCode;
use yimen_kernel::date::local_date;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_proto::complaints::v1 as pb;

use crate::domain::rating::month::Month;
use crate::grpc::ratings::message;
use crate::store::rating::months as table;

/// The figures of a center in a month: as they were published, or, of a month that runs, as they are.
///
/// # Errors
/// When the database fails.
pub async fn get(ctx: &Context, center: &DivisionCode, month: Option<Month>) -> Result<pb::RatingFigures> {
    let month = month.unwrap_or_else(|| Month::of(local_date(ctx.store.now())));
    // Of one moment: nothing is corrected between the looks.
    let mut tx = ctx.store.begin().await?;
    let published = table::published(tx.sql(), center.as_str(), month).await?;
    let lines = match published {
        Some(_) => table::figures(tx.sql(), center.as_str(), month).await?,
        None => table::counted(tx.sql(), center.as_str(), month).await?,
    };
    let (published_on, edition) = match published {
        Some((at, edition)) => (local_date(at).to_string(), u32::try_from(edition).unwrap_or_default()),
        None => (String::new(), 0),
    };
    Ok(pb::RatingFigures {
        center: center.to_string(),
        month: month.to_string(),
        published_on,
        edition,
        lines: lines.into_iter().map(message::line).collect(),
    })
}
