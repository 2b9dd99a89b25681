-- Deploy pgsm:functions/keep_work to pg
-- requires: tables/timers
-- requires: tables/effects
-- requires: functions/due_at
-- requires: functions/release_next_effect

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_work (
    instance_id  text,
    version      integer,
    kept         jsonb,
    clock        timestamptz,
    zone         text
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_kept     jsonb := keep_work.kept;
    v_ordered  text[];
begin
    if v_kept #> '{timers,drop}' <> '[]' then
        delete from pgsm_private.timers as t
        where t.instance_id = keep_work.instance_id
            and v_kept #> '{timers,drop}' ? t.timer_id;
    end if;

    update pgsm_private.timers as t
    set state = r.state, delay = r.delay, event = r.event,
        due_at = case when r.due is null then t.due_at
            else pgsm_private.due_at(t.armed_at, r.due, keep_work.zone) end
    from jsonb_to_recordset(v_kept #> '{timers,keep}')
        as r (timer_id text, state text, delay text, event text, due jsonb)
    where t.instance_id = keep_work.instance_id and t.timer_id = r.timer_id
        and (r.due is not null
            or (t.state, t.delay, t.event) is distinct from (r.state, r.delay, r.event));

    -- held since the version that it leaves is paused
    update pgsm_private.timers as t
    set status = 'armed'
    where t.instance_id = keep_work.instance_id and t.status = 'held'
        and exists (
            select
            from pgsm_private.instances as i
            where i.instance_id = keep_work.instance_id and i.status = 'active'
        );

    if v_kept -> 'effects' = '{"keep": [], "cancel": []}' then
        return;
    end if;
    update pgsm_private.effects as e
    set state = r.state, invoke_id = r.invoke_id, version = keep_work.version
    from jsonb_to_recordset(v_kept #> '{effects,keep}')
        as r (effect_id text, state text, invoke_id text)
    where e.instance_id = keep_work.instance_id and e.effect_id = r.effect_id;

    with ended as (
        update pgsm_private.effects as e
        set status = case when e.status = 'running' then 'running' else 'cancelled' end,
            finished_at = case when e.status <> 'running' then keep_work.clock end,
            held_back = false,
            cancel_requested = (e.status = 'running')
        where e.instance_id = keep_work.instance_id
            and v_kept #> '{effects,cancel}' ? e.effect_id
            and e.status in ('pending', 'retrying', 'running')
        returning e.name, e.place, e.status
    )
    select array_agg(distinct e.name)
    into v_ordered
    from ended as e
    where e.place is not null and e.status <> 'running';

    if v_ordered is not null then
        perform pgsm_private.release_next_effect(keep_work.instance_id, n.name)
        from unnest(v_ordered) as n (name);
    end if;
end;
$$;

comment on function pgsm_private.keep_work (text, integer, jsonb, timestamptz, text) is
    'Take an instance''s timers and invocations along to its new version, or end them.  The instance is locked.';

commit;
