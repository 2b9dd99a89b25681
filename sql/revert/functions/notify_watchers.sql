-- Revert pgsm:functions/notify_watchers from pg

begin;

drop function pgsm_private.notify_watchers;

commit;
