-- Revert pgsm:functions/write_moved_instances from pg

begin;

drop function pgsm_private.write_moved_instances;

commit;
