-- Verify pgsm:tables/timer_drivers on pg

select 1 from pgsm_private.timer_drivers where false;
