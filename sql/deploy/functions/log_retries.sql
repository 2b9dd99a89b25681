-- Deploy pgsm:functions/log_retries to pg
-- requires: tables/event_log
-- requires: tables/instances
-- requires: functions/actor
-- requires: functions/now
--
-- Lock order: the instances in ascending instance_id, skipping locked ones.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.log_retries (pairs jsonb, name text)
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_gone  jsonb;
    v_kept  jsonb;
begin
    -- what has no instance any more has no log either
    select coalesce(jsonb_agg(p.pair), '[]')
    into v_gone
    from jsonb_array_elements(log_retries.pairs) as p (pair)
    where not exists (
        select from pgsm_private.instances as i where i.instance_id = p.pair ->> 0
    );
    with wanted as materialized (
        select p.pair ->> 0 as instance_id, jsonb_agg(p.pair ->> 1) as effects
        from jsonb_array_elements(log_retries.pairs) as p (pair)
        group by p.pair ->> 0
    ),
    locked as materialized (
        select i.instance_id, w.effects
        from wanted as w
        join pgsm_private.instances as i on i.instance_id = w.instance_id
        order by i.instance_id collate "C"
        for no key update of i skip locked
    ),
    stepped as (
        update pgsm_private.instances as i
        set revision = i.revision + 1, clock = greatest(pgsm_private.now(), i.clock)
        from locked as l
        where i.instance_id = l.instance_id
        returning i.*, l.effects
    ),
    logged as (
        insert into pgsm_private.event_log (
            instance_id, revision, recorded_at, machine, version, origin, event, data,
            clock, actor, source_states, target_states, transitions, release
        )
        select
            s.instance_id, s.revision, clock_timestamp(), s.machine, s.version, 'repair',
            'pgsm.retry_effects',
            jsonb_build_object('name', log_retries.name, 'effects', s.effects),
            s.clock, pgsm_private.actor(), s.states, s.states, '[]', '0.1'
        from stepped as s
        returning instance_id
    )
    select coalesce(jsonb_agg(p.pair), '[]')
    into v_kept
    from jsonb_array_elements(log_retries.pairs) as p (pair)
    join logged as l on l.instance_id = p.pair ->> 0;
    return v_gone || v_kept;
end;
$$;

comment on function pgsm_private.log_retries (jsonb, text) is $comment$
    Lock the instances of effects, [[instance_id, effect_id], …], and record in the
    log of each that these are tried again.  Returns the pairs without those of
    instances that others have locked.
$comment$;

commit;
