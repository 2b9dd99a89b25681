-- Deploy pgsm:functions/prune_event_ids to pg
-- requires: tables/instances
-- requires: functions/retention_cutoffs

begin;
set local role pgsm_owner;

create or replace function pgsm_private.prune_event_ids (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_gone   bigint;
begin
    v_until := pgsm_private.retention_cutoffs('event_ids');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    delete from pgsm_private.event_ids as e
    using (
        select o.instance_id, o.event_id
        from pgsm_private.event_ids as o
        where o.recorded_at < v_until.latest
            and (v_until.of_own = '{}' or o.recorded_at < coalesce(
                (
                    select (v_until.of_own ->> i.machine)::timestamptz
                    from pgsm_private.instances as i
                    where i.instance_id = o.instance_id
                ), v_until.of_all))
        limit prune_event_ids.batch
        for update of o skip locked
    ) as o
    where e.instance_id = o.instance_id and e.event_id = o.event_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_event_ids (integer) is
    'Forget ids of events that are older than their retention; how many.';

commit;
