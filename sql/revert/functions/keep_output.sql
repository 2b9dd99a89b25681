-- Revert pgsm:functions/keep_output from pg

begin;

drop function pgsm_private.keep_output;

commit;
