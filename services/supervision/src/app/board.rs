//! The boards: what the halls and the departments did, in figures.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use yimen_kernel::DivisionCode;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, FieldError, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::supervision::v1 as pb;

use crate::domain::Measure;
use crate::domain::board::{Counts, Days, Grain, Scope};
use crate::store::applications;
use crate::store::facts::{self, Figures, Wanted};

/// Figures that a board is made of at most: more want a coarser grain, fewer days or one department.
const FIGURES_MAX: usize = 50_000;
/// Periods that a board covers at most: longer times want a coarser grain.
const PERIODS_MAX: i64 = 400;

/// What is asked for.
pub struct Query {
    /// A center, or a city or a province with its centers.
    pub division: DivisionCode,
    /// What each line is about.
    pub scope: Scope,
    /// How long a period is.
    pub grain: Grain,
    /// The first day; none: a year before the last.
    pub from_on: Option<NaiveDate>,
    /// The last day; none: today.
    pub until_on: Option<NaiveDate>,
    /// Whether each period is wanted beside the total.
    pub periods: bool,
    /// Only of this department.
    pub department: Option<String>,
    /// Only of this item.
    pub item: Option<String>,
}

/// The figures.
///
/// # Errors
/// `ENDS_BEFORE_IT_BEGINS`; `OUT_OF_RANGE` or `TOO_MANY` for more than a board has.
pub async fn get(ctx: &Context, query: Query) -> Result<pb::Board> {
    let until_on = query.until_on.unwrap_or_else(|| local_date(ctx.store.now()));
    let year_before = || until_on.checked_sub_months(Months::new(12)).unwrap_or(until_on);
    let from_on = query.from_on.unwrap_or_else(year_before);
    let refused =
        |field, reason, limit: String| Err(Error::invalid(vec![FieldError::new(field, reason).limit(limit)]));
    if until_on < from_on {
        return refused("until_on", Reason::EndsBeforeItBegins, from_on.to_string());
    }
    let (from_on, until_on) = (query.grain.first(from_on), query.grain.last(until_on));
    let days = (until_on - from_on).num_days();
    let length = match query.grain {
        Grain::Day => 1,
        Grain::Month => 28,
        Grain::Year => 365,
    };
    if days / length > PERIODS_MAX {
        return refused("from_on", Reason::OutOfRange, PERIODS_MAX.to_string());
    }
    let wanted = Wanted {
        scope: query.scope,
        grain: query.grain,
        centers: centers(&query.division),
        from_on,
        until_on,
        department: query.department,
        item: query.item,
        limit: i64::try_from(FIGURES_MAX + 1).unwrap_or(i64::MAX),
    };
    let mut connection = ctx.store.read().await?;
    let figures = facts::board(&mut connection, &wanted).await?;
    drop(connection);
    if figures.iter().map(|figures| figures.counts.len()).sum::<usize>() > FIGURES_MAX {
        return refused("from_on", Reason::TooMany, FIGURES_MAX.to_string());
    }
    Ok(pb::Board {
        lines: lines(figures, query.periods),
        from_on: from_on.to_string(),
        until_on: until_on.to_string(),
    })
}

/// Counts every figure again.
pub async fn rebuild(tx: &mut Tx) -> Result<pb::RebuildBoardsResponse> {
    // What each case counts for is computed again too, by the chore that settles them.
    applications::unsettle_all(tx.sql()).await?;
    let (figures, corrected) = facts::count_again(tx.sql()).await?;
    Ok(pb::RebuildBoardsResponse { figures, corrected })
}

/// The centers of a division: itself, or those whose codes begin as a city's or a province's does.
fn centers(division: &DivisionCode) -> (String, String) {
    let code = division.as_str();
    let stem = ["0000", "00"].iter().find_map(|zeros| code.strip_suffix(zeros)).unwrap_or(code);
    (format!("{stem:0<6}"), format!("{stem:9<6}"))
}

/// What a line has counted: in all, and by period.
#[derive(Default)]
struct Line {
    total: Counts,
    periods: BTreeMap<NaiveDate, Counts>,
}

fn lines(figures: Vec<Figures>, periods: bool) -> Vec<pb::board::Line> {
    let mut lines: BTreeMap<(String, String, String), Line> = BTreeMap::new();
    for figures in figures {
        let line = lines.entry((figures.center, figures.department, figures.item)).or_default();
        for (measure, counts) in figures.counts {
            line.total.add(measure, &counts);
            if periods {
                line.periods.entry(figures.first_on).or_default().add(measure, &counts);
            }
        }
    }
    let line = |((center, department, item), line): (_, Line)| pb::board::Line {
        center,
        department,
        item,
        total: Some(message(&line.total)),
        periods: line
            .periods
            .iter()
            .map(|(first_on, counts)| pb::board::Period {
                first_on: first_on.to_string(),
                figures: Some(message(counts)),
            })
            .collect(),
    };
    lines.into_iter().map(line).collect()
}

fn message(counts: &Counts) -> pb::Figures {
    let of = |measure| counts.of(measure);
    let days = |measure| {
        let Days { count, mean_hundredths, median, p90, max } = counts.days(measure);
        Some(pb::Days { count, mean_hundredths, median, p90, max })
    };
    pb::Figures {
        received: of(Measure::Received),
        supplemented: of(Measure::Supplemented),
        accepted: of(Measure::Accepted),
        deemed_accepted: of(Measure::Deemed),
        refused: of(Measure::Refused),
        withdrawn: of(Measure::Withdrawn),
        decided: of(Measure::Decided),
        decided_as_promised: of(Measure::AsPromised),
        decided_by_law: of(Measure::ByLaw),
        completed: of(Measure::Completed),
        delivered: of(Measure::Delivered),
        opinions: of(Measure::Opinions),
        opinions_on_time: of(Measure::OpinionsOnTime),
        yellow: of(Measure::Yellow),
        red: of(Measure::Red),
        dark_red: of(Measure::DarkRed),
        supervision_cases: of(Measure::Cases),
        corrected: of(Measure::Corrected),
        suspended_days: of(Measure::SuspendedDays),
        used: days(Measure::Used),
        used_by_law: days(Measure::UsedByLaw),
        promised_days: of(Measure::PromisedDays),
        statutory_days: of(Measure::StatutoryDays),
        opinion_days: days(Measure::OpinionDays),
        joint_days: days(Measure::JointDays),
        one_after_another_days: days(Measure::OneAfterAnother),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_has_its_centers() {
        let range = |code: &str| centers(&DivisionCode::parse(code).unwrap());
        assert_eq!(range("430102"), ("430102".into(), "430102".into()));
        assert_eq!(range("430100"), ("430100".into(), "430199".into()));
        assert_eq!(range("430000"), ("430000".into(), "439999".into()));
    }
}
