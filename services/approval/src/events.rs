//! What the joint approval listens to: intake's word on acceptance, materials and withdrawal.
//!
//! The three may come in any order; [`app`] keeps what is early. What cannot be read is intake's
//! mistake or a newer version's words: it is refused, and the bus keeps it for the operator.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use tracing::Span;
use yimen_kernel::date::parse_date;
use yimen_kernel::deadline::Limit;
use yimen_kernel::{CaseNumber, Clock, DepartmentId, Error, MaterialCode, Parsed, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationWithdrawn, ApprovalStep, MaterialsProvided};

use crate::app;
use crate::domain::{Case, Opening, Step};

/// 受理: what it takes to open the joint approval.
///
/// # Errors
/// `INTERNAL` for an event that cannot be read.
pub fn accepted(event: Received<ApplicationAccepted>) -> Result<(Span, Opening)> {
    let time = event.envelope.time;
    Ok((event.span, opening(event.message, time)?))
}

/// The applicant handed in materials.
///
/// # Errors
/// As [`accepted`]; when the database fails.
pub async fn materials_provided(tx: &mut Tx, event: Received<MaterialsProvided>) -> Result<()> {
    let MaterialsProvided { number, materials_revision, codes, .. } = event.message;
    app::provide_materials(tx, &case_number(&number)?, materials_revision, material_codes(&codes)?).await
}

/// 撤回申请.
///
/// # Errors
/// As [`accepted`]; when the database fails.
pub async fn withdrawn(tx: &mut Tx, event: Received<ApplicationWithdrawn>) -> Result<()> {
    app::withdraw(tx, &case_number(&event.message.number)?).await
}

fn opening(message: ApplicationAccepted, sent: DateTime<Utc>) -> Result<Opening> {
    let plan = message.plan.ok_or_else(|| odd("plan"))?;
    let accepted_on = read("day of acceptance", parse_date(&message.accepted_on))?;
    Ok(Opening {
        case: Case {
            number: case_number(&message.number)?,
            item: message.item,
            item_version: message.item_version,
            item_name_zh: message.item_name_zh,
            item_name_en: message.item_name_en,
            subject: message.subject,
            lead: department(&plan.lead)?,
            open_time: message.time.as_ref().and_then(moment).unwrap_or(sent),
        },
        limit: Clock::new(accepted_on, Limit::working(message.statutory_limit_days)),
        steps: plan.steps.into_iter().map(step).collect::<Result<_>>()?,
        materials_revision: message.materials_revision,
        materials: material_codes(&message.materials)?,
        promised: material_codes(&message.promised)?,
    })
}

fn step(step: ApprovalStep) -> Result<Step> {
    Ok(Step {
        department: department(&step.department)?,
        limit_days: step.limit_days,
        after: step.after.iter().map(|id| department(id)).collect::<Result<_>>()?,
        relies_on: material_codes(&step.relies_on)?,
        site_visit: step.site_visit,
    })
}

/// With the microseconds that the database keeps.
fn moment(time: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(time.nanos).ok()?;
    DateTime::from_timestamp(time.seconds, nanos - nanos % 1_000)
}

fn case_number(text: &str) -> Result<CaseNumber> {
    read("case number", CaseNumber::parse(text))
}

fn department(text: &str) -> Result<DepartmentId> {
    read("department", DepartmentId::parse(text))
}

fn material_codes(texts: &[String]) -> Result<Vec<MaterialCode>> {
    texts.iter().map(|text| read("material", MaterialCode::parse(text))).collect()
}

fn read<T>(what: &str, parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|_| odd(what))
}

fn odd(what: &str) -> Error {
    Error::internal(format!("the {what} of an event of intake cannot be read"))
}

#[cfg(test)]
mod tests {
    use yimen_kernel::{DivisionCode, Kind};
    use yimen_proto::intake::v1::ApprovalPlan;

    use super::*;

    fn message() -> ApplicationAccepted {
        let center = DivisionCode::parse("430102").unwrap();
        let step = ApprovalStep {
            department: "430102-scjg".into(),
            limit_days: 3,
            after: vec!["430102-cgj".into()],
            relies_on: vec!["plan".into()],
            site_visit: true,
        };
        ApplicationAccepted {
            number: CaseNumber::issue(&center, "2026-03-02".parse().unwrap(), 7).unwrap().to_string(),
            plan: Some(ApprovalPlan { lead: "430102-zjj".into(), steps: vec![step] }),
            materials_revision: 2,
            accepted_on: "2026-03-03".into(),
            materials: vec!["plan".into()],
            time: Some(Timestamp { seconds: 1_772_500_000, nanos: 1_999 }),
            ..Default::default()
        }
    }

    #[test]
    fn an_acceptance_is_read() {
        let opening = opening(message(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(opening.case.lead.as_str(), "430102-zjj");
        assert_eq!(opening.case.open_time.timestamp_nanos_opt(), Some(1_772_500_000_000_001_000));
        assert_eq!(opening.steps[0].after[0].as_str(), "430102-cgj");
    }

    #[test]
    fn odd_events_are_refused_without_panic() {
        let plan = |lead: &str| Some(ApprovalPlan { lead: lead.into(), steps: vec![] });
        for odd in [
            ApplicationAccepted { number: "1".into(), ..message() },
            ApplicationAccepted { plan: None, ..message() },
            ApplicationAccepted { accepted_on: String::new(), ..message() },
            ApplicationAccepted { plan: plan("zjj"), ..message() },
            ApplicationAccepted { materials: vec!["计划".into()], ..message() },
        ] {
            assert_eq!(opening(odd, DateTime::UNIX_EPOCH).unwrap_err().kind(), Kind::Internal);
        }
        let timeless =
            ApplicationAccepted { time: Some(Timestamp { seconds: i64::MAX, nanos: -1 }), ..message() };
        assert_eq!(opening(timeless, DateTime::UNIX_EPOCH).unwrap().case.open_time, DateTime::UNIX_EPOCH);
    }
}
