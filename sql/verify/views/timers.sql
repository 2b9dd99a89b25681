-- Verify pgsm:views/timers on pg

select 1 from pgsm.timers where false;
