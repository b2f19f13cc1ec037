use std::io;

use chrono::NaiveDate;
use clap::ValueEnum;
use yimen_kernel::date::parse_date;
use yimen_kernel::deadline::{Limit, explain};
use yimen_kernel::{Calendar, Lang};

use super::{FINE, Outcome};
use crate::deadline::{Question, batch};
use crate::output;

/// Say when a limit ends, and how that comes about.
///
/// The day of the start is not counted. Needs no center. With --batch it reads one JSON object per line,
/// such as {"from":"2026-02-13","days":20}, with calendar_days, suspend and extend if wanted, and answers
/// each with one line.
#[derive(clap::Args)]
pub struct Deadline {
    /// The day of the start, as 2026-02-13.
    #[arg(value_name = "FROM", value_parser = day, required_unless_present = "batch")]
    from: Option<NaiveDate>,
    /// How many days, working days unless --calendar-days.
    #[arg(value_name = "DAYS", required_unless_present = "batch")]
    days: Option<u32>,
    /// The days are calendar days; the limit then ends on no day off.
    #[arg(long)]
    calendar_days: bool,
    /// First and last day that are not counted, as 2026-02-24..2026-03-06; may be given several times.
    #[arg(long, value_name = "A..B", value_parser = days)]
    suspend: Vec<(NaiveDate, NaiveDate)>,
    /// Days that an extension adds.
    #[arg(long, value_name = "N", default_value_t = 0)]
    extend: u32,
    /// Show every day and what it was.
    #[arg(long)]
    explain: bool,
    /// The language of the explanation.
    #[arg(long, value_enum, default_value_t = Language::Zh)]
    lang: Language,
    /// Answer the questions on standard input.
    #[arg(long, conflicts_with_all = ["from", "days", "calendar_days", "suspend", "extend", "explain"])]
    batch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// 中文.
    Zh,
    /// English.
    En,
}

impl Deadline {
    pub fn run(self) -> Outcome {
        let calendar = Calendar::published()
            .map_err(|bad| format!("catalog/calendar.csv is broken in {bad}; correct it and build again."))?;
        if self.batch {
            let answers = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
            return match batch::run(&calendar, io::stdin().lock(), answers) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(format!("The questions could not be read to their end ({error})."))
                }
                _ => Ok(FINE),
            };
        }
        let (Some(from), Some(days)) = (self.from, self.days) else {
            return Err("Say from which day and how many days, or --batch.".to_owned());
        };
        let limit = if self.calendar_days { Limit::calendar(days) } else { Limit::working(days) };
        let question = Question { from, limit, suspended: self.suspend, extension: self.extend };
        let lang = if self.lang == Language::Zh { Lang::Zh } else { Lang::En };
        let refused = |fault: yimen_kernel::FieldError| format!("{}: {}", fault.field, fault.message(lang));
        let due = question.due(&calendar).map_err(refused)?;
        if self.explain {
            for line in explain(&question.clock().map_err(refused)?, &calendar, due.on) {
                output::line(line.text(lang));
            }
        } else {
            output::line(due.on);
        }
        if due.is_provisional {
            output::note(match lang {
                Lang::Zh => "该日期为暂定：所涉年份的放假通知尚未载入。",
                Lang::En => "The date is provisional: a year that it rests on has no holiday notice yet.",
            });
        }
        Ok(FINE)
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).map_err(|_| "write it as 2026-02-13".to_owned())
}

fn days(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let (from, to) = text.split_once("..").ok_or("write it as 2026-02-24..2026-03-06")?;
    Ok((day(from)?, day(to)?))
}
