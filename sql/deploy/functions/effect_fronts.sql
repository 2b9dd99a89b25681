-- Deploy pgsm:functions/effect_fronts to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: tables/effect_marks

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_fronts (names text[], renewed text[] default '{}')
  returns table (name text, priority integer, due_at timestamptz)
  language plpgsql
as $$
#variable_conflict use_column
begin
    return query
    -- from one priority to the next by the index: those that are due later may be
    -- many, and stand before lower ones that are due now
    with recursive begins as (
        select n.name, coalesce(m.due_at, '-infinity') as due_at
        from (select distinct u.name from unnest(effect_fronts.names) as u (name)) as n
        left join pgsm_private.effect_marks as m
            on m.name = n.name and m.name <> all (effect_fronts.renewed)
        where not exists (
            select from pgsm_private.effect_pauses as p where p.name = n.name
        )
    ),
    heads as (
        select b.name, b.due_at as begins_at, first.priority, first.due_at
        from begins as b
        cross join lateral (
            select e.priority, e.due_at
            from pgsm_private.effects as e
            where e.name = b.name
                and e.due_at >= b.due_at
                and e.status in ('pending', 'retrying')
                and not e.held_back
                and e.parked is null
            order by e.priority desc, e.due_at
            limit 1
        ) as first
        union all
        select h.name, h.begins_at, following.priority, following.due_at
        from heads as h
        cross join lateral (
            select e.priority, e.due_at
            from pgsm_private.effects as e
            where e.name = h.name
                and e.priority < h.priority
                and e.due_at >= h.begins_at
                and e.status in ('pending', 'retrying')
                and not e.held_back
                and e.parked is null
            order by e.priority desc, e.due_at
            limit 1
        ) as following
    )
    select h.name, h.priority, h.due_at from heads as h;
end;
$$;

comment on function pgsm_private.effect_fronts (text[], text[]) is $comment$
    The first effect that waits, due or not, of each priority of these names; no paused
    names.  Begins to look where the mark of a name says, but for those in renewed.
$comment$;

commit;
