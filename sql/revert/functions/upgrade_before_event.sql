-- Revert pgsm:functions/upgrade_before_event from pg

begin;

drop function pgsm_private.upgrade_before_event;

commit;
