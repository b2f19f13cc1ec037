//! What looks as if limits were kept on paper only is asked about, once.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use prost::{Message, Name};
use uuid::Uuid;
use yimen_proto::approval::v1::{
    JointApprovalDecided, OpinionRecorded, SpecialProcedureEnded, SpecialProcedureStarted, TaskOpened,
    special_procedure::Ground,
};
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationSubmitted, ProcedureNoticeIssued};
use yimen_tests::alone::{Alone, event, noon};

const SLOW: &str = "430102-scjg";
const PEERS: [&str; 4] = [SLOW, "430102-xfjy", "430102-cgj", "430102-sthj"];

struct Month {
    copy: Alone,
}

impl Month {
    async fn hear<M: Message + Name>(&self, number: &str, at: DateTime<Utc>, message: &M) {
        self.copy.deliver(&[event(number, 1, at, message)]).await.unwrap();
    }

    async fn begin(&self, number: &str, at: DateTime<Utc>) {
        let (number_, center, item) = (number.to_owned(), "430102".to_owned(), "示例".to_owned());
        let submitted =
            ApplicationSubmitted { number: number_, center, item, ..ApplicationSubmitted::default() };
        self.hear(number, at, &submitted).await;
    }

    async fn accept(&self, number: &str, at: DateTime<Utc>) {
        let accepted = ApplicationAccepted {
            number: number.into(),
            accepted_on: yimen_kernel::date::local_date(at).to_string(),
            promised_limit_days: 20,
            statutory_limit_days: 20,
            ..ApplicationAccepted::default()
        };
        self.hear(number, at, &accepted).await;
    }

    async fn opine(&self, number: &str, department: &str, from: DateTime<Utc>, at: DateTime<Utc>) {
        let (number_, department) = (number.to_owned(), department.to_owned());
        let opened = TaskOpened {
            number: number_.clone(),
            department: department.clone(),
            limit_days: 20,
            sequence: 1,
            ..TaskOpened::default()
        };
        self.hear(number, from, &opened).await;
        let said = OpinionRecorded {
            number: number_,
            department,
            sequence: 1,
            kind: 1,
            ..OpinionRecorded::default()
        };
        self.hear(number, at, &said).await;
    }

    /// A review of a department's that was announced to end on a day, and did.
    async fn review(&self, number: &str, department: &str, days: (&str, &str), noticed: bool) {
        let procedure = Uuid::now_v7().to_string();
        let at = noon(days.0.parse().unwrap());
        let started = SpecialProcedureStarted {
            number: number.into(),
            procedure: procedure.clone(),
            department: department.into(),
            ground: Ground::ExpertReview.into(),
            from_on: days.0.into(),
            until_on: days.1.into(),
            ..SpecialProcedureStarted::default()
        };
        self.hear(number, at, &started).await;
        if noticed {
            let document = "430102-TB-2026-0000001".to_owned();
            let notice = ProcedureNoticeIssued {
                number: number.into(),
                procedure: procedure.clone(),
                document,
                ..ProcedureNoticeIssued::default()
            };
            self.hear(number, at, &notice).await;
        }
        let ended = SpecialProcedureEnded {
            number: number.into(),
            procedure,
            ended_on: days.1.into(),
            ..SpecialProcedureEnded::default()
        };
        self.hear(number, noon(days.1.parse().unwrap()), &ended).await;
    }

    /// The questions of a kind: whom they ask, and what was counted.
    async fn asked(&self, kind: &'static str) -> Vec<(String, i32)> {
        for chore in ["settle cases", "ask about conduct", "ask about conduct"] {
            self.copy.round(chore).await.unwrap();
        }
        sqlx::query_as("select department, observed from supervision.flag where kind = $1 order by 1")
            .bind(kind)
            .fetch_all(&mut *self.copy.pool.get().await.unwrap())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_are_asked_about_what_many_cases_show_together() {
    let first: NaiveDate = "2026-03-02".parse().unwrap();
    let (copy, embedded) = Alone::embedded(first).await.unwrap();
    let month = Month { copy };
    let number = |serial: usize| format!("43010220260302{serial:07}");
    let start = noon(first);
    for serial in 0..30 {
        month.begin(&number(serial), start).await;
        month.accept(&number(serial), start).await;
    }

    // Nineteen within a minute are many hands, twenty are one; at night five are.
    for serial in 0..20 {
        let at = start + TimeDelta::days(1) + TimeDelta::seconds(serial);
        month.opine(&number(serial as usize), PEERS[1], start, at).await;
        if serial < 19 {
            month.opine(&number(serial as usize), PEERS[2], start, at).await;
        }
    }
    let night = start + TimeDelta::days(1) + TimeDelta::hours(9);
    for serial in 0..5 {
        month.opine(&number(serial), PEERS[3], start, night + TimeDelta::minutes(serial as i64)).await;
    }
    let saturday = noon("2026-03-07".parse().unwrap());
    for serial in 20..25 {
        month.opine(&number(serial), PEERS[1], start, saturday + TimeDelta::minutes(serial as i64)).await;
    }
    month.copy.set_day("2026-03-20".parse().unwrap());
    assert_eq!(month.asked("BULK_OPINIONS").await, [(PEERS[1].to_owned(), 20)]);
    assert_eq!(
        month.asked("OUT_OF_HOURS_OPINIONS").await,
        [(PEERS[3].to_owned(), 5), (PEERS[1].to_owned(), 5)],
    );

    // Three reviews that ended on the last announced day, one of them without its notice; most of its time.
    for (serial, noticed) in [(0, true), (1, true), (2, false)] {
        month.review(&number(serial), SLOW, ("2026-03-03", "2026-03-12"), noticed).await;
    }
    let later = noon("2026-03-20".parse().unwrap());
    for serial in 0..3 {
        month.opine(&number(serial), SLOW, start, later).await;
        for peer in &PEERS[1..] {
            month.opine(&number(serial + 25), peer, start, later).await;
        }
    }
    assert_eq!(month.asked("LAST_DAY_RESUMPTION").await, [(SLOW.to_owned(), 3)]);
    assert_eq!(month.asked("SUSPENSION_WITHOUT_NOTICE").await, [(SLOW.to_owned(), 1)]);
    assert_eq!(month.asked("SUSPENDED_SHARE").await, [], "the month is not over");
    month.copy.set_day(first + Days::new(31));
    let [(department, percent)] = &month.asked("SUSPENDED_SHARE").await[..] else { panic!("one") };
    assert_eq!((department.as_str(), *percent > 25), (SLOW, true), "{percent}");

    // Decided on the day before it was accepted.
    month.begin(&number(40), start).await;
    let decided = JointApprovalDecided { number: number(40), ..JointApprovalDecided::default() };
    month.accept(&number(40), start + TimeDelta::days(2)).await;
    month.hear(&number(40), start + TimeDelta::days(1), &decided).await;
    month.copy.round("settle cases").await.unwrap();
    let asked = month.asked("DECIDED_BEFORE_ACCEPTANCE").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    month.copy.end(embedded).await.unwrap();
}
