-- Deploy pgsm:functions/effect_heads to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_heads (names text[])
  returns table (name text, priority integer, due_at timestamptz)
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return query
    -- from one priority to the next by the index: those that are due later may be
    -- many, and stand before lower ones that are due now
    with recursive heads as (
        select n.name, first.priority, first.due_at
        from (select distinct u.name from unnest(effect_heads.names) as u (name)) as n
        cross join lateral (
            select e.priority, e.due_at
            from pgsm_private.effects as e
            where e.name = n.name
                and e.status in ('pending', 'retrying')
                and not e.held_back
            order by e.priority desc, e.due_at
            limit 1
        ) as first
        where not exists (
            select from pgsm_private.effect_pauses as p where p.name = n.name
        )
        union all
        select h.name, following.priority, following.due_at
        from heads as h
        cross join lateral (
            select e.priority, e.due_at
            from pgsm_private.effects as e
            where e.name = h.name
                and e.priority < h.priority
                and e.status in ('pending', 'retrying')
                and not e.held_back
            order by e.priority desc, e.due_at
            limit 1
        ) as following
    )
    select h.name, h.priority, h.due_at
    from heads as h
    where h.due_at <= pgsm_private.now()
    order by h.priority desc, h.due_at;
end;
$$;

comment on function pgsm_private.effect_heads (text[]) is $comment$
    The names and priorities of which an effect is due, with the first one's due
    time, in the order in which they are to be claimed; no paused names.
$comment$;

commit;
