-- Revert pgsm:functions/cancel_effect from pg

begin;

drop function pgsm.cancel_effect;

commit;
