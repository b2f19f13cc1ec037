-- A figure is written again for every case that counts in it: with room on its page that needs no new entry in the index,
-- and the next to come clears it away.
alter table supervision.rollup set (fillfactor = 40);
