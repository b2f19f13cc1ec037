//! Every application came to its state by legal steps.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use sqlx::FromRow;

use super::{Faults, Finding, Look, Unreadable};

/// How far the clocks of two copies of a service may be apart.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// The steps that the law and the hall know; a state that stays is one in which materials may come, or
/// something about the fee.
const LEGAL: [(&str, &[&str]); 9] = [
    ("SUBMITTED", &["SUBMITTED", "SUPPLEMENT_REQUESTED", "ACCEPTED", "REFUSED", "WITHDRAWN"]),
    ("SUPPLEMENT_REQUESTED", &["SUPPLEMENT_REQUESTED", "SUPPLEMENTED", "REFUSED", "WITHDRAWN"]),
    ("SUPPLEMENTED", &["SUPPLEMENTED", "SUPPLEMENT_REQUESTED", "ACCEPTED", "REFUSED", "WITHDRAWN"]),
    ("ACCEPTED", &["ACCEPTED", "DECIDED", "COMPLETED", "WITHDRAWN"]),
    ("DECIDED", &["DECIDED", "COMPLETED"]),
    ("COMPLETED", &["COMPLETED", "DELIVERED"]),
    ("REFUSED", &[]),
    ("WITHDRAWN", &["WITHDRAWN"]),
    ("DELIVERED", &["DELIVERED"]),
];

/// A step, beside what its application says now.
#[derive(FromRow)]
struct Step {
    number: String,
    sequence: i64,
    state: String,
    at: DateTime<Utc>,
    now: String,
    version: i64,
}

/// The step before, of the same application or of another.
struct Before {
    number: String,
    sequence: i64,
    state: String,
    at: DateTime<Utc>,
    now: String,
    version: i64,
}

/// Whether the second state may follow the first.
fn is_legal(from: &str, to: &str) -> bool {
    LEGAL.iter().any(|(state, next)| *state == from && next.contains(&to))
}

/// What is wrong with a step, given the one before it.
fn fault(before: Option<&Before>, step: &Step) -> Option<String> {
    let Step { number, sequence, state, .. } = step;
    let Some(before) = before else {
        let begins = *sequence == 1 && state == "SUBMITTED";
        return (!begins).then(|| format!("{number} begins with step {sequence}, {state}"));
    };
    if before.sequence + 1 != *sequence {
        return Some(format!("{number} has no step between {} and {sequence}", before.sequence));
    }
    if !is_legal(&before.state, state) {
        return Some(format!("{number} went from {} to {state}", before.state));
    }
    (step.at + SKEW < before.at)
        .then(|| format!("{number} has step {sequence} dated before the one it follows"))
}

/// What is wrong with the end of a history.
fn end_fault(last: &Before) -> Option<String> {
    let Before { number, sequence, state, now, version, .. } = last;
    if state != now {
        return Some(format!("{number} is {now} and its history ends with {state}"));
    }
    (sequence != version)
        .then(|| format!("{number} has changed {version} times and {sequence} are on record"))
}

/// Every history begins with handing in, has no gap, takes legal steps only and ends in the present state.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let (mut applications, mut steps) = (0_u64, 0_u64);
    let mut intake = look.intake().await?;
    let mut rows = sqlx::query_as::<_, Step>(
        "select h.number, h.sequence, h.state, h.at, a.state as now, a.version
         from intake.history h join intake.application a on a.number = h.number
         order by h.number, h.sequence",
    )
    .fetch(&mut *intake);
    let mut before: Option<Before> = None;
    while let Some(step) = rows.try_next().await? {
        let same = before.take_if(|before| before.number != step.number);
        if let Some(fault) = same.as_ref().and_then(end_fault) {
            faults.add(fault);
        }
        applications += u64::from(before.is_none());
        steps += 1;
        if let Some(fault) = fault(before.as_ref(), &step) {
            faults.add(fault);
        }
        let Step { number, sequence, state, at, now, version } = step;
        before = Some(Before { number, sequence, state, at, now, version });
    }
    drop(rows);
    drop(intake);
    if let Some(fault) = before.as_ref().and_then(end_fault) {
        faults.add(fault);
    }
    let silent: Vec<(String,)> = sqlx::query_as(
        "select number from intake.application a
         where not exists (select 1 from intake.history h where h.number = a.number) order by number",
    )
    .fetch_all(&mut *look.intake().await?)
    .await?;
    for (number,) in silent {
        faults.add(format!("{number} has no history"));
    }
    Ok(faults.finding("history", format!("{applications} applications, {steps} legal steps")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_and_illegal_steps() {
        for (path, legal) in [
            (&["SUBMITTED", "ACCEPTED", "COMPLETED", "DELIVERED"][..], true),
            (&["SUBMITTED", "ACCEPTED", "DECIDED", "COMPLETED"], true),
            (&["SUBMITTED", "DECIDED"], false),
            (
                &["SUBMITTED", "SUPPLEMENT_REQUESTED", "SUPPLEMENT_REQUESTED", "SUPPLEMENTED", "ACCEPTED"],
                true,
            ),
            (&["SUPPLEMENTED", "SUPPLEMENT_REQUESTED", "REFUSED"], true),
            (&["ACCEPTED", "ACCEPTED", "WITHDRAWN"], true),
            (&["SUPPLEMENT_REQUESTED", "ACCEPTED"], false),
            (&["SUBMITTED", "COMPLETED"], false),
            (&["ACCEPTED", "REFUSED"], false),
            (&["COMPLETED", "WITHDRAWN"], false),
            (&["DELIVERED", "COMPLETED"], false),
            (&["DELIVERED", "ACCEPTED"], false),
            (&["REFUSED", "ACCEPTED"], false),
            (&["UNKNOWN", "ACCEPTED"], false),
        ] {
            let all = path.windows(2).all(|pair| is_legal(pair[0], pair[1]));
            assert_eq!(all, legal, "{path:?}");
        }
    }

    fn step(sequence: i64, state: &str, second: i64) -> Step {
        let at = DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        Step { number: "4301".into(), sequence, state: state.into(), at, now: "ACCEPTED".into(), version: 2 }
    }

    fn before(step: Step) -> Before {
        let Step { number, sequence, state, at, now, version } = step;
        Before { number, sequence, state, at, now, version }
    }

    #[test]
    fn gaps_and_wrong_ends_are_found() {
        assert_eq!(fault(None, &step(1, "SUBMITTED", 0)), None);
        assert!(fault(None, &step(1, "ACCEPTED", 0)).is_some());
        assert!(fault(None, &step(2, "SUBMITTED", 0)).is_some());
        let first = before(step(1, "SUBMITTED", 60));
        assert_eq!(fault(Some(&first), &step(2, "ACCEPTED", 60)), None);
        assert!(fault(Some(&first), &step(3, "ACCEPTED", 60)).is_some());
        assert!(fault(Some(&first), &step(2, "ACCEPTED", 0)).is_some());
        assert_eq!(end_fault(&before(step(2, "ACCEPTED", 0))), None);
        assert!(end_fault(&first).is_some());
        assert!(end_fault(&before(step(3, "ACCEPTED", 0))).is_some());
    }
}
