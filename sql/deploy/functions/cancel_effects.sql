-- Deploy pgsm:functions/cancel_effects to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.cancel_effects (instance_id text, clock timestamptz)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- Without its lease a running one is told to stop (its heartbeat says lost), and
    -- what it brings is not taken.
    update pgsm_private.effects as e
    set status = 'cancelled',
        cancel_requested = (e.status = 'running'),
        lease_token = null,
        lease_until = null,
        runner_id = null,
        held_back = false,
        place = null,
        time_left = null,
        finished_at = coalesce(e.finished_at, cancel_effects.clock)
    where e.instance_id = cancel_effects.instance_id
        and (
            e.status in ('pending', 'retrying', 'running', 'late')
            or (e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true')
        );
end;
$$;

comment on function pgsm_private.cancel_effects (text, timestamptz) is
    'Cancel every effect of an instance that is not over; results of those that run are dropped.';

commit;
