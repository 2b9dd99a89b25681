-- Revert pgsm:functions/write_round from pg

begin;

drop function pgsm_private.write_round;

commit;
