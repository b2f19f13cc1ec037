//! A year's notice as lines of `date,kind,holiday`.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::Exception;
use crate::date::parse_date;
use crate::text;

/// A line of a notice that cannot be taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong, in English, for whoever made the file.
    pub wrong: &'static str,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.wrong)
    }
}

/// Reads the lines after the heading.
pub(super) fn read(csv: &str) -> Result<BTreeMap<NaiveDate, Exception>, BadLine> {
    let mut exceptions = BTreeMap::new();
    for (line, content) in (1..).zip(csv.lines()).skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let (day, exception) = entry(content).map_err(|wrong| BadLine { line, wrong })?;
        if exceptions.insert(day, exception).is_some() {
            return Err(BadLine { line, wrong: "the day is there already" });
        }
    }
    if exceptions.is_empty() {
        return Err(BadLine { line: 1, wrong: "there are no days" });
    }
    Ok(exceptions)
}

fn entry(line: &str) -> Result<(NaiveDate, Exception), &'static str> {
    let mut cells = line.split(',').map(str::trim);
    let day = cells.next().and_then(|text| parse_date(text).ok());
    let day = day.ok_or("the first cell is to be a date such as 2026-02-14")?;
    let is_worked = match cells.next() {
        Some("work") => true,
        Some("off") => false,
        _ => return Err("the second cell is to be off or work"),
    };
    let holiday = cells.next().and_then(|name| text::line(name, 60).ok());
    let holiday = holiday.ok_or("the third cell is to be the holiday")?;
    if is_worked && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        return Err("a weekday is worked anyway");
    }
    Ok((day, Exception { is_worked, holiday: holiday.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named() {
        let bad = |csv: &str| read(csv).unwrap_err().line;
        assert_eq!(bad("date,kind,holiday\n2026-01-01,off,元旦\n2026-01-32,off,元旦\n"), 3);
        assert_eq!(bad("date,kind,holiday\n2026-01-01,half,元旦\n"), 2);
        assert_eq!(bad("date,kind,holiday\n2026-01-01,off\n"), 2);
        assert_eq!(bad("date,kind,holiday\n2026-01-01,off,元旦\n\n2026-01-01,off,元旦\n"), 4);
        assert_eq!(bad("date,kind,holiday\n2026-01-05,work,元旦\n"), 2, "a Monday");
        assert_eq!(bad("date,kind,holiday\n"), 1);
    }
}
