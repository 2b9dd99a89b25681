-- Verify pgsm:views/late_timers on pg

select 1 from pgsm.late_timers where false;
