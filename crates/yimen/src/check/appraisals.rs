//! Ballots are what was cast with tokens that are spent, and whoever recomputes a round comes to what was proposed.

use chrono::{Days, TimeDelta};
use yimen_kernel::date::local_date;

use super::{Faults, Finding, Look, Unreadable};

/// How long after its closing a round may wait to be counted.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// For each unit and group as many ballots as tokens are spent; in a round, or out of it.
const BALLOTS: &str = "
  with spent as (
    select round, electorate, count(*) filter (where tries > 0) as n from complaints.appraisal_token group by 1, 2),
  cast_ as (
    select round, unit, electorate, count(*) as n from complaints.appraisal_ballot group by 1, 2, 3)
  select r.number, u.department, g as electorate, coalesce(c.n, 0), coalesce(s.n, 0)
  from complaints.appraisal_round r join complaints.appraisal_unit u using (round)
  cross join generate_series(1, 4) g
  left join spent s on s.round = r.round and s.electorate = g
  left join cast_ c on c.round = r.round and c.unit = u.unit and c.electorate = g
  where coalesce(c.n, 0) <> coalesce(s.n, 0)
  union all
  select c.round::text, c.unit::text, c.electorate, c.n, 0 from cast_ c
  where not exists (select from complaints.appraisal_unit u where u.round = c.round and u.unit = c.unit)
  order by 1, 2, 3";

/// What is published is what the ballots and the tokens are.
const FIGURES: &str = "
  with counted as (select * from complaints.appraisal_round where counted_at is not null),
  again as (
    select b.round, b.unit, b.electorate, b.choice, count(*) as votes
    from complaints.appraisal_ballot b join counted using (round) group by 1, 2, 3, 4),
  tokens as (
    select t.round, t.electorate, count(*) as issued, count(*) filter (where t.tries > 0) as spent
    from complaints.appraisal_token t join counted using (round) group by 1, 2)
  select r.number, 'votes'
  from (select * from again except all
        select round, unit, electorate, choice, votes from complaints.appraisal_count) more
  join counted r using (round)
  union
  select r.number, 'votes'
  from (select round, unit, electorate, choice, votes from complaints.appraisal_count
        except all select * from again) fewer
  join complaints.appraisal_round r using (round)
  union
  select r.number, 'turnout'
  from tokens t full join complaints.appraisal_turnout p using (round, electorate)
  join complaints.appraisal_round r using (round)
  where (t.issued, t.spent) is distinct from (p.issued, p.spent)
  order by 1, 2";

/// Section 9.3 in whole numbers: rates as part and whole, compared across, ranks by who is strictly higher.
const RECOMPUTED: &str = "
  with votes as (
    select r.*, u.unit, coalesce(weights[1], 0) as w1, coalesce(weights[2], 0) as w2, coalesce(weights[3], 0) as w3,
           coalesce(weights[4], 0) as w4, n.*
    from complaints.appraisal_round r join complaints.appraisal_unit u using (round)
    cross join lateral (
      select coalesce(sum(votes) filter (where electorate = 1 and choice > 0), 0)::numeric as n1,
             coalesce(sum(votes) filter (where electorate = 2 and choice > 0), 0)::numeric as n2,
             coalesce(sum(votes) filter (where electorate = 3 and choice > 0), 0)::numeric as n3,
             coalesce(sum(votes) filter (where electorate = 4 and choice > 0), 0)::numeric as n4,
             coalesce(sum(votes) filter (where electorate = 1 and choice between 1 and r.satisfied), 0)::numeric as s1,
             coalesce(sum(votes) filter (where electorate = 2 and choice between 1 and r.satisfied), 0)::numeric as s2,
             coalesce(sum(votes) filter (where electorate = 3 and choice between 1 and r.satisfied), 0)::numeric as s3,
             coalesce(sum(votes) filter (where electorate = 4 and choice between 1 and r.satisfied), 0)::numeric as s4,
             coalesce(sum(votes) filter (where choice = 1), 0) as best,
             coalesce(sum(votes) filter (where choice = 2), 0) as worst
      from complaints.appraisal_count c where c.round = r.round and c.unit = u.unit) n
    where r.counted_at is not null),
  weighed as (
    select *, n1 + n2 + n3 + n4 as valid,
           case when w1 > 0 then n1 else 1 end as m1, case when w2 > 0 then n2 else 1 end as m2,
           case when w3 > 0 then n3 else 1 end as m3, case when w4 > 0 then n4 else 1 end as m4
    from votes),
  rates as (
    select *,
           case when weights is null then s1 + s2 + s3 + s4
                else w1 * s1 * m2 * m3 * m4 + w2 * m1 * s2 * m3 * m4 + w3 * m1 * m2 * s3 * m4 + w4 * m1 * m2 * m3 * s4
           end as part,
           case when weights is null then n1 + n2 + n3 + n4 else 100 * m1 * m2 * m3 * m4 end as whole
    from weighed),
  rated as (
    select * from rates where kind = 'RATED' and whole > 0 and valid >= greatest(minimum, 1)),
  ranked as (
    select o.*, 1 + (select count(*) from rated h
                     where h.round = o.round and h.part * o.whole > o.part * h.whole) as rank
    from rated o),
  proposed as (
    select round, unit, 'REWARD' as proposal from ranked
    where 100 * part >= reward_percent * whole and rank <= reward_places
    union all
    select round, unit, 'ACCOUNTABILITY' from ranked
    where 100 * part < accountability_percent * whole
       or (accountability_inclusive and 100 * part = accountability_percent * whole)
    union all
    select round, unit, 'REWARD' from votes o
    where kind = 'LISTS' and best >= greatest(minimum, 1)
      and 1 + (select count(*) from votes h where h.round = o.round and h.best > o.best) <= best_places
    union all
    select round, unit, 'ACCOUNTABILITY' from votes o
    where kind = 'LISTS' and worst >= greatest(minimum, 1)
      and 1 + (select count(*) from votes h where h.round = o.round and h.worst > o.worst) <= worst_places)
  select r.number, u.department, coalesce(p.proposal, o.proposal), p.proposal is not null
  from proposed p full join complaints.appraisal_outcome o using (round, unit, proposal)
  join complaints.appraisal_round r using (round) join complaints.appraisal_unit u using (round, unit)
  where p.proposal is null or o.state is null order by 1, 2, 3";

