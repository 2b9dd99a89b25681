-- Verify pgsm:functions/repair_timer on pg

select 'pgsm_private.repair_timer'::regproc;
