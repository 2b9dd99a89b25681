-- Verify pgsm:functions/effect_heads on pg

select 'pgsm_private.effect_heads'::regproc;
