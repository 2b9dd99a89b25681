-- Verify pgsm:functions/prune on pg

select 'pgsm.prune'::regproc;
