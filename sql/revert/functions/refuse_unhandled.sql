-- Revert pgsm:functions/refuse_unhandled from pg

begin;

drop function pgsm_private.refuse_unhandled;

commit;
