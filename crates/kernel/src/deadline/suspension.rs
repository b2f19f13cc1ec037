//! What stops a clock, and which clock.

use chrono::NaiveDate;

use crate::{FieldFault, Lang, Parsed, Reason};

/// Makes the grounds of the law: code, Chinese, English.
macro_rules! grounds {
    ($($ground:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// Why a clock stops.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ground {
            $(#[doc = $zh] $ground,)*
            /// One that the item publishes, by its code; it stops the promised clock alone.
            Published(String),
        }

        impl Ground {
            /// The eight grounds of 行政许可法 art. 45.
            pub const LEGAL: [Ground; 8] = [$(Ground::$ground),*];

            /// Its code.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Ground::$ground => $code,)*
                    Ground::Published(code) => code,
                }
            }

            /// Its name for people; the code of one that the item publishes.
            pub fn text(&self, lang: Lang) -> &str {
                match (self, lang) {
                    $((Ground::$ground, Lang::Zh) => $zh, (Ground::$ground, Lang::En) => $en,)*
                    (Ground::Published(code), _) => code,
                }
            }
        }
    };
}

grounds! {
    Hearing = "HEARING", "听证", "hearing";
    Tender = "TENDER", "招标", "tender";
    Auction = "AUCTION", "拍卖", "auction";
    Inspection = "INSPECTION", "检验", "inspection";
    Testing = "TESTING", "检测", "testing";
    Quarantine = "QUARANTINE", "检疫", "quarantine";
    Appraisal = "APPRAISAL", "鉴定", "appraisal";
    ExpertReview = "EXPERT_REVIEW", "专家评审", "expert review";
}

impl Ground {
    /// Reads a code; one that is not of the law is of the item.
    ///
    /// # Errors
    /// `REQUIRED_FIELD`; `BAD_FORMAT` unless it is `UPPER_SNAKE` of at most 40 characters.
    pub fn parse(code: &str) -> Parsed<Ground> {
        if code.is_empty() {
            return Err(Reason::Required.into());
        }
        let is_code = code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if !is_code {
            return Err(FieldFault::new(Reason::BadFormat));
        }
        let legal = Ground::LEGAL.into_iter().find(|ground| ground.as_str() == code);
        Ok(legal.unwrap_or_else(|| Ground::Published(code.to_owned())))
    }

    /// Whether it is one of the law's.
    pub fn is_legal(&self) -> bool {
        !matches!(self, Ground::Published(_))
    }
}

/// Which of a case's two limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// 法定.
    Statutory,
    /// 承诺.
    Promised,
}

/// A time that is not counted (中止): not an interruption, what was used before stays used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suspension {
    /// Why.
    pub ground: Ground,
    /// Number of the written notice that told the applicant how long it takes; empty if there was none.
    pub document: String,
    /// The first day that is not counted.
    pub from: NaiveDate,
    /// The last day that is not counted; none while it goes on.
    pub to: Option<NaiveDate>,
}

impl Suspension {
    /// A suspension from a day on that is entered on `today`.
    ///
    /// # Errors
    /// `BACK_DATED` when it would begin before today; `ENDS_BEFORE_IT_BEGINS`.
    pub fn enter(
        ground: Ground,
        document: String,
        from: NaiveDate,
        to: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Parsed<Self> {
        if from < today {
            return Err(FieldFault::limited(Reason::BackDated, today));
        }
        if to.is_some_and(|to| to < from) {
            return Err(FieldFault::limited(Reason::EndsBeforeItBegins, from));
        }
        Ok(Self { ground, document, from, to })
    }

    /// Whether it stops this clock: the statutory one only for a ground of the law and with the written
    /// notice (行政许可法 art. 45).
    pub fn stops(&self, which: Which) -> bool {
        match which {
            Which::Statutory => self.ground.is_legal() && !self.document.is_empty(),
            Which::Promised => true,
        }
    }

    /// Whether this day is not counted for it.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn p14_only_the_grounds_of_article_45_with_their_notice_stop_the_statutory_clock() {
        let suspension = |code: &str, document: &str| Suspension {
            ground: Ground::parse(code).unwrap(),
            document: document.into(),
            from: day("2026-02-24"),
            to: None,
        };
        for ground in Ground::LEGAL {
            assert!(suspension(ground.as_str(), "告知1号").stops(Which::Statutory));
            assert!(!suspension(ground.as_str(), "").stops(Which::Statutory), "nobody was told");
            assert!(suspension(ground.as_str(), "").stops(Which::Promised));
        }
        for code in ["PAYMENT", "SITE_VISIT", "SUPPLEMENT", "PUBLIC_NOTICE"] {
            assert!(!suspension(code, "告知1号").stops(Which::Statutory), "{code}");
        }
    }

    #[test]
    fn it_neither_begins_in_the_past_nor_ends_before_it_begins() {
        let enter = |from: &str, to: &str| {
            let to = Some(day(to));
            Suspension::enter(Ground::Hearing, String::new(), day(from), to, day("2026-02-24"))
                .map_err(|fault| fault.reason)
        };
        assert!(enter("2026-02-24", "2026-02-24").is_ok());
        assert_eq!(enter("2026-02-23", "2026-03-01"), Err(Reason::BackDated));
        assert_eq!(enter("2026-02-25", "2026-02-24"), Err(Reason::EndsBeforeItBegins));
        assert_eq!(Ground::parse("专家").unwrap_err().reason, Reason::BadFormat);
    }
}
