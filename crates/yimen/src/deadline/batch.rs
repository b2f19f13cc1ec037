//! One question per line as JSON, one answer per line, in order.
//!
//! `{"from":"2026-02-13","days":20}` with optional `"calendar_days":true`, `"suspend":[["A","B"],…]` (both days
//! not counted) and `"extend":N` is answered by `{"due":"2026-03-19","provisional":false}`, or by
//! `{"error":{"reason":…,"field":…}}`. Every line has its answer, whatever bytes it holds.

use std::io::{self, BufRead, Read as _, Write};

use chrono::NaiveDate;
use serde_json::{Map, Value};
use yimen_kernel::date::parse_date;
use yimen_kernel::deadline::Limit;
use yimen_kernel::{Calendar, FieldError, FieldFault, Reason};

use super::{MOST_DAYS, Question};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 1 << 16;

/// Answers every line of `questions`.
///
/// # Errors
/// When reading or writing fails.
pub fn run(calendar: &Calendar, mut questions: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        questions.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return answers.flush();
        }
        let is_whole = line.last() == Some(&b'\n') || (line.len() as u64) < LONGEST;
        let answer = if is_whole { answer(calendar, &line) } else { Err(malformed()) };
        match answer {
            Ok((due, provisional)) => writeln!(answers, r#"{{"due":"{due}","provisional":{provisional}}}"#)?,
            Err(error) => {
                let error = serde_json::json!({ "reason": error.reason.as_str(), "field": error.field });
                writeln!(answers, r#"{{"error":{error}}}"#)?;
            }
        }
        if !is_whole {
            skip_line(&mut questions)?;
        }
    }
}

