//! Sessions and tours as messages.

use yimen_proto::complaints::v1 as pb;

use crate::app::timestamp;
use crate::store::scrutiny::{Listed, Question, Shown};

/// One without its questions and undertakings.
pub fn scrutiny(row: Shown) -> pb::Scrutiny {
    pb::Scrutiny {
        scrutiny: row.number,
        center: row.center,
        kind: pb::scrutiny::Kind::from_str_name(&row.kind).unwrap_or_default().into(),
        title: row.title,
        held_on: row.held_on.to_string(),
        seats: natural(row.seats),
        round: row.round,
        departments: row.departments,
        questions: Vec::new(),
        undertakings: Vec::new(),
    }
}

/// A question.
pub fn question(row: Question) -> pb::ScrutinyQuestion {
    pb::ScrutinyQuestion {
        position: natural(row.position),
        department: row.department,
        seat: natural(row.seat),
        text: row.text,
        ask_time: Some(timestamp(row.asked_at)),
        answer: row.answer,
        answer_time: row.answered_at.map(timestamp),
    }
}

/// What a unit has to do.
pub fn undertaking(row: Listed) -> pb::Undertaking {
    pb::Undertaking {
        position: natural(row.position),
        department: row.department,
        finding: row.finding,
        text: row.text,
        given_on: row.given_on.to_string(),
        due_on: row.due_on.to_string(),
        state: pb::undertaking::State::from_str_name(&row.state).unwrap_or_default().into(),
        report: row.report,
        report_time: row.reported_at.map(timestamp),
        pass_time: row.passed_at.map(timestamp),
        evidence: row.evidence,
        settled_on: row.settled_on.map(|day| day.to_string()).unwrap_or_default(),
        followed_by: row.followed_by.map(natural).unwrap_or_default(),
    }
}

fn natural(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
