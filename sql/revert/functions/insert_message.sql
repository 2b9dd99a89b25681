-- Revert pgsm:functions/insert_message from pg

begin;

drop function pgsm_private.insert_message;

commit;
