-- Verify pgsm:functions/prune_effects on pg

select 'pgsm_private.prune_effects'::regproc;
