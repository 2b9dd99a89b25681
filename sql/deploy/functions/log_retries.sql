-- Deploy pgsm:functions/log_retries to pg
-- requires: tables/event_log
-- requires: tables/instances
-- requires: functions/actor
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.log_retries (pairs jsonb, name text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now  timestamptz := pgsm_private.now();
begin
    -- what has no instance any more has no log either
    with stepped as (
        update pgsm_private.instances as i
        set revision = i.revision + 1, clock = greatest(v_now, i.clock)
        from (
            select p.pair ->> 0 as instance_id, jsonb_agg(p.pair ->> 1) as effects
            from jsonb_array_elements(log_retries.pairs) as p (pair)
            group by p.pair ->> 0
        ) as r
        where i.instance_id = r.instance_id
        returning i.*, r.effects
    )
    insert into pgsm_private.event_log (
        instance_id, revision, recorded_at, machine, version, origin, event, data,
        clock, actor, source_states, target_states, transitions, release
    )
    select
        s.instance_id, s.revision, clock_timestamp(), s.machine, s.version, 'repair',
        'pgsm.retry_effects',
        jsonb_build_object('name', log_retries.name, 'effects', s.effects),
        s.clock, pgsm_private.actor(), s.states, s.states, '[]', '0.1'
    from stepped as s;
end;
$$;

comment on function pgsm_private.log_retries (jsonb, text) is $comment$
    Record in the log of each instance of these effects, [[instance_id, effect_id], …],
    that they are tried again.  The instances are locked.
$comment$;

commit;
