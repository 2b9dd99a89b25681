-- Revert pgsm:functions/message_source from pg

begin;

drop function pgsm_private.message_source;

commit;
