//! Rating, once; a negative rating opens its case in the same transaction.

use uuid::Uuid;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DivisionCode, DocumentNumber, Reason};
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::{Happened, note, tell};
use crate::domain::Identity;
use crate::domain::rating::month::Month;
use crate::domain::rating::rectification::{Rectification, Step};
use crate::domain::rating::{Level, rated};
use crate::store::odd;
use crate::store::rating::invitations::{self, Invited};
use crate::store::rating::ratings::{self as table, Rater, Said};
use crate::store::rating::rectifications;

/// What the rater says.
pub struct Rating {
    pub level: Level,
    pub aspects: Vec<String>,
    pub text: String,
    pub rater: Option<Rater>,
    pub identity: Identity,
}

/// Rates an event.
///
/// # Errors
/// `ALREADY_RATED`, `RATING_LATE`.
pub async fn rate(tx: &mut Tx, event: Invited, rating: Rating) -> Result<pb::RateResponse> {
    let (now, today) = (tx.now(), local_date(tx.now()));
    let calendar = tx.calendar().await?.calendar;
    event.invitation.rate(&calendar, today)?;
    invitations::hold(tx.sql(), &event.number).await?;
    let said = Said {
        rating: Uuid::now_v7(),
        level: rating.level,
        aspects: &rating.aspects,
        text: &rating.text,
        identity: rating.identity,
        at: now,
        month: Month::of(today).first(),
    };
    if !table::insert(tx.sql(), &event, &said).await? {
        // Somebody with the same link was faster.
        return Err(Error::new(yimen_kernel::Kind::AlreadyExists, Reason::AlreadyRated));
    }
    if let Some(rater) = &rating.rater {
        table::insert_rater(tx.sql(), said.rating, rater).await?;
    }
    let level = pb::rating::Level::from_str_name(rating.level.as_str()).unwrap_or_default();
    let mut answer = pb::RateResponse { level: level.into(), ..pb::RateResponse::default() };
    if rating.level.is_negative() {
        let case = follow(tx, &event, said.rating, rating.identity).await?;
        let due = case.due().into_iter().find(|due| due.step == Step::Rectify);
        let until = due.and_then(|due| due.clock().due(&calendar)).map(|due| due.on.to_string());
        answer.is_followed = true;
        answer.rectify_until = until.unwrap_or_default();
    }
    Ok(answer)
}

/// Opens the case of a negative rating.
async fn follow(tx: &mut Tx, event: &Invited, rating: Uuid, identity: Identity) -> Result<Rectification> {
    let today = local_date(tx.now());
    let serial = rectifications::next_serial(tx.sql()).await?;
    let center = DivisionCode::parse(&event.center).map_err(|_| odd("center"))?;
    let number = DocumentNumber::issue(&center, "ZG", chrono::Datelike::year(&today), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("rectification")]))?;
    let case = Rectification::open(number, identity, rated(&event.window, &event.clerk), today);
    rectifications::insert(tx.sql(), rating, &case).await?;
    note(tx, &case, Happened { what: pb::rectification_step::What::Opened, by: "", note: "" }).await?;
    tell(tx, Vec::new(), &case);
    Ok(case)
}
