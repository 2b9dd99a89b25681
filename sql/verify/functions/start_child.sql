-- Verify pgsm:functions/start_child on pg

select 'pgsm_private.start_child'::regproc;
