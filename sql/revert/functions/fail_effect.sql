-- Revert pgsm:functions/fail_effect from pg

begin;

drop function pgsm.fail_effect;

commit;
