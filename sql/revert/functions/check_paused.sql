-- Revert pgsm:functions/check_paused from pg

begin;

drop function pgsm_private.check_paused;

commit;
