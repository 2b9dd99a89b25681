-- Verify pgsm:functions/limit_effects on pg

select 'pgsm.limit_effects'::regproc;
