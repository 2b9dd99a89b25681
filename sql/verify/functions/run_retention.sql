-- Verify pgsm:functions/run_retention on pg

select 'pgsm.begin_retention'::regproc;
select 'pgsm.end_retention'::regproc;
select 'pgsm.run_retention'::regproc;
