-- Revert pgsm:functions/cancel_sent from pg

begin;

drop function pgsm_private.cancel_sent;

commit;
