-- Verify pgsm:functions/replay on pg

select 'pgsm.replay'::regproc;
