-- Deploy pgsm:functions/simulate_event to pg
-- requires: functions/simulate_step
-- requires: functions/find_instance
-- requires: functions/lock_instance
-- requires: functions/take_upgrade
-- requires: functions/actor

begin;
set local role pgsm_owner;

create or replace function pgsm.simulate_event (
    instance_id  text,
    event        text,
    data         jsonb default '{}',
    version      integer default null
)
  returns pgsm.simulation
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance    pgsm_private.instances;
    v_simulation  pgsm.simulation;
begin
    v_instance := pgsm_private.find_instance(simulate_event.instance_id);
    begin
        if v_instance.status = 'active' and simulate_event.version <> v_instance.version then
            perform pgsm_private.take_upgrade(
                pgsm_private.lock_instance(v_instance.instance_id),
                simulate_event.version, pgsm_private.actor()
            );
            v_instance := pgsm_private.find_instance(simulate_event.instance_id);
        end if;
        v_simulation := pgsm_private.simulate_step(
            v_instance, simulate_event.event, simulate_event.data, pgsm_private.actor()
        );
        raise exception 'to undo the upgrade and what calls have done'
            using errcode = 'SM900';
    exception
        when sqlstate 'SM900' then
            return v_simulation;  -- a variable outlives the rollback
    end;
end;
$$;

comment on function pgsm.simulate_event (text, text, jsonb, integer) is $comment$
    What an event would do now, without doing it.

        select * from pgsm.simulate_event('order-42', 'accept', '{"eta": 20}');

    Calls and guards in SQL are run and rolled back; what they do outside of the
    database's transactions is done.  Locks nothing but what calls lock; with a
    version the instance is first upgraded to it, locked meanwhile, and rolled back.

    Returns the snapshot as it would be, with outcome and details as send_event
    gives them, and changes, timers (with due_at), effects, messages, children (not
    their first steps) and emitted.  Raises what send_event would raise, but for
    SM101: the outcome says it; and SM402 where the upgrade is refused.
$comment$;

commit;
