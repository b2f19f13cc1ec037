-- The cashier's counter and the finance office.
alter table identity.staff drop constraint staff_roles;
alter table identity.staff add constraint staff_roles check (
  cardinality(roles) > 0
  and roles <@ array['CLERK', 'APPROVER', 'SUPERVISOR', 'MANAGER', 'OPERATOR', 'CASHIER', 'FINANCE']);
