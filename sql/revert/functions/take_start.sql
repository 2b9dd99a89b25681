-- Revert pgsm:functions/take_start from pg

begin;

drop function pgsm_private.take_start;

commit;
