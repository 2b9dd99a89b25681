-- Verify pgsm:views/timer_drivers on pg

select 1 from pgsm.timer_drivers where false;
