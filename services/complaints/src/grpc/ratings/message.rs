//! Ratings, their cases and their figures as messages: each view has what its reader may see.

use yimen_kernel::Calendar;
use yimen_proto::complaints::v1 as pb;

use crate::app::timestamp;
use crate::domain::View;
use crate::domain::rating::Level;
use crate::domain::rating::month::{Counts, Month};
use crate::domain::rating::rectification::Rectification;
use crate::store::rating::call_ins;
use crate::store::rating::months::Line;
use crate::store::rating::ratings::{Aside, Row};
use crate::store::rating::rectifications;
use crate::store::steps::Step;

fn level(points: i32) -> i32 {
    let level = Level::of_points(points).and_then(|level| pb::rating::Level::from_str_name(level.as_str()));
    level.unwrap_or_default().into()
}

fn aspects(codes: &[String]) -> Vec<i32> {
    codes.iter().map(|code| pb::rating::Aspect::from_str_name(code).unwrap_or_default().into()).collect()
}

fn event(code: &str) -> i32 {
    pb::rating::Event::from_str_name(code).unwrap_or_default().into()
}

fn identity(code: &str) -> i32 {
    pb::complaint::Identity::from_str_name(code).unwrap_or_default().into()
}

fn ground(code: &str) -> i32 {
    pb::rating::SetAside::from_str_name(code).unwrap_or_default().into()
}

/// A rating for the supervisor's office; neither the clerk's login nor the application stands in it.
pub fn rating(row: Row) -> pb::Rating {
    pb::Rating {
        rating: row.rating.to_string(),
        center: row.center,
        event: event(&row.event),
        window: row.window_id,
        department: row.department,
        item: row.item,
        level: level(row.level),
        aspects: aspects(&row.aspects),
        text: row.text,
        identity: identity(&row.identity),
        time: Some(timestamp(row.rated_at)),
        rectification: row.rectification,
        set_aside: row.set_aside.as_deref().map(ground).unwrap_or_default(),
        set_aside_reason: row.set_aside_reason,
    }
}

/// What everyone sees of a rating that was set aside.
pub fn aside(row: Aside) -> pb::SetAsideRating {
    pb::SetAsideRating {
        center: row.center,
        month: Month::of(row.month).to_string(),
        window: row.window_id,
        department: row.department,
        item: row.item,
        level: level(row.level),
        ground: ground(&row.ground),
        reason: row.reason,
        time: Some(timestamp(row.at)),
    }
}

/// A case without its history. The application stands in it only for who may know who rated: it leads to the
/// applicant.
pub fn rectification(
    row: rectifications::Row,
    case: &Rectification,
    calendar: &Calendar,
    view: View,
) -> pb::Rectification {
    use pb::rectification::{Outcome, State};

    let is_office = view == View::Office;
    let number = if case.show_rater(view).is_ok() { row.number } else { String::new() };
    pb::Rectification {
        rectification: row.rectification,
        state: State::from_str_name(&row.state).unwrap_or_default().into(),
        rating: if is_office { row.rating.to_string() } else { String::new() },
        center: row.center,
        event: event(&row.event),
        window: row.window_id,
        rated_department: row.rated_department,
        item: row.item,
        level: level(row.level),
        aspects: aspects(&row.aspects),
        text: row.text,
        identity: identity(&row.identity),
        number,
        department: row.department,
        opened_on: row.opened_on.to_string(),
        due_on: case.due_on(calendar).map(|day| day.to_string()).unwrap_or_default(),
        extension_days: row.extension_days.and_then(|days| u32::try_from(days).ok()).unwrap_or_default(),
        extension_approver: row.extension_approver,
        extension_reason: row.extension_reason,
        measures: row.measures,
        outcome: row.outcome.as_deref().and_then(Outcome::from_str_name).unwrap_or_default().into(),
        conclusion: row.conclusion,
        history: Vec::new(),
    }
}

/// The history that a view has: who did it and what was said only for the supervisor's office.
pub fn history(rows: Vec<Step>, view: View) -> Vec<pb::RectificationStep> {
    let is_office = view == View::Office;
    let kept = |text: String| if is_office { text } else { String::new() };
    rows.into_iter()
        .map(|row| pb::RectificationStep {
            what: pb::rectification_step::What::from_str_name(&row.what).unwrap_or_default().into(),
            time: Some(timestamp(row.at)),
            by: kept(row.by),
            note: kept(row.note),
        })
        .collect()
}

/// Figures of the center, or of one of its departments, windows or items.
pub fn line(line: Line) -> pb::RatingLine {
    let Line { scope, id, counts } = line;
    let of = |wanted: &str| if scope == wanted { id.clone() } else { String::new() };
    let Counts {
        levels: [very_dissatisfied, dissatisfied, fairly_satisfied, satisfied, very_satisfied], ..
    } = counts;
    pb::RatingLine {
        department: of("DEPARTMENT"),
        window: of("WINDOW"),
        item: of("ITEM"),
        very_dissatisfied,
        dissatisfied,
        fairly_satisfied,
        satisfied,
        very_satisfied,
        valid: counts.valid(),
        set_aside: counts.set_aside,
        level_sum: counts.level_sum(),
        mean_hundredths_floor: counts.mean_hundredths_floor(),
        satisfaction_ten_thousandths_floor: counts.satisfaction_ten_thousandths_floor(),
    }
}

/// A call-in.
pub fn call_in(row: call_ins::Row) -> pb::CallIn {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    pb::CallIn {
        call_in: row.call_in,
        state: pb::call_in::State::from_str_name(&row.state).unwrap_or_default().into(),
        center: row.center,
        window: row.window_id,
        month: Month::of(row.month).to_string(),
        satisfied: count(row.satisfied),
        valid: count(row.valid),
        windows: u32::try_from(row.windows).unwrap_or_default(),
        open_time: Some(timestamp(row.opened_at)),
        conclusion: row.conclusion,
    }
}
