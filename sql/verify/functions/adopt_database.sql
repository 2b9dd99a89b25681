-- Verify pgsm:functions/adopt_database on pg

select 'pgsm.adopt_database'::regproc;
