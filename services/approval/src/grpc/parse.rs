//! Messages as commands. Every faulty field is named at once.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;
use uuid::Uuid;
use yimen_kernel::date::{self, YEARS, local_date, parse_date};
use yimen_kernel::deadline::{Authority, Ground};
use yimen_kernel::{
    CaseNumber, DepartmentId, FieldFault, Fields, MaterialCode, Parsed, Reason, Result, text,
};
use yimen_platform::page::Page;
use yimen_proto::approval::v1 as proto;
use yimen_proto::intake::v1::decision::Outcome;

use crate::app::read::TaskQuery;
use crate::domain::{
    AddDepartment, Answer, Attendance, Conclusion, ExtendLimit, ProposeInspection, Resolution, ResolveReturn,
    Ruling, Said, StartProcedure, Verdict,
};

/// Characters of conditions, reasons, findings and conclusions.
const TEXT_MAX: usize = 2_000;
const NOTE_MAX: usize = 500;
const PLACE_MAX: usize = 200;
const NAME_MAX: usize = 60;
/// Entries of any list.
const LIST_MAX: usize = 100;
/// Staff of one department at a visit.
const STAFF_MAX: usize = 20;
/// Working days of a department that is added.
const LIMIT_DAYS: std::ops::RangeInclusive<u32> = 1..=45;

pub fn number(number: &str) -> Result<CaseNumber> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(number));
    fields.build(|| number)
}

pub fn record_opinion(message: &proto::RecordOpinionRequest) -> Result<(CaseNumber, Said, u32)> {
    use proto::opinion::Kind;

    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let kind = fields.take("kind", chosen(message.kind, Kind::Unspecified));
    if kind != Some(Kind::ApproveWithConditions) {
        must_be_empty(&mut fields, "conditions", &message.conditions);
    }
    if kind != Some(Kind::Return) && !message.materials.is_empty() {
        fields.add("materials", Reason::NotAllowedHere);
    }
    let optional = |reason: &str| text::optional_paragraph(reason, TEXT_MAX).map(Option::unwrap_or_default);
    let said = match kind {
        None | Some(Kind::Unspecified) => None,
        Some(Kind::Approve) => fields
            .take("reason", optional(&message.reason))
            .map(|remark| Said::Opinion(Verdict::Approve { remark })),
        Some(Kind::ApproveWithConditions) => {
            let conditions = fields.take("conditions", text::paragraph(&message.conditions, TEXT_MAX));
            let remark = fields.take("reason", optional(&message.reason));
            conditions.zip(remark).map(|(conditions, remark)| {
                Said::Opinion(Verdict::ApproveWithConditions { conditions, remark })
            })
        }
        Some(Kind::Object) => fields
            .take("reason", text::paragraph(&message.reason, TEXT_MAX))
            .map(|reason| Said::Opinion(Verdict::Object { reason })),
        Some(Kind::Return) => {
            let reason = fields.take("reason", text::paragraph(&message.reason, TEXT_MAX));
            let materials = some_of(&mut fields, "materials", &message.materials, MaterialCode::parse);
            reason.zip(materials).map(|(reason, materials)| Said::Return { reason, materials })
        }
    };
    fields.build(|| Some((number?, said?, message.materials_revision)))
}

pub fn resolve_return(
    message: &proto::ResolveReturnRequest,
    now: DateTime<Utc>,
) -> Result<(CaseNumber, ResolveReturn)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let department = fields.take("department", DepartmentId::parse(&message.department));
    let resolution = if message.forward {
        let note = text::optional_paragraph(&message.note, NOTE_MAX).map(Option::unwrap_or_default);
        let note = fields.take("note", note);
        let due_on = parse_date(&message.due_on).and_then(|day| {
            let today = local_date(now);
            if day < today {
                return Err(FieldFault::limited(Reason::OutOfRange, format!("{today}–{}", YEARS.end())));
            }
            Ok(day)
        });
        let due_on = fields.take("due_on", due_on);
        due_on.zip(note).map(|(due_on, note)| Resolution::Forward { due_on, note })
    } else {
        must_be_empty(&mut fields, "due_on", &message.due_on);
        let note = fields.take("note", text::paragraph(&message.note, NOTE_MAX));
        note.map(|note| Resolution::PutBack { note })
    };
    fields.build(|| Some((number?, ResolveReturn { department: department?, resolution: resolution? })))
}

