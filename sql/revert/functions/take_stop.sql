-- Revert pgsm:functions/take_stop from pg

begin;

drop function pgsm_private.take_stop;

commit;
