//! Complaints in figures.

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// What was filed about one unit.
pub struct Line {
    pub kind: String,
    pub id: String,
    pub filed: i64,
    pub declined: i64,
    pub withdrawn: i64,
    pub founded: i64,
    pub unfounded: i64,
    pub held_to_account: i64,
}

/// The figures of a center's units, of complaints that were filed from one day to another. Those that were
/// joined to another count with it; a person is not shown.
pub async fn of_center(
    connection: &mut PgConnection,
    center: &str,
    (from_on, until_on): (NaiveDate, NaiveDate),
) -> Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        r#"with about as (
             select c.number, a.kind, a.id, c.closing,
                    (select w.finding from complaints.answer w where w.number = c.number
                     order by w.at desc, w.level desc limit 1) as finding
             from complaints.complaint c join complaints.accused a using (number)
             where c.center = $1 and c.filed_on between $2 and $3 and a.kind <> 'PERSON'
               and c.closing is distinct from 'MERGED')
           select b.kind as "kind!", b.id as "id!", count(*) as "filed!",
                  count(*) filter (where b.closing = 'DECLINED') as "declined!",
                  count(*) filter (where b.closing = 'WITHDRAWN') as "withdrawn!",
                  count(*) filter (where b.finding in ('FOUNDED', 'PARTLY_FOUNDED')) as "founded!",
                  count(*) filter (where b.finding = 'UNFOUNDED') as "unfounded!",
                  count(*) filter (where h.measure is not null) as "held_to_account!"
           from about b
           left join complaints.accountability h
             on h.complaint = b.number and h.held_kind = b.kind and h.held_id = b.id
           group by b.kind, b.id order by b.kind, b.id"#,
        center,
        from_on,
        until_on
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}