pub fn add_department(message: &proto::AddDepartmentRequest) -> Result<(CaseNumber, AddDepartment)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let department = DepartmentId::parse(&message.department).and_then(|department| match &number {
        Some(number) if number.center() != department.center() => Err(Reason::OtherCenter.into()),
        _ => Ok(department),
    });
    let department = fields.take("department", department);
    if !LIMIT_DAYS.contains(&message.limit_days) {
        let limit = format!("{}–{}", LIMIT_DAYS.start(), LIMIT_DAYS.end());
        fields.add_limit("limit_days", Reason::OutOfRange, limit);
    }
    let reason = fields.take("reason", text::paragraph(&message.reason, TEXT_MAX));
    let relies_on = any_of(&mut fields, "relies_on", &message.relies_on, MaterialCode::parse);
    fields.build(|| {
        let (department, limit_days) = (department?, message.limit_days);
        Some((number?, AddDepartment { department, limit_days, reason: reason?, relies_on: relies_on? }))
    })
}

pub fn propose_inspection(
    message: &proto::ProposeInspectionRequest,
    now: DateTime<Utc>,
) -> Result<(CaseNumber, ProposeInspection)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let time = fields.take("time", future(message.time.as_ref(), now));
    let place = fields.take("place", text::line(&message.place, PLACE_MAX));
    let departments = some_of(&mut fields, "departments", &message.departments, DepartmentId::parse);
    fields.build(|| {
        Some((number?, ProposeInspection { time: time?, place: place?, departments: departments? }))
    })
}

pub fn answer_inspection(message: &proto::AnswerInspectionRequest) -> Result<(CaseNumber, Answer)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let answer = if message.confirm {
        must_be_empty(&mut fields, "reason", &message.reason);
        Some(Answer::Confirmed)
    } else {
        let reason = fields.take("reason", text::paragraph(&message.reason, TEXT_MAX));
        reason.map(|reason| Answer::Declined { reason })
    };
    fields.build(|| Some((number?, answer?)))
}

pub fn record_inspection(
    message: &proto::RecordInspectionRequest,
) -> Result<(CaseNumber, Vec<Attendance>, String)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    if message.attendance.len() > LIST_MAX {
        fields.add_limit("attendance", Reason::TooMany, LIST_MAX);
    }
    let mut attendance = Vec::new();
    for (at, listed) in message.attendance.iter().take(LIST_MAX).enumerate() {
        let department =
            fields.take(&format!("attendance[{at}].department"), DepartmentId::parse(&listed.department));
        let path = format!("attendance[{at}].staff");
        if listed.staff.len() > STAFF_MAX {
            fields.add_limit(&path, Reason::TooMany, STAFF_MAX);
        }
        let names = listed.staff.iter().take(STAFF_MAX).enumerate();
        let staff = names
            .filter_map(|(nth, name)| fields.take(&format!("{path}[{nth}]"), text::line(name, NAME_MAX)));
        let staff = staff.collect();
        attendance.extend(department.map(|department| Attendance { department, staff }));
    }
    let findings = fields.take("findings", text::paragraph(&message.findings, TEXT_MAX));
    fields.build(|| Some((number?, attendance, findings?)))
}

