-- Verify pgsm:functions/move_timer on pg

select 'pgsm.move_timer'::regproc;
