-- Revert pgsm:functions/tell_senders from pg

begin;

drop function pgsm_private.tell_senders;

commit;