pub fn sign_inspection(message: &proto::SignInspectionRequest) -> Result<(CaseNumber, Conclusion, String)> {
    use proto::inspection_party::Conclusion as Code;

    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let code = fields.take("conclusion", chosen(message.conclusion, Code::Unspecified));
    let (conclusion, words) = match code {
        None | Some(Code::Unspecified) => (None, text::optional_paragraph(&message.text, TEXT_MAX)),
        Some(Code::Passed) => (Some(Conclusion::Passed), text::optional_paragraph(&message.text, TEXT_MAX)),
        // What is to be put right, or what is wrong, has to be said.
        Some(Code::PassedWithRectification) => {
            (Some(Conclusion::PassedWithRectification), text::paragraph(&message.text, TEXT_MAX).map(Some))
        }
        Some(Code::Failed) => (Some(Conclusion::Failed), text::paragraph(&message.text, TEXT_MAX).map(Some)),
    };
    let words = fields.take("text", words.map(Option::unwrap_or_default));
    fields.build(|| Some((number?, conclusion?, words?)))
}

pub fn decide(message: &proto::DecideRequest) -> Result<(CaseNumber, Ruling, u32)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let outcome = fields.take("outcome", chosen(message.outcome, Outcome::Unspecified));
    let conditions = if outcome == Some(Outcome::GrantedWithConditions) {
        fields.take("conditions", text::paragraph(&message.conditions, TEXT_MAX))
    } else {
        must_be_empty(&mut fields, "conditions", &message.conditions);
        None
    };
    let reasons = if outcome == Some(Outcome::Refused) {
        text::paragraph(&message.reasons, TEXT_MAX)
    } else {
        text::optional_paragraph(&message.reasons, TEXT_MAX).map(Option::unwrap_or_default)
    };
    let reasons = fields.take("reasons", reasons);
    fields.build(|| {
        let reasons = reasons?;
        let ruling = match outcome? {
            Outcome::Unspecified => return None,
            Outcome::Granted => Ruling::Granted { reasons },
            Outcome::GrantedWithConditions => {
                Ruling::GrantedWithConditions { conditions: conditions?, reasons }
            }
            Outcome::Refused => Ruling::Refused { reasons },
        };
        Some((number?, ruling, message.materials_revision))
    })
}

/// The longest special procedure, in days.
const PROCEDURE_DAYS: i64 = 366;

pub fn start_procedure(message: &proto::StartProcedureRequest) -> Result<(CaseNumber, StartProcedure)> {
    use proto::special_procedure::Ground as Chosen;

    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let chosen = fields.take("ground", chosen(message.ground, Chosen::Unspecified));
    let ground = if chosen == Some(Chosen::Published) {
        let published = fields.take("published_ground", Ground::parse(&message.published_ground));
        if published.as_ref().is_some_and(Ground::is_legal) {
            fields.add("published_ground", Reason::NotAllowedHere);
        }
        published
    } else {
        must_be_empty(&mut fields, "published_ground", &message.published_ground);
        chosen.and_then(|ground| Ground::parse(ground.as_str_name()).ok())
    };
    let from = fields.take("from_on", parse_date(&message.from_on));
    let until = fields.take("until_on", parse_date(&message.until_on));
    if let (Some(from), Some(until)) = (from, until)
        && (until - from).num_days() > PROCEDURE_DAYS
    {
        fields.add_limit("until_on", Reason::OutOfRange, PROCEDURE_DAYS);
    }
    let reason = fields.take("reason", text::paragraph(&message.reason, NOTE_MAX));
    let start = fields.build(|| {
        Some((
            number?,
            StartProcedure {
                id: Uuid::now_v7(),
                ground: ground?,
                reason: reason?,
                from: from?,
                until: until?,
            },
        ))
    })?;
    Ok(start)
}

pub fn end_procedure(message: &proto::EndProcedureRequest) -> Result<(CaseNumber, Uuid)> {
    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let id = Uuid::parse_str(&message.procedure).map_err(|_| FieldFault::new(Reason::BadFormat));
    let procedure = fields.take("procedure", id);
    fields.build(|| Some((number?, procedure?)))
}

