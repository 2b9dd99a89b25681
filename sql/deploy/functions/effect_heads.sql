-- Deploy pgsm:functions/effect_heads to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: tables/effect_marks
-- requires: functions/note_effect_marks
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_heads (names text[])
  returns table (name text, priority integer, due_at timestamptz)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now      timestamptz := pgsm_private.now();
    v_begun    timestamptz := clock_timestamp();
    v_renewed  text[];
    v_heads    jsonb;
begin
    v_renewed := array(
        select m.name
        from pgsm_private.effect_marks as m
        where m.name = any (effect_heads.names) and m.noted_at < v_begun - interval '1 second'
        for update skip locked
    );
    -- from one priority to the next by the index: those that are due later may be
    -- many, and stand before lower ones that are due now
    with recursive begins as (
        select n.name, coalesce(m.due_at, '-infinity') as due_at
        from (select distinct u.name from unnest(effect_heads.names) as u (name)) as n
        left join pgsm_private.effect_marks as m
            on m.name = n.name and m.name <> all (v_renewed)
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
    select coalesce(jsonb_agg(to_jsonb(h)), '[]') into v_heads from heads as h;

    if v_renewed <> '{}' or clock_timestamp() - v_begun > interval '10 milliseconds' then
        perform pgsm_private.note_effect_marks(
            effect_heads.names, v_renewed, v_heads, clock_timestamp() - v_begun
        );
    end if;
    return query
    select h.name, h.priority, h.due_at
    from jsonb_to_recordset(v_heads) as h (name text, priority integer, due_at timestamptz)
    where h.due_at <= v_now
    order by h.priority desc, h.due_at;
end;
$$;

comment on function pgsm_private.effect_heads (text[]) is $comment$
    The names and priorities of which an effect is due, with the first one's due
    time, in the order in which they are to be claimed; no paused names.
$comment$;

commit;
