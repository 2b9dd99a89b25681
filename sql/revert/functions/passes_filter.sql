-- Revert pgsm:functions/passes_filter from pg

begin;

drop function pgsm_private.passes_filter;

commit;
