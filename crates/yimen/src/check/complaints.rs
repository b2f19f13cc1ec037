//! No complaint is in the hands of whomever it is about, and what is founded has a consequence.

use super::{Faults, Finding, Look, Unreadable};

/// Handlers, answers and deciders against whom each complaint is about; findings against cases of accountability.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let handled: Vec<(String, String)> = sqlx::query_as(
        "select c.number, c.department from complaints.complaint c
         where c.department <> '' and c.state <> 'CLOSED'
           and (exists (select from complaints.accused a
                        where a.number = c.number and a.kind = 'DEPARTMENT' and a.id = c.department)
                or exists (select from complaints.party p
                           where p.number = c.about_number and p.department = c.department)) order by 1",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, department) in &handled {
        faults.add(format!("{number} is handled by {department}, which it is about"));
    }
    let written: Vec<(String, String)> = sqlx::query_as(
        "select distinct number, what from complaints.step s join complaints.accused a using (number)
         where a.kind = 'PERSON' and a.id = s.by
           and s.at > (select min(f.at) from complaints.step f where f.number = s.number)
           and not exists (select from complaints.step n
                           where n.number = s.number and n.what in ('SUBJECT_ADDED', 'ACCEPTED') and n.at >= s.at)
         order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, what) in &written {
        faults.add(format!("{number} was {what} by a person whom it is about"));
    }
    let unheld: Vec<(String,)> = sqlx::query_as(
        "select distinct number from complaints.answer w
         where finding <> 'UNFOUNDED'
           and not exists (select from complaints.accountability h where h.complaint = w.number) order by 1",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number,) in &unheld {
        faults.add(format!("{number} was founded and nobody was looked at for it"));
    }
    let decided: Vec<(String,)> = sqlx::query_as(
        "select accountability_case from complaints.accountability h
         where held_kind = 'PERSON' and held_id = decided_by
            or exists (select from complaints.accused a
                       where a.number = h.complaint and a.kind = 'PERSON' and a.id = h.decided_by) order by 1",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (case,) in &decided {
        faults.add(format!("{case} was decided by whom it is about"));
    }
    let (complaints, cases): (i64, i64) = sqlx::query_as(
        "select (select count(*) from complaints.complaint), (select count(*) from complaints.accountability)",
    )
    .fetch_one(&mut *look.complaints().await?)
    .await?;
    Ok(faults.finding("complaints", format!("{complaints} complaints, {cases} cases of accountability")))
}
