-- Verify pgsm:functions/write_commands on pg

select 'pgsm_private.write_commands'::regproc;
