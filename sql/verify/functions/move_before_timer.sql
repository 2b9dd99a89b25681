-- Verify pgsm:functions/move_before_timer on pg

select 'pgsm_private.move_before_timer'::regproc;
