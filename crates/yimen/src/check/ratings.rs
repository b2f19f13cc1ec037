//! Each event is rated once, what is negative is followed, and the published figures are those of the ratings.

use super::{Faults, Finding, Look, Unreadable, existing};

/// Ratings against events, cases and published months.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let twice: Vec<(String, String)> = sqlx::query_as(
        "select number, event from complaints.rating group by number, event having count(*) > 1 order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, event) in &twice {
        faults.add(format!("{event} of {number} was rated more than once"));
    }
    let rated: Vec<(String,)> = sqlx::query_as("select distinct number from complaints.rating order by 1")
        .fetch_all(&mut *look.complaints().await?)
        .await?;
    let rated: Vec<String> = rated.into_iter().map(|(number,)| number).collect();
    let known = existing(look, &rated).await?;
    for number in rated.iter().filter(|number| !known.contains(*number)) {
        faults.add(format!("{number} was rated and never handed in"));
    }
    // In China's days; a limit that ends on a day off goes on to the next working day, which is near.
    let late: Vec<(String, String)> = sqlx::query_as(
        "select r.number, r.event from complaints.rating r join complaints.invitation i using (number, event)
         where ((r.rated_at at time zone 'UTC') + interval '8 hours')::date not between i.served_on and i.served_on + 45
         order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, event) in &late {
        faults.add(format!("{event} of {number} was rated out of its time"));
    }
    let unfollowed: Vec<(String, String)> = sqlx::query_as(
        "select r.number, r.event from complaints.rating r
         where r.level <= 2 and not exists (select from complaints.rectification c where c.rating = r.rating)
         order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, event) in &unfollowed {
        faults.add(format!("the negative rating of {event} of {number} has no case"));
    }
    // Whoever said how to be reached was contacted and asked again, or the rating was set aside.
    let unasked: Vec<(String,)> = sqlx::query_as(
        "select c.rectification from complaints.rectification c join complaints.rating r using (rating)
         where c.state = 'CLOSED' and c.outcome <> 'SET_ASIDE' and r.identity <> 'ANONYMOUS'
           and (not exists (select from complaints.rectification_step s
                            where s.rectification = c.rectification and s.what = 'CONTACTED')
                or not exists (select from complaints.rectification_step s
                               where s.rectification = c.rectification and s.what = 'VISITED'))
         order by 1",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (case,) in &unasked {
        faults.add(format!("{case} was closed without its rater being asked"));
    }
    let own: Vec<(String, String)> = sqlx::query_as(
        "select c.rectification, s.what from complaints.rectification c join complaints.rating r using (rating)
         join complaints.rectification_step s using (rectification)
         where r.clerk <> '' and s.by = r.clerk order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (case, what) in &own {
        faults.add(format!("{case} was {what} by the clerk whom it is about"));
    }
    let set_aside: Vec<(String, String)> = sqlx::query_as(
        "select number, event from complaints.rating
         where set_aside is not null and (set_aside_reason = '' or set_aside_by = '' or set_aside_by = clerk)
         order by 1, 2",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (number, event) in &set_aside {
        faults.add(format!(
            "the rating of {event} of {number} was set aside without a reason, or by its clerk"
        ));
    }
    figures(look, &mut faults).await?;
    let (ratings, negative, cases, months): (i64, i64, i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where level <= 2), (select count(*) from complaints.rectification),
                (select count(*) from complaints.rating_month) from complaints.rating",
    )
    .fetch_one(&mut *look.complaints().await?)
    .await?;
    Ok(faults.finding(
        "ratings",
        format!("{ratings} ratings, each event once; {negative} negative, {cases} cases; {months} published months"),
    ))
}

/// Counts each published month again, with an own query, and compares every figure both ways.
async fn figures(look: &Look<'_>, faults: &mut Faults) -> Result<(), Unreadable> {
    let differing: Vec<(String, String, String, String)> = sqlx::query_as(
        "with published as (
           select f.center, f.month, f.scope, f.id, array[f.level1, f.level2, f.level3, f.level4, f.level5, f.set_aside] as counts
           from complaints.rating_figure f),
         unit as (
           select r.center, r.month, 'CENTER' as scope, '' as id, r.level, r.set_aside from complaints.rating r
           union all select r.center, r.month, 'WINDOW', r.window_id, r.level, r.set_aside from complaints.rating r
           union all select r.center, r.month, 'DEPARTMENT', r.department, r.level, r.set_aside from complaints.rating r
           union all select r.center, r.month, 'ITEM', r.item, r.level, r.set_aside from complaints.rating r),
         counted as (
           select u.center, u.month, u.scope, u.id,
                  array[sum((u.level = 1 and u.set_aside is null)::int), sum((u.level = 2 and u.set_aside is null)::int),
                        sum((u.level = 3 and u.set_aside is null)::int), sum((u.level = 4 and u.set_aside is null)::int),
                        sum((u.level = 5 and u.set_aside is null)::int), sum((u.set_aside is not null)::int)] as counts
           from unit u join complaints.rating_month using (center, month)
           where u.scope = 'CENTER' or u.id <> ''
           group by u.center, u.month, u.scope, u.id)
         select coalesce(p.center, c.center), to_char(coalesce(p.month, c.month), 'YYYY-MM'),
                coalesce(p.scope, c.scope), coalesce(p.id, c.id)
         from published p full join counted c
           on p.center = c.center and p.month = c.month and p.scope = c.scope and p.id = c.id
         where p.counts is distinct from c.counts order by 1, 2, 3, 4",
    )
    .fetch_all(&mut *look.complaints().await?)
    .await?;
    for (center, month, scope, id) in &differing {
        faults.add(format!(
            "the published figures of {center} {month} {scope} {id} are not those of its ratings"
        ));
    }
    Ok(())
}