fn skip_line(questions: &mut impl BufRead) -> io::Result<()> {
    loop {
        let piece = questions.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(piece.len(), |end| end + 1);
        let is_over = end.is_some() || used == 0;
        questions.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

fn malformed() -> FieldError {
    FieldError::new("", Reason::MalformedBody)
}

fn answer(calendar: &Calendar, line: &[u8]) -> Result<(NaiveDate, bool), FieldError> {
    let object: Map<String, Value> = serde_json::from_slice(line).map_err(|_| malformed())?;
    let due = question(&object)?.due(calendar)?;
    Ok((due.on, due.is_provisional))
}

fn question(object: &Map<String, Value>) -> Result<Question, FieldError> {
    let known = ["from", "days", "calendar_days", "suspend", "extend"];
    if let Some(unknown) = object.keys().find(|key| !known.contains(&key.as_str())) {
        // The name of the field is the reader's own; a long one is cut.
        let name: String = unknown.chars().take(40).collect();
        return Err(FieldError::new(name, Reason::UnknownValue));
    }
    let is_calendar = match object.get("calendar_days") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(|| FieldError::new("calendar_days", Reason::BadFormat))?,
    };
    let days = object.get("days").ok_or_else(|| FieldError::new("days", Reason::Required));
    let days = number(days?, "days")?;
    Ok(Question {
        from: day(object.get("from"), "from")?,
        limit: if is_calendar { Limit::calendar(days) } else { Limit::working(days) },
        suspended: object.get("suspend").map_or(Ok(Vec::new()), suspended)?,
        extension: object.get("extend").map_or(Ok(0), |value| number(value, "extend"))?,
    })
}

fn suspended(value: &Value) -> Result<Vec<(NaiveDate, NaiveDate)>, FieldError> {
    let pairs = value.as_array().ok_or_else(|| FieldError::new("suspend", Reason::BadFormat))?;
    pairs
        .iter()
        .enumerate()
        .map(|(at, pair)| {
            let field = format!("suspend[{at}]");
            match pair.as_array().map(Vec::as_slice) {
                Some([from, to]) => Ok((day(Some(from), &field)?, day(Some(to), &field)?)),
                _ => Err(FieldError::new(field, Reason::BadFormat)),
            }
        })
        .collect()
}

fn day(value: Option<&Value>, field: &str) -> Result<NaiveDate, FieldError> {
    let value = value.ok_or_else(|| FieldError::new(field, Reason::Required))?;
    let text = value.as_str().ok_or_else(|| FieldError::new(field, Reason::BadFormat))?;
    parse_date(text).map_err(|fault| fault.at(field))
}

fn number(value: &Value, field: &str) -> Result<u32, FieldError> {
    let is_number = value.is_number();
    let whole = value.as_u64().and_then(|whole| u32::try_from(whole).ok());
    whole.ok_or_else(|| match is_number {
        true => FieldFault::limited(Reason::OutOfRange, format!("0–{MOST_DAYS}")).at(field),
        false => FieldError::new(field, Reason::BadFormat),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(questions: &[u8]) -> Vec<String> {
        let mut written = Vec::new();
        run(&Calendar::published().unwrap(), questions, &mut written).unwrap();
        String::from_utf8(written).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_question_has_its_answer() {
        let asked = concat!(
            r#"{"from":"2026-02-13","days":20}"#,
            "\n",
            r#"{"from":"2026-02-09","days":20,"suspend":[["2026-02-24","2026-03-06"]]}"#,
            "\n",
            r#"{"from":"2025-09-22","days":45,"extend":15}"#,
            "\n",
            r#"{"from":"2025-08-04","days":60,"calendar_days":true}"#,
            "\n",
            r#"{"from":"2026-12-20","days":20}"#
        );
        let said = answers(asked.as_bytes());
        let expected = [
            r#"{"due":"2026-03-19","provisional":false}"#,
            r#"{"due":"2026-03-27","provisional":false}"#,
            r#"{"due":"2025-12-19","provisional":false}"#,
            r#"{"due":"2025-10-09","provisional":false}"#,
        ];
        assert_eq!(said[..4], expected);
        assert!(said[4].ends_with(r#""provisional":true}"#), "{said:?}");
    }

    #[test]
    fn whatever_a_line_holds_it_has_one_answer() {
        let long = format!("{{\"from\":\"{}\"}}", "9".repeat(200_000));
        for (line, reason, field) in [
            ("", "MALFORMED_BODY", ""),
            ("[]", "MALFORMED_BODY", ""),
            (long.as_str(), "MALFORMED_BODY", ""),
            (r#"{"days":1}"#, "REQUIRED_FIELD", "from"),
            (r#"{"from":"2026-02-13"}"#, "REQUIRED_FIELD", "days"),
            (r#"{"from":"2026-02-30","days":1}"#, "IMPOSSIBLE_DATE", "from"),
            (r#"{"from":20260213,"days":1}"#, "BAD_FORMAT", "from"),
            (r#"{"from":"2026-02-13","days":-1}"#, "OUT_OF_RANGE", "days"),
            (r#"{"from":"2026-02-13","days":1.5}"#, "OUT_OF_RANGE", "days"),
            (r#"{"from":"2026-02-13","days":10001}"#, "OUT_OF_RANGE", "days"),
            (r#"{"from":"2200-12-01","days":60}"#, "OUT_OF_RANGE", "days"),
            (r#"{"from":"2026-02-13","days":"1"}"#, "BAD_FORMAT", "days"),
            (r#"{"from":"2026-02-13","days":1,"extend":-1}"#, "OUT_OF_RANGE", "extend"),
            (r#"{"from":"2026-02-13","days":1,"weeks":1}"#, "UNKNOWN_VALUE", "weeks"),
            (r#"{"from":"2026-02-13","days":1,"calendar_days":1}"#, "BAD_FORMAT", "calendar_days"),
            (r#"{"from":"2026-02-13","days":1,"suspend":{}}"#, "BAD_FORMAT", "suspend"),
            (
                r#"{"from":"2026-02-13","days":1,"suspend":[["2026-02-14","2026-02-14"],["2026-02-16"]]}"#,
                "BAD_FORMAT",
                "suspend[1]",
            ),
            (
                r#"{"from":"2026-02-13","days":1,"suspend":[["2026-02-15","2026-02-14"]]}"#,
                "ENDS_BEFORE_IT_BEGINS",
                "suspend[0]",
            ),
        ] {
            let said = answers(format!("{line}\n{{\"from\":\"2026-02-13\",\"days\":0}}\n").as_bytes());
            let error: Value = serde_json::from_str(&said[0]).unwrap();
            assert_eq!(
                (&error["error"]["reason"], &error["error"]["field"]),
                (&reason.into(), &field.into())
            );
            assert_eq!(said[1..], [r#"{"due":"2026-02-13","provisional":false}"#], "{line}");
        }
        assert_eq!(answers(b"\xff\xfe\n\n").len(), 2);
        assert!(answers(b"").is_empty());
    }
}
