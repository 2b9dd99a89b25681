-- Verify pgsm:functions/move_instance on pg

select 'pgsm_private.move_instance'::regproc;
