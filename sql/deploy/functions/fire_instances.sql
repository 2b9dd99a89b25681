-- Deploy pgsm:functions/fire_instances to pg
-- requires: types/timer_turn
-- requires: functions/fire_instance_timers
-- requires: functions/postpone_timers
-- requires: functions/time_text

begin;
set local role pgsm_owner;

create or replace function pgsm_private.fire_instances (instance_ids text[], most integer)
  returns pgsm.timer_turn
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_turn  pgsm.timer_turn;
    v_id    text;
    v_one   record;
    v_left  integer := fire_instances.most;
    -- real time, since it is for the sake of timeouts
    v_end   timestamptz := clock_timestamp() + interval '1 second';
begin
    v_turn.fired := 0;
    v_turn.failed := 0;
    v_turn.noted := 0;
    v_turn.stopped := false;
    foreach v_id in array fire_instances.instance_ids loop
        exit when v_left <= 0 or clock_timestamp() > v_end;
        begin
            v_one := pgsm_private.fire_instance_timers(v_id, v_left);
            v_turn.fired := v_turn.fired + v_one.fired;
            v_turn.failed := v_turn.failed + v_one.failed;
            v_left := v_left - v_one.fired - v_one.failed;
        exception
            -- what would end the transaction: the turn ends, without this instance's
            -- part, and the next one begins with the others
            when transaction_rollback or insufficient_resources
                or object_not_in_prerequisite_state or system_error or internal_error
            then
                perform pgsm_private.postpone_timers(v_id, jsonb_build_object(
                    'code', sqlstate, 'message', sqlerrm,
                    'at', pgsm_private.time_text(pgsm_private.now())
                ));
                v_turn.failed := v_turn.failed + 1;
                v_left := 0;
        end;
    end loop;
    return v_turn;
end;
$$;

comment on function pgsm_private.fire_instances (text[], integer) is $comment$
    Fire the due timers of instances, at most so many, for about a second.

    Lock order: an instance (skip locked), its timers; then the next one.
$comment$;

commit;
