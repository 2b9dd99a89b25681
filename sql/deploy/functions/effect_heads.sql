-- Deploy pgsm:functions/effect_heads to pg
-- requires: tables/effects
-- requires: tables/effect_marks
-- requires: functions/effect_fronts
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
    select coalesce(jsonb_agg(to_jsonb(h)), '[]')
    into v_heads
    from pgsm_private.effect_fronts(effect_heads.names, v_renewed) as h;

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
