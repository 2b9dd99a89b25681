-- Verify pgsm:functions/end_effect_later on pg

select 'pgsm_private.end_effect_later'::regproc;
