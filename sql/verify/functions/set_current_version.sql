-- Verify pgsm:functions/set_current_version on pg

select 'pgsm.set_current_version'::regproc;
