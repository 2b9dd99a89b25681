-- Revert pgsm:functions/start_or_send from pg

begin;

drop function pgsm.start_or_send;

commit;
