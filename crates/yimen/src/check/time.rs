//! Every application has its clocks, and the boards count each of them once.

use std::collections::BTreeSet;

use sqlx::FromRow;

use super::{Faults, Finding, Look, PAGE, Unreadable};

/// What intake did with an application up to the moment that is looked at.
#[derive(FromRow)]
struct Done {
    number: String,
    accepted: bool,
    completed: bool,
}

/// Intake's applications against supervision's clocks and figures; the figures against what they are made of.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let applications = from_intake(look, &mut faults).await?;
    let running: Vec<(String, String)> = sqlx::query_as(
        "select number, kind from supervision.clock join supervision.application a using (number)
         where a.ended_on is not null and started_on is not null and clock.ended_on is null
           and kind <> 'SUPERVISION_CASE' order by 1, 2",
    )
    .fetch_all(&mut *look.supervision().await?)
    .await?;
    for (number, kind) in &running {
        faults.add(format!("{number} has ended and its clock {kind} runs on"));
    }
    let early: Vec<(String, String)> = sqlx::query_as(
        "select number, rung from supervision.warning join supervision.clock using (clock)
         where rung <> 'YELLOW' and reached_on <= warning.due_on order by 1, 2",
    )
    .fetch_all(&mut *look.supervision().await?)
    .await?;
    for (number, rung) in &early {
        faults.add(format!("{number} has the warning {rung} of a day that was not over"));
    }
    let unasked: Vec<(String,)> = sqlx::query_as(
        "select number from supervision.warning w join supervision.clock c using (clock)
         where w.rung = 'CASE'
           and not exists (select from supervision.supervision_case s where s.clock = w.clock) order by 1",
    )
    .fetch_all(&mut *look.supervision().await?)
    .await?;
    for (number,) in &unasked {
        faults.add(format!("{number} has reached the last rung and no supervision case is open"));
    }
    // Facts and figures commit together, so one statement sees both or neither.
    let miscounted: Vec<(String, String)> = sqlx::query_as(
        "with counted as (
           select a.center, f.measure, sum(f.count) as count
           from supervision.fact f join supervision.application a using (number) group by 1, 2),
         shown as (
           select center, measure, sum(count) as count from supervision.figure, unnest(counts) count
           where scope = 'CENTER' and grain = 'YEAR' group by 1, 2 having sum(count) <> 0)
         select center, measure from counted full join shown using (center, measure)
         where counted.count is distinct from shown.count order by 1, 2",
    )
    .fetch_all(&mut *look.supervision().await?)
    .await?;
    for (center, measure) in &miscounted {
        faults.add(format!("the board of {center} is wrong about {measure}"));
    }
    let (warnings, red): (i64, i64) =
        sqlx::query_as("select count(*), count(*) filter (where public) from supervision.warning")
            .fetch_one(&mut *look.supervision().await?)
            .await?;
    let counts =
        format!("{applications} applications on the boards; {warnings} warnings, {red} of them public");
    Ok(faults.finding("time", counts))
}

async fn from_intake(look: &Look<'_>, faults: &mut Faults) -> Result<usize, Unreadable> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let page: Vec<Done> = sqlx::query_as(
            "select number, coalesce(accepted_at <= $2, false) as accepted,
                    coalesce(completed_at <= $2, false) as completed
             from intake.application
             where number > $1 and submitted_at <= $2 order by number limit $3",
        )
        .bind(&after)
        .bind(look.as_of)
        .bind(PAGE)
        .fetch_all(&mut *look.intake().await?)
        .await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.number.clone();
        count += page.len();
        let numbers: Vec<String> = page.iter().map(|done| done.number.clone()).collect();
        let counted: Vec<(String, String)> = sqlx::query_as(
            "select number, measure from unnest($1::text[]) given(number) join supervision.fact using (number)
             where count = 1 and measure in ('RECEIVED', 'ACCEPTED', 'DECIDED', 'COMPLETED')",
        )
        .bind(&numbers)
        .fetch_all(&mut *look.supervision().await?)
        .await?;
        let counted: BTreeSet<(&str, &str)> =
            counted.iter().map(|(number, measure)| (number.as_str(), measure.as_str())).collect();
        for done in &page {
            let expected = [
                (true, "RECEIVED"),
                (done.accepted, "ACCEPTED"),
                (done.completed, "DECIDED"),
                (done.completed, "COMPLETED"),
            ];
            for (is_due, measure) in expected {
                if is_due && !counted.contains(&(done.number.as_str(), measure)) {
                    faults.add(format!("{} does not count as {measure}", done.number));
                }
            }
        }
    }
}
