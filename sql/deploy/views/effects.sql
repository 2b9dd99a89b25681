-- Deploy pgsm:views/effects to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace view pgsm.effects with (security_barrier = true) as
select
    e.instance_id,
    e.effect_id,
    e.machine,
    e.version,
    e.tenant,
    e.name,
    e.kind,
    e.state,
    e.invoke_id,
    e.reply,
    e.key,
    e.input,
    e.status,
    e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true' as is_open,
    e.attempt,
    coalesce((e.policy #>> '{retry,attempts}')::integer, 10) as attempts,
    e.priority,
    e.due_at,
    e.deadline_at,
    e.runner_id,
    e.lease_until,
    e.cancel_requested,
    e.progress,
    e.output,
    e.error,
    e.policy,
    e.created_at,
    e.finished_at,
    e.item,
    e.policy -> 'ordered' = 'true' as is_ordered,
    e.held_back as is_held_back,
    e.claimed_at,
    e.time_left,
    e.trace,
    e.parked
from pgsm_private.effects as e;

comment on view pgsm.effects is $comment$
    The outbox: an effect with its status (pending, running, retrying,
    succeeded, failed, cancelled, late), result or error.

        select * from pgsm.effects where is_open;

    is_open: it failed for good and no transition took that: someone must
    retry_effect or cancel_effect it.  late: its answer came after its state was
    left.  is_held_back: it is ordered, and an earlier one of its instance and name
    is not over.  time_left: of its deadline, which stands still while the name is
    paused.  trace: the traceparent of the transaction that wrote it (pgsm.traceparent).
    parked: claims pass it by while its version or its instance is paused.
$comment$;

commit;
