-- When the window's turn last began: with the application, or with its whole supplement. Five working days
-- later it counts as accepted (行政许可法 art. 32).
alter table intake.application add received_at timestamptz;
update intake.application a set received_at = coalesce(
  (select max(h.at) from intake.history h where h.number = a.number and h.state = 'SUPPLEMENTED'), submitted_at);
alter table intake.application alter received_at set not null;
