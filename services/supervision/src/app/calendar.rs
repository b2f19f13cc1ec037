//! A year's notice comes in.

use yimen_kernel::error::Result;
use yimen_platform::calendar;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use super::timestamp;

/// The notice concerns every center.
const EVERYWHERE: &str = "";

/// Keeps a year's notice and tells every service of it.
///
/// # Errors
/// `BAD_FORMAT` at `csv` with the line that cannot be read.
pub async fn import(tx: &mut Tx, csv: &[u8]) -> Result<pb::ImportCalendarResponse> {
    let (year, days, csv) = calendar::parse(csv)?;
    let is_new = calendar::keep(tx, year, &csv).await?;
    if is_new {
        let time = Some(timestamp(tx.now()));
        tx.emit(EVERYWHERE, &year.to_string(), 1, &pb::CalendarImported { year, csv, time });
    }
    Ok(pb::ImportCalendarResponse { year, days, unchanged: !is_new })
}
