-- What is still to be added to the figures: what one settling changed in a center, with its facts side by side.
create table supervision.difference (
  difference  bigint generated always as identity primary key,
  center      text collate "C" not null,
  departments text[] collate "C" not null,
  items       text[] collate "C" not null,
  measures    text[] collate "C" not null,
  days        date[] not null,
  buckets     integer[] not null,
  counts      bigint[] not null
);

-- The figures as they are: a row may be there more than once, and its counts are to be added.
create view supervision.figure as
  select scope, grain, center, first_on, department, item, measure, counts from supervision.rollup
  union all
  select p.scope, p.grain, d.center, p.first_on, p.of_department, p.of_item, f.measure,
         supervision.counts(f.bucket, f.count)
  from supervision.difference d
  cross join lateral unnest(d.departments, d.items, d.measures, d.days, d.buckets, d.counts)
    f(department, item, measure, day, bucket, count)
  cross join lateral supervision.places(f.department, f.item, f.day) p
  group by 1, 2, 3, 4, 5, 6, 7;
