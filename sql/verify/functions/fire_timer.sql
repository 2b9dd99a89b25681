-- Verify pgsm:functions/fire_timer on pg

select 'pgsm_private.fire_timer'::regproc;
