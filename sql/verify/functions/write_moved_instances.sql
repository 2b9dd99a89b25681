-- Verify pgsm:functions/write_moved_instances on pg

select 'pgsm_private.write_moved_instances'::regproc;
