-- Revert pgsm:functions/map_contexts from pg

begin;

drop function pgsm_private.map_contexts;

commit;
