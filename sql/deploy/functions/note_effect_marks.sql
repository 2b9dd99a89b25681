-- Deploy pgsm:functions/note_effect_marks to pg
-- requires: tables/effect_marks
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.note_effect_marks (
    names    text[],
    renewed  text[],
    heads    jsonb,
    took     interval
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- an insert waits for another one of the same name, and who claims holds limits
    if not pg_try_advisory_xact_lock('pgsm_private.effect_marks'::regclass::integer, 0) then
        return;
    end if;
    delete from pgsm_private.effect_marks as m
    where m.name = any (note_effect_marks.renewed);
    if note_effect_marks.took > interval '10 milliseconds' then
        insert into pgsm_private.effect_marks (name, due_at, noted_at)
        select
            n.name,
            -- not up to now: what is not committed yet has its step's time
            least(min(h.due_at), pgsm_private.now() - interval '5 seconds'),
            clock_timestamp()
        from (select distinct u.name from unnest(note_effect_marks.names) as u (name)) as n
        left join jsonb_to_recordset(note_effect_marks.heads)
            as h (name text, due_at timestamptz) on h.name = n.name
        where n.name is not null
        group by n.name
        on conflict (name) do nothing;
    end if;
end;
$$;

comment on function pgsm_private.note_effect_marks (text[], text[], jsonb, interval) is $comment$
    Note where the queues of names begin, after a look at the whole of them that took
    long; forget the marks of those (renewed) for which it does no longer.  Nothing is
    noted while another transaction does so: waits for nobody.
$comment$;

commit;
