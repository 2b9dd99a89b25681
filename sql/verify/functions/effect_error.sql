-- Verify pgsm:functions/effect_error on pg

select 'pgsm_private.effect_error'::regproc;
