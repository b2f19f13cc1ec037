//! Domain and rows as messages: each view has what its reader may see.

use yimen_kernel::Calendar;
use yimen_proto::complaints::v1 as pb;

use crate::app::{accountability as cases, timestamp};
use crate::domain::codes::Measure;
use crate::domain::{Accused, Complaint, Stage, State, View};
use crate::store::accountability as held;
use crate::store::attachments::Attached;
use crate::store::lists::Shown;
use crate::store::people;
use crate::store::steps::{Answer, Step};

/// A complaint without its answers, history and files.
pub fn complaint(row: Shown, complaint: &Complaint, calendar: &Calendar, view: View) -> pb::Complaint {
    use pb::complaint::{Channel, Closing, Ground, Identity, Kind, Procedure, State as Shows, Way};

    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let is_office = view == View::Office;
    let told_on = match complaint.state {
        State::Accepted(_, Stage::Told { on, .. }) => Some(on),
        _ => None,
    };
    pb::Complaint {
        number: row.number,
        center: row.center,
        kind: Kind::from_str_name(&row.kind).unwrap_or_default().into(),
        channel: Channel::from_str_name(&row.channel).unwrap_or_default().into(),
        identity: Identity::from_str_name(&row.identity).unwrap_or_default().into(),
        grounds: row
            .grounds
            .iter()
            .map(|ground| Ground::from_str_name(ground).unwrap_or_default().into())
            .collect(),
        subject: Some(pb::Subject {
            kind: pb::subject::Kind::from_str_name(&row.about).unwrap_or_default().into(),
            number: row.about_number,
            department: row.about_department,
            window: row.about_window,
            login: row.about_login,
            description: row.about_description,
        }),
        body: row.body,
        state: Shows::from_str_name(&row.state).unwrap_or_default().into(),
        file_time: Some(timestamp(row.filed_at)),
        due_on: day(complaint.due_on(calendar)),
        way: row.way.as_deref().and_then(Way::from_str_name).unwrap_or_default().into(),
        department: row.department,
        accepted_on: day(row.accepted_on),
        received_on: day(row.received_on),
        extension_days: row.extension_days.and_then(|days| u32::try_from(days).ok()).unwrap_or_default(),
        extension_approver: row.extension_approver,
        extension_reason: row.extension_reason,
        objection: if view == View::Complainant { String::new() } else { row.objection.unwrap_or_default() },
        told_on: day(told_on),
        review_until: day(complaint.review_until(calendar)),
        closing: row.closing.as_deref().and_then(Closing::from_str_name).unwrap_or_default().into(),
        procedure: row.procedure.as_deref().and_then(Procedure::from_str_name).unwrap_or_default().into(),
        closing_reason: row.closing_reason,
        merged_into: if is_office { row.merged_into.unwrap_or_default() } else { String::new() },
        group_size: u32::try_from(row.group_size).unwrap_or_default(),
        ..pb::Complaint::default()
    }
}

/// The answers that a view has: the complainant reads those that were told.
pub fn answers(rows: Vec<Answer>, complaint: &Complaint, view: View) -> Vec<pb::ComplaintAnswer> {
    let is_pending = matches!(complaint.state, State::Accepted(_, Stage::Answered | Stage::Reviewed { .. }));
    let known = rows.len() - usize::from(view == View::Complainant && is_pending).min(rows.len());
    let answer = |row: Answer| pb::ComplaintAnswer {
        level: u32::try_from(row.level).unwrap_or_default(),
        text: row.text,
        finding: pb::complaint::Finding::from_str_name(&row.finding).unwrap_or_default().into(),
        department: row.department,
        time: Some(timestamp(row.at)),
    };
    rows.into_iter().take(known).map(answer).collect()
}

/// The history that a view has: who did it and what was said only for the supervisor's office, and who looked
/// at who complains also for the complainant.
pub fn history(rows: Vec<Step>, view: View) -> Vec<pb::ComplaintStep> {
    let is_office = view == View::Office;
    let kept = |text: String| if is_office { text } else { String::new() };
    rows.into_iter()
        .map(|row| pb::ComplaintStep {
            what: pb::complaint_step::What::from_str_name(&row.what).unwrap_or_default().into(),
            time: Some(timestamp(row.at)),
            by: kept(row.by),
            note: kept(row.note),
        })
        .collect()
}

/// A file without its content.
pub fn attachment(row: Attached) -> pb::ComplaintAttachment {
    pb::ComplaintAttachment {
        position: u32::try_from(row.position).unwrap_or_default(),
        file_name: row.file_name,
        media_type: row.media_type,
        size: row.size,
    }
}

/// Whom it is about.
pub fn accused(accused: &Accused) -> pb::Accused {
    pb::Accused {
        kind: pb::accused::Kind::from_str_name(accused.kind()).unwrap_or_default().into(),
        id: accused.id().to_owned(),
    }
}

/// Who complains.
pub fn complainant(who: people::Complainant) -> pb::Complainant {
    let people::Complainant { name, mobile, address, representatives } = who;
    pb::Complainant { name, mobile, address, representatives }
}

/// A measure on the wire.
pub fn measure(measure: Measure) -> pb::accountability_case::Measure {
    pb::accountability_case::Measure::from_str_name(measure.as_str()).unwrap_or_default()
}

fn grounds(grounds: &[String]) -> Vec<i32> {
    let ground = |code: &String| pb::complaint::Ground::from_str_name(code).unwrap_or_default().into();
    grounds.iter().map(ground).collect()
}

fn shown_measure(code: Option<&str>) -> i32 {
    code.and_then(Measure::parse).map(measure).unwrap_or_default().into()
}

/// A case of accountability, for the supervisor's office.
pub fn accountability(row: held::Shown) -> pb::AccountabilityCase {
    use pb::accountability_case::State as Shows;

    pb::AccountabilityCase {
        grounds: grounds(&row.grounds),
        measure: shown_measure(row.measure.as_deref()),
        accountability_case: row.accountability_case,
        state: Shows::from_str_name(&row.state).unwrap_or_default().into(),
        center: row.center,
        complaint: row.complaint,
        round: row.round,
        held: Accused::parse(&row.held_kind, &row.held_id).ok().as_ref().map(accused),
        opened_on: row.opened_on.to_string(),
        finding: row.finding,
        decide_time: row.decided_at.map(timestamp),
        evidence: row.evidence,
        carried_out_on: row.carried_out_on.map(|day| day.to_string()).unwrap_or_default(),
        public_text: row.public_text,
        publish_time: row.published_at.map(timestamp),
        drop_reason: row.drop_reason,
    }
}

/// What everyone reads of a case.
pub fn publication(row: held::Shown) -> pb::AccountabilityPublication {
    let held = Accused::parse(&row.held_kind, &row.held_id).ok();
    let (department, window) = held.as_ref().map(cases::units).unwrap_or_default();
    pb::AccountabilityPublication {
        grounds: grounds(&row.grounds),
        measure: shown_measure(row.measure.as_deref()),
        accountability_case: row.accountability_case,
        center: row.center,
        department,
        window,
        carried_out_on: row.carried_out_on.map(|day| day.to_string()).unwrap_or_default(),
        text: row.public_text,
        round: row.round,
        publish_time: row.published_at.map(timestamp),
    }
}
