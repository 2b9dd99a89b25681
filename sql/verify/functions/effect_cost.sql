-- Verify pgsm:functions/effect_cost on pg

select 'pgsm_private.effect_cost'::regproc;
