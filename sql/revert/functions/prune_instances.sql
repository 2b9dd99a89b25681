-- Revert pgsm:functions/prune_instances from pg

begin;

drop function pgsm_private.prune_archive;
drop function pgsm_private.prune_tombstones;
drop function pgsm_private.prune_instances;
drop function pgsm_private.archive_instances;
drop function pgsm_private.remove_instances;

commit;
