//! What cases count for, and the boards' figures, which are the sum of it.
//!
//! A case counts in more than a hundred figures, and most cases of a center in the same ones. So what a settling
//! changed is noted in one row first, and added to the figures later with what others changed; readers add up both
//! (the view `figure`).

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::{column, db};

use super::{count, int, odd};
use crate::domain::board::{Grain, Scope};
use crate::domain::fact::Facts;
use crate::domain::{CaseFile, Fact, Measure};

/// What cases count for up to now.
pub async fn of_cases(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Facts>> {
    let rows = sqlx::query!(
        "select c.number, c.measures, c.departments, c.days, c.buckets, c.counts
         from unnest($1::text[]) given(number) join supervision.counted c using (number)",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let of_case = rows.into_iter().map(|row| {
        let places = row.measures.iter().zip(row.departments).zip(row.days).zip(row.buckets);
        let facts = places.zip(row.counts).map(|((((measure, department), day), bucket), times)| {
            let measure = Measure::parse(measure).ok_or_else(|| odd("measure"))?;
            Ok((Fact { measure, department, day, bucket: count("bucket", bucket)? }, times))
        });
        Ok((row.number, facts.collect::<Result<_>>()?))
    });
    of_case.collect()
}

/// What a case counts for from now on, and how that differs from before.
pub struct Change<'c> {
    pub file: &'c CaseFile,
    pub after: Facts,
    pub difference: Facts,
}

/// Facts of cases, column by column.
struct Columns {
    numbers: Vec<String>,
    centers: Vec<String>,
    items: Vec<String>,
    measures: Vec<String>,
    departments: Vec<String>,
    days: Vec<NaiveDate>,
    buckets: Vec<i32>,
    counts: Vec<i64>,
}

impl Columns {
    fn of<'c>(changes: &'c [&Change<'c>], which: impl Fn(&'c Change<'c>) -> &'c Facts) -> Result<Self> {
        let all: Vec<(&CaseFile, &Fact, i64)> = changes
            .iter()
            .flat_map(|change| which(change).iter().map(|(fact, count)| (change.file, fact, *count)))
            .collect();
        Ok(Self {
            numbers: column(&all, |(file, ..)| file.number.clone()),
            centers: column(&all, |(file, ..)| file.center.clone()),
            items: column(&all, |(file, ..)| file.item.clone()),
            measures: column(&all, |(_, fact, _)| fact.measure.as_str().to_owned()),
            departments: column(&all, |(_, fact, _)| fact.department.clone()),
            days: column(&all, |(_, fact, _)| fact.day),
            buckets: all.iter().map(|(_, fact, _)| int(fact.bucket)).collect::<Result<_>>()?,
            counts: column(&all, |(.., count)| *count),
        })
    }
}