/// Ballots against tokens, published figures against ballots, consequences against figures.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let unequal: Vec<(String, String, i32, i64, i64)> =
        sqlx::query_as(BALLOTS).fetch_all(&mut *look.complaints().await?).await?;
    for (round, unit, group, ballots, spent) in &unequal {
        faults.add(format!(
            "{round} has {ballots} ballots of group {group} about {unit} and {spent} spent tokens"
        ));
    }
    let wrong: Vec<(String, String)> =
        sqlx::query_as(FIGURES).fetch_all(&mut *look.complaints().await?).await?;
    for (round, what) in &wrong {
        faults.add(format!("{round} says another {what} than its ballots and tokens"));
    }
    let other: Vec<(String, String, String, bool)> =
        sqlx::query_as(RECOMPUTED).fetch_all(&mut *look.complaints().await?).await?;
    for (round, unit, proposal, is_due) in &other {
        let word = if *is_due { "does not propose" } else { "proposes" };
        faults.add(format!("{round} {word} {proposal} for {unit}, against its own figures"));
    }
    let undone: Vec<(String, String)> = sqlx::query_as(
        "select r.number, 'is not counted' from complaints.appraisal_round r
         where r.state = 'SET' and r.closes_at <= $1
         union all
         select r.number, 'is published with an open proposal' from complaints.appraisal_round r
         where r.state = 'PUBLISHED'
           and exists (select from complaints.appraisal_outcome o where o.round = r.round and o.state = 'PROPOSED')
         union all
         select r.number, 'still knows of batches or of second tries' from complaints.appraisal_round r
         where r.counted_at is not null
           and exists (select from complaints.appraisal_token t
                       where t.round = r.round and (t.batch is not null or t.tries > 1))
         union all
         select r.number, 'holds ' || u.department || ' to account without its case'
         from complaints.appraisal_outcome o join complaints.appraisal_round r using (round)
         join complaints.appraisal_unit u using (round, unit)
         left join complaints.accountability a on a.accountability_case = o.accountability_case
         where o.accountability_case is not null
           and (a.appraisal_round, a.held_kind, a.held_id) is distinct from (r.number, 'DEPARTMENT', u.department)
         union all
         select d.number, 'has an undertaking whose day passed unnoticed' from complaints.undertaking d
         where d.state in ('OPEN', 'REPORTED') and d.passed_at is null and d.due_on < $2
         order by 1, 2",
    )
    .bind(look.as_of - LATE)
    .bind(local_date(look.as_of).checked_sub_days(Days::new(1)))
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, what) in &undone {
        faults.add(format!("{number} {what}"));
    }
    let (rounds, ballots): (i64, i64) = sqlx::query_as(
        "select (select count(*) from complaints.appraisal_round),
                (select count(*) from complaints.appraisal_ballot)",
    )
    .fetch_one(&mut *look.complaints().await?)
    .await?;
    Ok(faults.finding("appraisals", format!("{rounds} rounds of review, {ballots} marks on ballots")))
}
