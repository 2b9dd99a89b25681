-- Verify pgsm:functions/prune_instances on pg

select 'pgsm_private.remove_instances'::regproc;
select 'pgsm_private.archive_instances'::regproc;
select 'pgsm_private.prune_instances'::regproc;
select 'pgsm_private.prune_tombstones'::regproc;
select 'pgsm_private.prune_archive'::regproc;
