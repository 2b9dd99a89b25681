-- Deploy pgsm:functions/delays_of to pg
-- requires: tables/timers
-- requires: tables/definitions
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.delays_of (instance pgsm_private.instances)
  returns jsonb
  language sql
  stable
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'timer_id', d.timer_id, 'state', d.state, 'delay', d.delay
    ) order by d.due_at), '[]')
    from (
        select t.timer_id, t.state, t.delay, t.due_at
        from pgsm_private.timers as t
        where t.instance_id = ($1).instance_id and t.kind = 'after'
        union all
        select distinct null, r.state, r.delay, null::timestamptz
        from pgsm_private.transitions as r
        where r.machine = ($1).machine and r.version = ($1).version
            and r.kind = 'after' and r.state = any (($1).states || array[''])
            and not exists (
                select
                from pgsm_private.timers as t
                where t.instance_id = ($1).instance_id and t.kind = 'after'
                    and t.state = r.state and t.delay = r.delay
            )
    ) as d
$$;

comment on function pgsm_private.delays_of (pgsm_private.instances) is $comment$
    The delays of an instance's active states, for an upgrade: timer_id is null
    where the timer is over (it fired and was not taken) or never was.
$comment$;

commit;