/// Keeps what cases count for, and what is to be added to every figure that they are part of.
pub async fn keep(connection: &mut PgConnection, changes: &[Change<'_>]) -> Result<()> {
    let changes: Vec<&Change<'_>> = changes.iter().filter(|change| !change.difference.is_empty()).collect();
    if changes.is_empty() {
        return Ok(());
    }
    write(connection, &changes).await?;
    note(connection, &changes).await
}

async fn write(connection: &mut PgConnection, changes: &[&Change<'_>]) -> Result<()> {
    let Columns { numbers, measures, departments, days, buckets, counts, .. } =
        Columns::of(changes, |change| &change.after)?;
    sqlx::query!(
        "insert into supervision.counted (number, measures, departments, days, buckets, counts)
         select number, array_agg(measure), array_agg(department), array_agg(day), array_agg(bucket), array_agg(count)
         from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::integer[], $6::bigint[])
                f(number, measure, department, day, bucket, count)
         group by number
         on conflict (number) do update
         set measures = excluded.measures, departments = excluded.departments, days = excluded.days,
             buckets = excluded.buckets, counts = excluded.counts",
        &numbers,
        &measures,
        &departments,
        &days,
        &buckets,
        &counts
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    let nothing: Vec<String> = changes
        .iter()
        .filter(|change| change.after.is_empty())
        .map(|change| change.file.number.clone())
        .collect();
    if !nothing.is_empty() {
        sqlx::query!("delete from supervision.counted where number = any($1)", &nothing)
            .execute(connection)
            .await
            .map_err(db)?;
    }
    Ok(())
}

/// Notes what is to be added to the figures.
async fn note(connection: &mut PgConnection, changes: &[&Change<'_>]) -> Result<()> {
    let Columns { centers, items, measures, departments, days, buckets, counts, .. } =
        Columns::of(changes, |change| &change.difference)?;
    sqlx::query!(
        "insert into supervision.difference (center, departments, items, measures, days, buckets, counts)
         select center, array_agg(department), array_agg(item), array_agg(measure), array_agg(day),
                array_agg(bucket), array_agg(count)
         from (
           select center, department, item, measure, day, bucket, sum(count)::bigint as count
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::integer[], $7::bigint[])
                  c(center, department, item, measure, day, bucket, count)
           group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0) changed
         group by center",
        &centers,
        &departments,
        &items,
        &measures,
        &days,
        &buckets,
        &counts
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Adds what was noted to the figures; what another copy of the service is adding is left to it.
pub async fn add_up(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "with noted as (
           delete from supervision.difference where difference in (
             select difference from supervision.difference for update skip locked)
           returning *),
         changed as (
           select n.center, c.department, c.item, c.measure, c.day, c.bucket, sum(c.count)::bigint as count
           from noted n
           cross join lateral unnest(n.departments, n.items, n.measures, n.days, n.buckets, n.counts)
             c(department, item, measure, day, bucket, count)
           group by 1, 2, 3, 4, 5, 6)
         insert into supervision.rollup as r (scope, grain, center, first_on, department, item, measure, counts)
         select p.scope, p.grain, c.center, p.first_on, p.of_department, p.of_item, c.measure,
                supervision.counts(c.bucket, c.count)
         from changed c cross join lateral supervision.places(c.department, c.item, c.day) p
         group by 1, 2, 3, 4, 5, 6, 7
         order by 1, 2, 3, 4, 5, 6, 7
         on conflict (scope, grain, center, first_on, department, item, measure)
         do update set counts =
           case when cardinality(r.counts) = 1 and cardinality(excluded.counts) = 1
                then array[r.counts[1] + excluded.counts[1]]
                else supervision.add_counts(r.counts, excluded.counts) end"
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Counts every figure again from what the cases count for. Gives how many there are and how many were wrong.
///
/// Readers go on reading the old figures; who changes them waits.
pub async fn count_again(connection: &mut PgConnection) -> Result<(u64, u64)> {
    // Whoever changes the figures takes from here first.
    sqlx::query!("lock table supervision.difference in exclusive mode")
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    add_up(connection).await?;
    let counted = sqlx::query!(
        r#"select count(again.counts) as "figures!",
                  count(*) filter (where exists (
                    select from unnest(r.counts, again.counts) both_counts(a, b)
                    where coalesce(a, 0) <> coalesce(b, 0))) as "wrong!"
           from supervision.rollup_again again
           full join supervision.rollup r using (scope, grain, center, first_on, department, item, measure)"#
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(db)?;
    sqlx::query!("delete from supervision.rollup").execute(&mut *connection).await.map_err(db)?;
    sqlx::query!("insert into supervision.rollup select * from supervision.rollup_again")
        .execute(connection)
        .await
        .map_err(db)?;
    let number = |count| u64::try_from(count).map_err(Error::internal);
    Ok((number(counted.figures)?, number(counted.wrong)?))
}

/// What is wanted of a board.
pub struct Wanted {
    pub scope: Scope,
    pub grain: Grain,
    /// The first and the last center.
    pub centers: (String, String),
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
    pub department: Option<String>,
    pub item: Option<String>,
    pub limit: i64,
}

/// What was counted for one line in one period: how often, by the buckets of each measure.
pub struct Figures {
    pub center: String,
    pub department: String,
    pub item: String,
    pub first_on: NaiveDate,
    pub counts: Vec<(Measure, Vec<i64>)>,
}

/// The figures of a board.
pub async fn board(connection: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Figures>> {
    let rows = sqlx::query!(
        r#"select center as "center!", department as "department!", item as "item!", first_on as "first_on!",
                  array_agg(measure) as "measures!",
                  array_agg(cardinality(counts)) as "lengths!", supervision.joined(counts) as "counts!"
           from (
             select center, department, item, first_on, measure, counts
             from supervision.figure
             where scope = $1 and grain = $2 and center between $3 and $4 and first_on between $5 and $6
               and ($7::text is null or department = $7) and ($8::text is null or item = $8)
             limit $9) figure
           group by center, first_on, department, item"#,
        wanted.scope.as_str(),
        wanted.grain.as_str(),
        wanted.centers.0,
        wanted.centers.1,
        wanted.from_on,
        wanted.until_on,
        wanted.department,
        wanted.item,
        wanted.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let mut all = row.counts.into_iter();
            let counts = row.measures.iter().zip(row.lengths).map(|(measure, length)| {
                let measure = Measure::parse(measure).ok_or_else(|| odd("measure"))?;
                let length = usize::try_from(length).map_err(Error::internal)?;
                Ok((measure, all.by_ref().take(length).collect()))
            });
            Ok(Figures {
                counts: counts.collect::<Result<_>>()?,
                center: row.center,
                department: row.department,
                item: row.item,
                first_on: row.first_on,
            })
        })
        .collect()
}
