-- Verify pgsm:functions/effect_event on pg

select 'pgsm_private.effect_event'::regproc;
