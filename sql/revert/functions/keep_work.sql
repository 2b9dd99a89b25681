-- Revert pgsm:functions/keep_work from pg

begin;

drop function pgsm_private.keep_work;

commit;
