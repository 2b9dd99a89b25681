-- Deploy pgsm:functions/next_effect to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/effect_fronts
-- requires: functions/effect_room
-- requires: functions/room_opens_at
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.next_effect (
    names           text[],
    out next_at     timestamptz,
    out is_limited  boolean
)
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
    v_now  timestamptz := pgsm_private.now();
begin
    with heads as materialized (
        select f.name, f.priority, f.due_at
        from pgsm_private.effect_fronts(next_effect.names) as f
    ),
    limited as (
        select l.name, pgsm_private.room_opens_at(l) as opens_at, l.concurrency is not null
            and pgsm_private.effect_room(row(
                l.name, l.concurrency, null, null, l.spent_until
            )::pgsm_private.effect_limits) = 0 as is_full
        from pgsm_private.effect_limits as l
        where l.name = any (next_effect.names)
    )
    select
        min(greatest(h.due_at, l.opens_at)) filter (
            where greatest(h.due_at, l.opens_at) > v_now and l.is_full is not true
        ),
        coalesce(bool_or(l.is_full and h.due_at <= v_now), false)
    into next_at, is_limited
    from (
        select h.name, h.due_at from heads as h
        union all
        -- behind one that is due and was not claimed, for a reason of its own
        select h.name, (
            select e.due_at
            from pgsm_private.effects as e
            where e.name = h.name
                and e.priority = h.priority
                and e.status in ('pending', 'retrying')
                and not e.held_back
                and e.parked is null
                and e.due_at > v_now
            order by e.due_at
            limit 1
        )
        from heads as h
        where h.due_at <= v_now
    ) as h
    left join limited as l on l.name = h.name;
end;
$$;

comment on function pgsm_private.next_effect (text[]) is $comment$
    When the next effect of these names can be claimed that cannot be now: it becomes
    due, or the rate of its name lets it go; null where there is none.  is_limited: one
    that is due waits until another one of its name ends.
$comment$;

commit;
