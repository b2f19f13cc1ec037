-- A new calendar may move a million last days, each of a clock that its transaction holds and that is never deleted:
-- they need not be looked up once more.
alter table supervision.calendar_move drop constraint calendar_move_clock_fkey;
