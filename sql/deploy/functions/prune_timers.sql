-- Deploy pgsm:functions/prune_timers to pg
-- requires: tables/timers
-- requires: tables/instances
-- requires: functions/retention_cutoffs

begin;
set local role pgsm_owner;

create or replace function pgsm_private.prune_timers (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_gone   bigint;
begin
    v_until := pgsm_private.retention_cutoffs('timers');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    delete from pgsm_private.timers as t
    using (
        select o.instance_id, o.timer_id
        from pgsm_private.timers as o
        left join pgsm_private.instances as i on i.instance_id = o.instance_id
        where o.status in ('failed', 'undeliverable')
            and o.due_at < v_until.latest
            and o.due_at < coalesce((v_until.of_own ->> i.machine)::timestamptz, v_until.of_all)
            and coalesce(i.status, 'deleted') not in ('active', 'paused')
        limit prune_timers.batch
        for update of o skip locked
    ) as o
    where t.instance_id = o.instance_id and t.timer_id = o.timer_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_timers (integer) is $comment$
    Remove failed and undeliverable timers of instances that have ended or are gone,
    older than their retention; how many.
$comment$;

commit;
