-- Revert pgsm:functions/end_effect_later from pg

begin;

drop function pgsm_private.end_effect_later;

commit;