pub fn extend_limit(message: &proto::ExtendLimitRequest) -> Result<(CaseNumber, ExtendLimit)> {
    use proto::extension::Authority as Chosen;

    let mut fields = Fields::new();
    let number = fields.take("number", CaseNumber::parse(&message.number));
    let authority = fields.take("authority", chosen(message.authority, Chosen::Unspecified));
    let authority = authority.and_then(|authority| match authority {
        Chosen::Unspecified => None,
        Chosen::AgencyHead => Some(Authority::AgencyHead),
        Chosen::GovernmentHead => Some(Authority::GovernmentHead),
    });
    let approver = fields.take("approver", text::line(&message.approver, NAME_MAX));
    let reason = fields.take("reason", text::paragraph(&message.reason, NOTE_MAX));
    fields.build(|| {
        let (authority, approver, reason) = (authority?, approver?, reason?);
        Some((number?, ExtendLimit { days: message.days, authority, approver, reason }))
    })
}

pub fn list_tasks(message: &proto::ListTasksRequest) -> Result<TaskQuery> {
    let mut fields = Fields::new();
    let department = match message.department.as_str() {
        "" => None,
        id => fields.take("department", DepartmentId::parse(id)),
    };
    let state = match message.state {
        0 => None,
        code => fields.take("state", chosen(code, proto::task::State::Unspecified)),
    };
    fields.finish()?;
    let state = state.map(|state| state.as_str_name());
    let page = Page::parse(message.page_size, &message.page_token)?;
    Ok(TaskQuery { department, state, to_decide: message.to_decide, page })
}

/// One of the choices of an enum, but not `none`.
fn chosen<T: TryFrom<i32> + PartialEq>(code: i32, none: T) -> Parsed<T> {
    match T::try_from(code) {
        Ok(choice) if choice == none => Err(Reason::Required.into()),
        Ok(choice) => Ok(choice),
        Err(_) => Err(Reason::UnknownValue.into()),
    }
}

fn must_be_empty(fields: &mut Fields, field: &str, value: &str) {
    if !value.trim().is_empty() {
        fields.add(field, Reason::NotAllowedHere);
    }
}

/// A list of different ids; may be empty.
fn any_of<T: PartialEq>(
    fields: &mut Fields,
    field: &str,
    values: &[String],
    parse: fn(&str) -> Parsed<T>,
) -> Option<Vec<T>> {
    if values.len() > LIST_MAX {
        fields.add_limit(field, Reason::TooMany, LIST_MAX);
        return None;
    }
    let mut ids: Vec<T> = Vec::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        let id = parse(value).and_then(|id| match ids.contains(&id) {
            true => Err(Reason::Duplicate.into()),
            false => Ok(id),
        });
        ids.extend(fields.take(&format!("{field}[{at}]"), id));
    }
    Some(ids)
}

/// A list of different ids, at least one.
fn some_of<T: PartialEq>(
    fields: &mut Fields,
    field: &str,
    values: &[String],
    parse: fn(&str) -> Parsed<T>,
) -> Option<Vec<T>> {
    if values.is_empty() {
        fields.add(field, Reason::Required);
    }
    any_of(fields, field, values, parse)
}

/// A moment after `now`, with the microseconds that the database keeps.
fn future(time: Option<&Timestamp>, now: DateTime<Utc>) -> Parsed<DateTime<Utc>> {
    let time = time.ok_or(Reason::Required)?;
    let time = u32::try_from(time.nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos - nanos % 1_000))
        .ok_or(Reason::BadFormat)?;
    let latest = YEARS.end();
    if time <= now || chrono::Datelike::year(&time.with_timezone(&date::CHINA)) > *latest {
        return Err(FieldFault::limited(Reason::OutOfRange, format!("{}–{latest}", local_date(now))));
    }
    Ok(time)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
