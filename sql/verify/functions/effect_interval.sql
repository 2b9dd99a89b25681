-- Verify pgsm:functions/effect_interval on pg

select 'pgsm_private.effect_interval'::regproc;
