-- Deploy pgsm:functions/cancel_invocations to pg
-- requires: functions/effect_error
-- requires: functions/release_next_effect
-- requires: functions/effect_event
-- requires: tables/effects
-- requires: tables/instances
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.cancel_invocations (
    instance_id  text,
    states       text[],
    invoke_ids   jsonb,
    clock        timestamptz
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_ordered  text[];
begin
    with ended as (
        -- a running one is asked to stop through its runner's heartbeat
        update pgsm_private.effects as e
        set status = case
                when e.status in ('running', 'failed') then e.status else 'cancelled'
            end,
            finished_at = case
                when e.status in ('pending', 'retrying') then cancel_invocations.clock
                else e.finished_at
            end,
            cancel_requested = (e.status = 'running'),
            held_back = false,
            -- a failure that cannot be retried any more holds nobody back
            place = case when e.status <> 'failed' then e.place end
        where e.instance_id = cancel_invocations.instance_id
            and e.kind = 'invoke'
            and (e.state = any (cancel_invocations.states)
                or cancel_invocations.invoke_ids ? e.invoke_id)
            and (
                e.status in ('pending', 'retrying', 'running')
                or (e.status = 'failed' and e.place is not null)
            )
        returning e.*
    ),
    told as (
        insert into pgsm_private.timers (
            instance_id, timer_id, kind, event, data, due_at, armed_at
        )
        select
            e.instance_id, 'late/' || e.effect_id, 'message', 'late.' || e.invoke_id,
            pgsm_private.effect_event(e, '', jsonb_build_object('error',
                pgsm_private.effect_error(jsonb_build_object(
                    'type', 'cancelled',
                    'message', 'cancelled before it was done',
                    'data', e.error
                ), true, e.attempt))) - 'type',
            cancel_invocations.clock, cancel_invocations.clock
        from ended as e
        where e.status = 'cancelled'
            and e.policy ->> 'late' = 'deliver'
            and (
                select i.status from pgsm_private.instances as i
                where i.instance_id = e.instance_id
            ) in ('active', 'paused')
    )
    select array_agg(distinct e.name)
    into v_ordered
    from ended as e
    where e.policy -> 'ordered' = 'true' and e.status <> 'running';

    if v_ordered is not null then
        perform pgsm_private.release_next_effect(cancel_invocations.instance_id, n.name)
        from unnest(v_ordered) as n (name);
    end if;
end;
$$;

comment on function pgsm_private.cancel_invocations (text, text[], jsonb, timestamptz) is $comment$
    Cancel what still runs of the invocations of states that were left, and of
    those with these ids.  The instance is locked.

    With "late": "deliver" each invocation gets one late.<id>: what never runs
    gets it here, with the error type cancelled.
$comment$;

commit;
