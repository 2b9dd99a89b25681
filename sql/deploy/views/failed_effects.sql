-- Deploy pgsm:views/failed_effects to pg
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace view pgsm.failed_effects with (security_barrier = true) as
select
    e.name,
    e.instance_id,
    e.effect_id,
    e.machine,
    e.version,
    e.tenant,
    e.kind,
    e.state,
    e.invoke_id,
    e.item,
    e.key,
    e.input,
    e.output,
    e.attempt as attempts,
    e.error ->> 'message' as message,
    e.error,
    e.finished_at as failed_at,
    -- as is_awaited has it, which readers of a view could not execute
    e.kind = 'action'
    or (
        coalesce(i.status in ('active', 'paused'), false)
        and (e.state = '' or e.state = any (i.states))
        and not exists (
            select
            from pgsm_private.effects as l
            where l.instance_id = e.instance_id
                and l.invoke_id = e.invoke_id
                and l.item is not distinct from e.item
                and l.created_at > e.created_at
        )
    ) as may_be_retried,
    (
        select count(*)
        from pgsm_private.effects as h
        where h.instance_id = e.instance_id and h.name = e.name and h.held_back
            and h.place is not null
            and h.status in ('pending', 'retrying', 'running', 'failed')
    ) as holds_back
from pgsm_private.effects as e
left join pgsm_private.instances as i on i.instance_id = e.instance_id
where e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true';

comment on view pgsm.failed_effects is $comment$
    The open incidents: effects that have failed for good, and no transition took
    that.  Their instances stay where they are.

        select name, message, count(*) from pgsm.failed_effects group by 1, 2;

    retry_effect and retry_effects do them again, cancel_effect closes them.
    error.type is refused where the work was done and the machine refused its
    event.  may_be_retried is false where the state was left since.  holds_back is
    how many later "ordered" ones wait for it.
$comment$;

commit;
