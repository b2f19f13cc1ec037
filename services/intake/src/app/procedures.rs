//! What the approval tells of its time: special procedures and the extension, as the applicant is told.

use chrono::NaiveDate;
use yimen_kernel::deadline::Ground;
use yimen_kernel::error::Result;
use yimen_kernel::{CaseNumber, Lang};
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as pb;

use super::{draw_up, load, save, timestamp};
use crate::domain::documents::Content;

/// A special procedure that began.
pub struct Procedure {
    pub id: String,
    pub ground: Ground,
    pub reason: String,
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// Tells the applicant in writing how long a special procedure takes (行政许可法 art. 45): without that, it
/// stops no legal clock.
pub async fn started(tx: &mut Tx, number: &CaseNumber, procedure: Procedure) -> Result<()> {
    let loaded = load(tx, number).await?;
    let content = Content::Procedure {
        ground: (procedure.ground.text(Lang::Zh), procedure.ground.text(Lang::En)),
        legal: procedure.ground.is_legal(),
        reason: &procedure.reason,
        from: procedure.from,
        until: procedure.until,
    };
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    let after = loaded.application.clone().note();
    save(tx, &loaded.row, &after, "PROCEDURE_STARTED", Some(&document)).await?;
    let time = Some(timestamp(tx.now()));
    tx.emit(
        number.center().as_str(),
        number.as_str(),
        after.version,
        &pb::ProcedureNoticeIssued {
            number: number.to_string(),
            procedure: procedure.id,
            document: document.document,
            time,
        },
    );
    Ok(())
}

/// Notes that a special procedure is over.
pub async fn ended(tx: &mut Tx, number: &CaseNumber) -> Result<()> {
    let loaded = load(tx, number).await?;
    save(tx, &loaded.row, &loaded.application.clone().note(), "PROCEDURE_ENDED", None).await
}

/// Tells the applicant of the extension and its reason (art. 42).
pub async fn extended(
    tx: &mut Tx,
    number: &CaseNumber,
    days: u32,
    by_government: bool,
    reason: &str,
) -> Result<()> {
    let loaded = load(tx, number).await?;
    let content = Content::Extension { days, by_government, reason };
    let document = draw_up(tx, number, &loaded.row, &content).await?;
    save(tx, &loaded.row, &loaded.application.clone().note(), "EXTENDED", Some(&document)).await
}
