-- Revert pgsm:functions/deliver_output from pg

begin;

drop function pgsm_private.deliver_output;

commit;
