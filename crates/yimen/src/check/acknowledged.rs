//! What an applicant was told was taken in, is there.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use prost::Message as _;
use yimen_proto::intake::v1::SubmitApplicationResponse;

use super::{Faults, Finding, Look, PAGE, Unreadable, existing};

/// Every acknowledged submission has its application, and no two share one.
pub(super) async fn check(look: &Look<'_>, kept: &[String]) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let mut answered = BTreeSet::new();
    let mut intake = look.intake().await?;
    let mut rows = sqlx::query_as::<_, (Vec<u8>,)>(
        "select response from intake.request
         where method = 'yimen.intake.v1.SubmitApplicationRequest' order by caller, request_id",
    )
    .fetch(&mut *intake);
    while let Some((response,)) = rows.try_next().await? {
        let Ok(answer) = SubmitApplicationResponse::decode(response.as_slice()) else {
            faults.add("an answer on record cannot be read");
            continue;
        };
        if let Some(twice) = answered.replace(answer.number) {
            faults.add(format!("{twice} was the answer to two submissions"));
        }
    }
    drop(rows);
    drop(intake);
    let mut held = BTreeSet::new();
    for number in kept {
        if !held.insert(number) {
            faults.add(format!("{number} was given to two applicants"));
        }
    }
    let all: Vec<String> = answered.union(&kept.iter().cloned().collect()).cloned().collect();
    for page in all.chunks(usize::try_from(PAGE).unwrap_or(1)) {
        let there = existing(look, page).await?;
        for number in page.iter().filter(|number| !there.contains(*number)) {
            faults.add(format!("{number} was acknowledged and is not there"));
        }
    }
    let counts =
        format!("{} answers on record, {} kept by applicants, all there", answered.len(), kept.len());
    Ok(faults.finding("acknowledged", counts))
}
