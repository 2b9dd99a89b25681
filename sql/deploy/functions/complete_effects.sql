-- Deploy pgsm:functions/complete_effects to pg
-- requires: functions/complete_effect
-- requires: functions/statement_ends_at
--
-- Lock order: each instance, then its effect, in ascending instance_id.

begin;
set local role pgsm_owner;

create or replace function pgsm.complete_effects (completions jsonb)
  returns table (
    instance_id  text,
    effect_id    text,
    lease_token  text,
    outcome      text,
    error        jsonb
  )
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_completion  jsonb;
    v_until       timestamptz := pgsm_private.statement_ends_at();
    v_traced      boolean := false;
begin
    if jsonb_typeof(complete_effects.completions) is distinct from 'array'
        -- each delivered event is a subtransaction
        or jsonb_array_length(complete_effects.completions) > 50
    then
        raise exception 'completions must be an array of at most 50'
            using errcode = 'SM304',
                hint = 'Complete the effects in several calls.';
    end if;

    -- an array: user SQL could fetch from the cursor of a loop over a query
    foreach v_completion in array array(
        select c
        from jsonb_array_elements(complete_effects.completions) as c
        order by (c ->> 'instance_id') collate "C", c ->> 'effect_id'
    )
    loop
        instance_id := v_completion ->> 'instance_id';
        effect_id := v_completion ->> 'effect_id';
        lease_token := v_completion ->> 'lease_token';
        if v_traced or v_completion ? 'trace' then
            -- for the effects of the step that follows
            perform set_config(
                'pgsm.traceparent', coalesce(v_completion ->> 'trace', ''), true
            );
            v_traced := true;
        end if;
        error := null;
        -- the timeout has been used up by one before: it would not come again
        if clock_timestamp() > v_until then
            outcome := 'busy';
            return next;
            continue;
        end if;
        outcome := pgsm_private.complete_effect(
            v_completion ->> 'instance_id', v_completion ->> 'effect_id',
            v_completion ->> 'lease_token', coalesce(v_completion -> 'output', 'null')
        );
        if outcome = 'refused' then
            select e.error
            into error
            from pgsm_private.effects as e
            where e.instance_id = v_completion ->> 'instance_id'
                and e.effect_id = v_completion ->> 'effect_id';
        end if;
        return next;
    end loop;
end;
$$;

comment on function pgsm.complete_effects (jsonb) is $comment$
    Record that effects are done and deliver their events, in one transaction.

        select * from pgsm.complete_effects('[{
            "instance_id": "order-42", "effect_id": "3/0",
            "lease_token": "0b8e…", "output": {"accepted": true}}]');

    At most 50.  A "trace" (a traceparent) goes on to the effects of its step.  Returns a row for each with its outcome:
        succeeded   recorded; an invoke's done.invoke.<id> or an action's reply
                    was delivered, or waits while the instance is paused
        late        its state was left before: the result is kept, no event
        refused     the machine refused the event (error says why): the effect
                    is failed, keeps its result, and retry_effect delivers it again
        busy        another transaction holds the instance, or the statement's time is
                    over: keep the lease, call again
        lease_lost  the token is not the effect's: the result was not recorded

    One effect's refusal does not touch the others.  Where a step takes longer than
    statement_timeout, its event waits as a timer does and is tried again, visible in
    pgsm.late_timers.  Raises SM304 for anything but an array of at most 50.
$comment$;

commit;
