//! The inspection of a case: its row, and one row per department.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::db;

use super::{count, odd, stored};
use crate::domain::{Answer, Conclusion, Inspection, Invited, Person, Presence, Proposal, Record, Signature};

/// A department of an inspection, with the inspection.
struct Row {
    number: String,
    proposal: i64,
    visit_time: DateTime<Utc>,
    place: String,
    findings: Option<String>,
    recorded_by: Option<String>,
    recorded_by_id: Option<String>,
    recorded_at: Option<DateTime<Utc>>,
    department: String,
    answer: String,
    decline_reason: String,
    staff: Vec<String>,
    conclusion: Option<String>,
    conclusion_text: Option<String>,
    signed_by: Option<String>,
    signed_by_id: Option<String>,
    signed_at: Option<DateTime<Utc>>,
}

/// Reads the inspections of cases.
///
/// # Errors
/// When the database fails.
pub async fn read(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Inspection>> {
    let rows = sqlx::query_as!(
        Row,
        "select i.number, i.proposal, i.visit_time, i.place, i.findings, i.recorded_by, i.recorded_by_id,
                i.recorded_at, p.department, p.answer, p.decline_reason, p.staff, p.conclusion,
                p.conclusion_text, p.signed_by, p.signed_by_id, p.signed_at
         from unnest($1::text[]) given(number)
         join approval.inspection i using (number)
         join approval.inspection_party p using (number)
         order by i.number, p.department",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let parties = rows.chunk_by(|one, next| one.number == next.number);
    parties
        .filter_map(|rows| rows.first().map(|first| Ok((first.number.clone(), inspection(first, rows)?))))
        .collect()
}

fn inspection(first: &Row, rows: &[Row]) -> Result<Inspection> {
    let (mut invited, mut present) = (Vec::new(), Vec::new());
    for row in rows {
        let department = stored("department", DepartmentId::parse(&row.department))?;
        let answer = match row.answer.as_str() {
            "PENDING" => Answer::Pending,
            "CONFIRMED" => Answer::Confirmed,
            "DECLINED" => Answer::Declined { reason: row.decline_reason.clone() },
            _ => return Err(odd("answer")),
        };
        if !row.staff.is_empty() {
            let signature = match (&row.conclusion, row.signed_at) {
                (Some(code), Some(time)) => Some(Signature {
                    conclusion: parse_conclusion(code)?,
                    text: row.conclusion_text.clone().unwrap_or_default(),
                    by: Person {
                        id: row.signed_by_id.clone().unwrap_or_default(),
                        name: row.signed_by.clone().unwrap_or_default(),
                    },
                    time,
                }),
                _ => None,
            };
            present.push(Presence { department: department.clone(), staff: row.staff.clone(), signature });
        }
        invited.push(Invited { department, answer });
    }
    let proposal = Proposal {
        ordinal: count("proposal", first.proposal)?,
        time: first.visit_time,
        place: first.place.clone(),
        invited,
    };
    Ok(match (&first.findings, first.recorded_at) {
        (Some(findings), Some(time)) => Inspection::Recorded(Record {
            proposal,
            findings: findings.clone(),
            by: Person {
                id: first.recorded_by_id.clone().unwrap_or_default(),
                name: first.recorded_by.clone().unwrap_or_default(),
            },
            time,
            present,
        }),
        _ => Inspection::Proposed(proposal),
    })
}

fn parse_conclusion(code: &str) -> Result<Conclusion> {
    Ok(match code {
        "PASSED" => Conclusion::Passed,
        "PASSED_WITH_RECTIFICATION" => Conclusion::PassedWithRectification,
        "FAILED" => Conclusion::Failed,
        _ => return Err(odd("conclusion")),
    })
}

/// Writes the inspection over what was there: its parties are few.
///
/// # Errors
/// When the database fails.
pub async fn write(
    connection: &mut PgConnection,
    number: &CaseNumber,
    inspection: &Inspection,
) -> Result<()> {
    let proposal = inspection.proposal();
    let record = match inspection {
        Inspection::Proposed(_) => None,
        Inspection::Recorded(record) => Some(record),
    };
    sqlx::query!(
        "insert into approval.inspection
           (number, state, proposal, visit_time, place, findings, recorded_by, recorded_by_id, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (number) do update
         set state = excluded.state, proposal = excluded.proposal, visit_time = excluded.visit_time,
             place = excluded.place, findings = excluded.findings, recorded_by = excluded.recorded_by,
             recorded_by_id = excluded.recorded_by_id, recorded_at = excluded.recorded_at",
        number.as_str(),
        inspection.code(),
        i64::from(proposal.ordinal),
        proposal.time,
        proposal.place,
        record.map(|record| record.findings.as_str()),
        record.map(|record| record.by.name.as_str()),
        record.map(|record| record.by.id.as_str()),
        record.map(|record| record.time)
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    sqlx::query!("delete from approval.inspection_party where number = $1", number.as_str())
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    let present = |department: &DepartmentId| {
        record.and_then(|record| record.present.iter().find(|presence| presence.department == *department))
    };
    for invited in &proposal.invited {
        let presence = present(&invited.department);
        let (answer, decline_reason) = match &invited.answer {
            Answer::Pending => ("PENDING", ""),
            Answer::Confirmed => ("CONFIRMED", ""),
            Answer::Declined { reason } => ("DECLINED", reason.as_str()),
        };
        let signature = presence.and_then(|presence| presence.signature.as_ref());
        sqlx::query!(
            "insert into approval.inspection_party
               (number, department, answer, decline_reason, staff, conclusion, conclusion_text, signed_by,
                signed_by_id, signed_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            number.as_str(),
            invited.department.as_str(),
            answer,
            decline_reason,
            presence.map_or(&[] as &[String], |Presence { staff, .. }| staff),
            signature.map(|signature| conclusion(signature.conclusion)),
            signature.map(|signature| signature.text.as_str()),
            signature.map(|signature| signature.by.name.as_str()),
            signature.map(|signature| signature.by.id.as_str()),
            signature.map(|signature| signature.time)
        )
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    }
    Ok(())
}

fn conclusion(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Passed => "PASSED",
        Conclusion::PassedWithRectification => "PASSED_WITH_RECTIFICATION",
        Conclusion::Failed => "FAILED",
    }
}
