-- Deploy pgsm:functions/retry_effects to pg
-- requires: functions/lock_failures
-- requires: functions/log_retries
-- requires: functions/effect_interval
-- requires: functions/notify_runners
-- requires: functions/now
--
-- Lock order: the instances in ascending instance_id, then the effects.  Waits for
-- no instance: what others have locked is left to the next call.

begin;
set local role pgsm_owner;

create or replace function pgsm.retry_effects (
    name        text,
    machine     text default null,
    older_than  interval default null,
    spread      interval default '10 minutes',
    max         integer default 10000
)
  returns integer
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now    timestamptz := pgsm_private.now();
    v_found  jsonb;
    v_count  integer;
begin
    select coalesce(jsonb_agg(jsonb_build_array(f.instance_id, f.effect_id)), '[]')
    into v_found
    from (
        select e.instance_id, e.effect_id
        from pgsm_private.effects as e
        left join pgsm_private.instances as i on i.instance_id = e.instance_id
        where e.name = retry_effects.name
            and e.status = 'failed'
            and coalesce(e.error ->> 'handled', '') <> 'true'
            and e.error ->> 'type' is distinct from 'refused'
            and (retry_effects.machine is null or e.machine = retry_effects.machine)
            and (
                retry_effects.older_than is null
                or e.finished_at <= v_now - retry_effects.older_than
            )
            and pgsm_private.is_awaited(e, i)
        order by e.finished_at
        limit greatest(retry_effects.max, 0)
    ) as f;

    v_found := pgsm_private.lock_failures(v_found);
    perform pgsm_private.log_retries(v_found, retry_effects.name);
    update pgsm_private.effects as e
    set status = 'pending',
        attempt = 0,
        due_at = d.due_at,
        deadline_at = d.due_at + pgsm_private.effect_interval(e.policy -> 'within', null),
        time_left = null,
        finished_at = null
    from (
        select
            f.pair ->> 0 as instance_id,
            f.pair ->> 1 as effect_id,
            v_now + coalesce(retry_effects.spread, '0') * (f.number - 1)
                / jsonb_array_length(v_found) as due_at
        from jsonb_array_elements(v_found) with ordinality as f (pair, number)
    ) as d
    where e.instance_id = d.instance_id and e.effect_id = d.effect_id;
    get diagnostics v_count = row_count;
    if v_count > 0 then
        perform pgsm_private.notify_runners();
    end if;
    return v_count;
end;
$$;

comment on function pgsm.retry_effects (text, text, interval, interval, integer) is $comment$
    Do the failed, open effects of a name again, in place, with all their attempts:
    after an outage.

        select pgsm.retry_effects('email.send', machine => 'order',
                                  older_than => '1 hour', spread => '10 minutes');

    At most max, the oldest first; their due times are spread evenly, so that what
    has come back is not run over.  Recorded in the log of each instance.  Left out
    are those whose instance another transaction holds (call again), whose state
    was left, and whose work is done but whose event was refused:

        select pgsm.retry_effect(instance_id, effect_id)
        from pgsm.failed_effects where name = 'email.send' and error ->> 'type' = 'refused';

    Returns how many are tried again; call until it is 0.
$comment$;

commit;
