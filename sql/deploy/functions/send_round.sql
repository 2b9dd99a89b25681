-- Deploy pgsm:functions/send_round to pg
-- requires: functions/step_round
-- requires: functions/write_round
-- requires: functions/describe_instance
-- requires: functions/refuse_unhandled
-- requires: functions/keep_answers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.send_round (
    round         jsonb,
    on_unhandled  text,
    actor         jsonb
)
  returns pgsm.snapshot[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_steps    pgsm_private.batch_step[];
    v_step     pgsm_private.batch_step;
    v_answer   pgsm.snapshot;
    v_answers  pgsm.snapshot[];
begin
    v_steps := pgsm_private.step_round(send_round.round, send_round.actor);
    v_steps := pgsm_private.write_round(
        array(
            select s
            from unnest(v_steps) as s
            where s.result ? 'transitions'
                and not s.result ?| array['deferred', 'children']
        ),
        send_round.actor
    ) || array(select s from unnest(v_steps) as s where s.result ? 'outcome');

    v_answers := array_fill(v_answer, array[jsonb_array_length(send_round.round)]);
    foreach v_step in array v_steps loop
        v_answer := pgsm_private.describe_instance(
            v_step.instance, coalesce(v_step.result ->> 'outcome', 'taken'),
            coalesce(v_step.result -> 'details', '{}')
        );
        if v_step.result ? 'outcome' then
            perform pgsm_private.refuse_unhandled(
                v_answer, v_step.event ->> 'event', send_round.on_unhandled
            );
        end if;
        v_answers[v_step.place] := v_answer;
    end loop;
    perform pgsm_private.keep_answers(v_steps, v_answers);
    return v_answers;
end;
$$;

comment on function pgsm_private.send_round (jsonb, text, jsonb) is $comment$
    Send events to different instances, which are locked, by few statements for all.
    Returns the answers in order; null for an event that send_event has to send:
    its step asks something, starts a child, is deferred or refused.
$comment$;

commit;
