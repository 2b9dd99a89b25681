-- Verify pgsm:functions/effect_room on pg

select 'pgsm_private.effect_room'::regproc;
