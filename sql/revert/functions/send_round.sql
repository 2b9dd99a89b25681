-- Revert pgsm:functions/send_round from pg

begin;

drop function pgsm_private.send_round;

commit;
