-- Verify pgsm:functions/deliver_effect_event on pg

select 'pgsm_private.deliver_effect_event'::regproc;
