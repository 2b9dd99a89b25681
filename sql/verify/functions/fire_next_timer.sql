-- Verify pgsm:functions/fire_next_timer on pg

select 'pgsm_private.fire_next_timer'::regproc;
