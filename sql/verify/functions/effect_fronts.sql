-- Verify pgsm:functions/effect_fronts on pg

select 'pgsm_private.effect_fronts'::regproc;
