-- Deploy pgsm:functions/prune_effects to pg
-- requires: tables/effects
-- requires: tables/instances
-- requires: tables/upgrades
-- requires: functions/retention_cutoffs

begin;
set local role pgsm_owner;

create or replace function pgsm_private.prune_effects (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_gone   bigint;
begin
    v_until := pgsm_private.retention_cutoffs('effects');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    delete from pgsm_private.effects as e
    using (
        select o.instance_id, o.effect_id
        from pgsm_private.effects as o
        where (o.status in ('succeeded', 'cancelled')
                or (o.status = 'failed' and o.error ->> 'handled' = 'true' and o.place is null))
            and o.finished_at < v_until.latest
            and o.finished_at < coalesce(
                (v_until.of_own ->> o.machine)::timestamptz, v_until.of_all)
            -- an upgrade starts an invocation of an active state that has none
            and not exists (
                select from pgsm_private.instances as i
                where i.instance_id = o.instance_id
                    and i.status in ('active', 'paused')
                    and o.kind = 'invoke' and o.status <> 'cancelled'
                    and o.state = any (i.states || array[''])
            )
            -- undo brings back what the upgrade cancelled, and asks what it started
            and not exists (
                select from pgsm_private.upgrade_preimages as p
                join pgsm_private.instances as i on i.instance_id = p.instance_id
                where p.instance_id = o.instance_id
                    and p.revision = i.revision
                    and o.finished_at >= p.taken_at
            )
        limit prune_effects.batch
        for update of o skip locked
    ) as o
    where e.instance_id = o.instance_id and e.effect_id = o.effect_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_effects (integer) is $comment$
    Remove effects that are over and older than their retention; how many.  Not those
    that an instance that is not over needs, for an undo or to know what has been done
    in its states; not what is open: failed, late.
$comment$;

commit;
