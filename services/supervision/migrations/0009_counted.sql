-- What a case counts for is read and written as a whole: one row for each case, its facts side by side in arrays.
drop view supervision.rollup_again;
alter table supervision.fact rename to fact_each;
create table supervision.counted (
  number      text primary key references supervision.application,
  measures    text[] collate "C" not null,
  departments text[] collate "C" not null,
  days        date[] not null,
  buckets     integer[] not null,
  counts      bigint[] not null
);
insert into supervision.counted
select number, array_agg(measure), array_agg(department), array_agg(day), array_agg(bucket), array_agg(count)
from supervision.fact_each group by number;
drop table supervision.fact_each;

-- A row for each fact.
create view supervision.fact as
  select c.number, f.measure, f.department, f.day, f.bucket, f.count
  from supervision.counted c
  cross join lateral unnest(c.measures, c.departments, c.days, c.buckets, c.counts)
    f(measure, department, day, bucket, count);

-- The figures as they come out when they are counted again.
create view supervision.rollup_again as
  select p.scope, p.grain, a.center, p.first_on, p.of_department as department, p.of_item as item, f.measure,
         supervision.counts(f.bucket, f.count) as counts
  from supervision.fact f
  join supervision.application a using (number)
  cross join lateral supervision.places(f.department, a.item, f.day) p
  group by 1, 2, 3, 4, 5, 6, 7;
