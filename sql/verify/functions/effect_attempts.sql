-- Verify pgsm:functions/effect_attempts on pg

select 'pgsm_private.effect_attempts'::regproc;
