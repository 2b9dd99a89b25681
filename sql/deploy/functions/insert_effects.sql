-- Deploy pgsm:functions/insert_effects to pg
-- requires: functions/due_at
-- requires: tables/effects
-- requires: tables/settings
-- requires: functions/notify_runners
-- requires: functions/hold_back_effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.insert_effects (
    instance  pgsm_private.instances,
    result    jsonb
)
  returns void
  language plpgsql
as $$
declare
    v_instance  pgsm_private.instances := insert_effects.instance;
    v_epoch     integer;
begin
    select s.epoch into v_epoch from pgsm_private.settings as s;

    insert into pgsm_private.effects (
        instance_id, effect_id, machine, version, tenant, name, kind, state,
        invoke_id, item, reply, key, input, policy, priority, place, due_at, deadline_at, created_at,
        trace
    )
    select
        v_instance.instance_id,
        v_instance.revision || '/' || r.ordinal,
        v_instance.machine,
        v_instance.version,
        v_instance.tenant,
        r.effect ->> 'name',
        r.effect ->> 'kind',
        r.effect ->> 'state',
        r.effect ->> 'invoke_id',
        (r.effect ->> 'item')::integer,
        r.effect ->> 'reply',
        coalesce(r.effect ->> 'key', concat_ws('/', v_instance.instance_id,
            v_instance.incarnation, v_epoch, v_instance.revision, r.ordinal)),
        coalesce(r.effect -> 'input', '{}'),
        r.effect -> 'policy',
        coalesce((r.effect #>> '{policy,priority}')::integer, 0),
        case when r.effect #> '{policy,ordered}' = 'true' then
            array[v_instance.revision, r.ordinal]
        end,
        v_instance.clock,
        case when r.effect -> 'policy' ? 'within' then
            pgsm_private.due_at(v_instance.clock,
                jsonb_build_object('in', r.effect #>> '{policy,within}'), null)
        end,
        v_instance.clock,
        substring(
            current_setting('pgsm.traceparent', true)
            from '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
        )
    from jsonb_array_elements(insert_effects.result -> 'effects')
        with ordinality as r (effect, ordinal);
    if insert_effects.result @> '{"effects": [{"policy": {"ordered": true}}]}' then
        perform pgsm_private.hold_back_effects(v_instance.instance_id, v_instance.revision);
    end if;

    perform pgsm_private.notify_runners();
end;
$$;

comment on function pgsm_private.insert_effects (pgsm_private.instances, jsonb) is
    'Write the effects of a step with their idempotency keys and the trace of pgsm.traceparent, and wake the runners that wait.';

commit;
