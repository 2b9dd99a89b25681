-- Deploy pgsm:functions/end_state_work to pg
-- requires: tables/timers
-- requires: tables/effects

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

    update pgsm_private.effects as e
    set status = 'cancelled', finished_at = end_state_work.clock
    where e.instance_id = end_state_work.instance_id
        and e.kind = 'invoke'
        and e.state = any (end_state_work.states)
        and e.status in ('pending', 'retrying');

    -- a running one is asked to stop through its runner's heartbeat
    update pgsm_private.effects as e
    set cancel_requested = true
    where e.instance_id = end_state_work.instance_id
        and e.kind = 'invoke'
        and e.state = any (end_state_work.states)
        and e.status = 'running';
end;
$$;

comment on function pgsm_private.end_state_work (text, text[], timestamptz) is
    'End the timers and invocations of states that were left.  The instance is locked.';

commit;
