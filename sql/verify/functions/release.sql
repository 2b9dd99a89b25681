-- Verify pgsm:functions/release on pg

select 'pgsm.release'::regproc;
