-- Revert pgsm:functions/notify_runners from pg

begin;

drop function pgsm_private.notify_runners;

commit;
