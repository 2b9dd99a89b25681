-- Deploy pgsm:functions/prune_preimages to pg
-- requires: tables/upgrades
-- requires: tables/instances
-- requires: functions/retention_cutoffs

begin;
set local role pgsm_owner;

create or replace function pgsm_private.prune_preimages (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_gone   bigint;
begin
    v_until := pgsm_private.retention_cutoffs('preimages');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    delete from pgsm_private.upgrade_preimages as p
    using (
        select o.instance_id, o.revision
        from pgsm_private.upgrade_preimages as o
        left join pgsm_private.instances as i on i.instance_id = o.instance_id
        where o.taken_at < v_until.latest
            and o.taken_at < coalesce((v_until.of_own ->> i.machine)::timestamptz, v_until.of_all)
            -- at its own revision it can be undone
            and o.revision is distinct from i.revision
        limit prune_preimages.batch
        for update of o skip locked
    ) as o
    where p.instance_id = o.instance_id and p.revision = o.revision;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_preimages (integer) is
    'Remove pre-images of upgrades that cannot be undone any more, older than their retention; how many.';

commit;
