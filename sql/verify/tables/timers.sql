-- Verify pgsm:tables/timers on pg

select 1 from pgsm_private.timers where false;
