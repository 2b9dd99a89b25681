-- Revert pgsm:functions/is_fatal from pg

begin;

drop function pgsm_private.is_fatal;

commit;
