-- Deploy pgsm:functions/enabled_events to pg
-- requires: functions/find_instance
-- requires: functions/evaluate
-- requires: functions/actor
-- requires: functions/time_text

begin;
set local role pgsm_owner;

create or replace function pgsm.enabled_events (instance_id text)
  returns table (event text, state text, enabled text)
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_result    jsonb;
begin
    v_instance := pgsm_private.find_instance(enabled_events.instance_id);
    if v_instance.status in ('done', 'stopped', 'failed') then
        return;
    end if;
    v_result := pgsm_private.evaluate('enabled', array[
        v_instance.checksum,
        null,
        array_to_string(v_instance.states, E'\n'),
        v_instance.context::text,
        v_instance.history::text,
        v_instance.instance_id,
        v_instance.machine,
        v_instance.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(pgsm_private.now()),
        pgsm_private.actor()::text
    ], v_instance.machine, v_instance.version);
    return query
    select r.event, r.state,
        case r.enabled when 'true' then 'yes' when 'false' then 'no' else r.enabled end
    from jsonb_to_recordset(v_result -> 'events') as r (event text, state text, enabled text);
end;
$$;

comment on function pgsm.enabled_events (text) is $comment$
    The events that an instance's active states name, innermost first.

        select * from pgsm.enabled_events('order-42');

    Returns a row for each event and state.  enabled is yes, no (its guards say no
    now) or depends: on the event's data, or on SQL, which is not asked here.
    Raises SM100.
$comment$;

commit;
