-- Deploy pgsm:functions/ended_effects to pg
-- requires: tables/effects
-- requires: tables/effect_marks
-- requires: functions/note_effect_marks
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.ended_effects (batch integer)
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now      timestamptz := pgsm_private.now();
    v_begun    timestamptz := clock_timestamp();
    v_renewed  text[];
    v_begins   timestamptz;
    v_ended    jsonb;
begin
    v_renewed := array(
        select m.name
        from pgsm_private.effect_marks as m
        where m.name = '' and m.noted_at < v_begun - interval '1 second'
        for update skip locked
    );
    select m.due_at into v_begins
    from pgsm_private.effect_marks as m
    where m.name = '' and v_renewed = '{}';
    v_begins := coalesce(v_begins, '-infinity');
    select coalesce(jsonb_agg(to_jsonb(c) order by c.instance_id, c.effect_id), '[]')
    into v_ended
    from (
        (select '' as name, e.instance_id, e.effect_id, e.lease_until as due_at
        from pgsm_private.effects as e
        where e.status = 'running' and e.lease_until between v_begins and v_now
        order by e.lease_until
        limit ended_effects.batch)
        union all
        (select '' as name, e.instance_id, e.effect_id, e.deadline_at as due_at
        from pgsm_private.effects as e
        where e.status in ('pending', 'retrying')
            and e.deadline_at is not null
            and e.deadline_at between v_begins and v_now
        order by e.deadline_at
        limit ended_effects.batch)
    ) as c;
    if v_renewed <> '{}' or clock_timestamp() - v_begun > interval '10 milliseconds' then
        perform pgsm_private.note_effect_marks(
            array[''], v_renewed, v_ended, clock_timestamp() - v_begun
        );
    end if;
    return v_ended;
end;
$$;

comment on function pgsm_private.ended_effects (integer) is $comment$
    The effects whose lease has ended and those whose deadline is over, at most batch
    of each, as objects with instance_id and effect_id in the order of these; read
    without a lock.
$comment$;

commit;
