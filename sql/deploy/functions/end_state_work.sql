-- Deploy pgsm:functions/end_state_work to pg
-- requires: functions/cancel_invocations
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.end_state_work (
    instance_id  text,
    states       text[],
    clock        timestamptz
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.timers as t
    where t.instance_id = end_state_work.instance_id
        and t.kind = 'after'
        and t.state = any (end_state_work.states);

    perform pgsm_private.cancel_invocations(
        end_state_work.instance_id, end_state_work.states, null, end_state_work.clock
    );
end;
$$;

comment on function pgsm_private.end_state_work (text, text[], timestamptz) is
    'End the timers and invocations of states that were left.  The instance is locked.';

commit;
