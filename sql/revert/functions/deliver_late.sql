-- Revert pgsm:functions/deliver_late from pg

begin;

drop function pgsm_private.deliver_late;

commit;
