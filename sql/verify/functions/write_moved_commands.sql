-- Verify pgsm:functions/write_moved_commands on pg

select 'pgsm_private.write_moved_commands'::regproc;
