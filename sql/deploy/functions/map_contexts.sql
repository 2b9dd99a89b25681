-- Deploy pgsm:functions/map_contexts to pg
-- requires: types/batch_step
-- requires: functions/answer_each
-- requires: engine/v0_1

begin;
set local role pgsm_owner;

create or replace function pgsm_private.map_contexts (
    moves     pgsm_private.batch_step[],
    checksum  text,
    rules     jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_function   text := map_contexts.rules ->> 'context';
    v_states     text[];
    v_mapped     jsonb;
    v_places     integer[];
    v_questions  jsonb[];
begin
    -- a template is the engine's own; with a state function each is asked alone
    if v_function is null or v_function ~ '^\s*\{' or map_contexts.rules ->> 'state' is not null then
        return map_contexts.moves;
    end if;
    v_states := array(
        select distinct array_to_string((m.instance).states, E'\n')
        from unnest(map_contexts.moves) as m
    );
    v_mapped := pgsm_engine.call(
        'map_states', array[map_contexts.checksum, null, map_contexts.rules::text] || v_states
    )::jsonb;
    -- whose states are refused is not asked
    select
        array_agg(m.place order by m.place),
        array_agg(jsonb_build_array((m.instance).instance_id, (m.instance).context,
            to_jsonb((m.instance).states), n.states) order by m.place)
    into v_places, v_questions
    from unnest(map_contexts.moves) as m
    join rows from (unnest(v_states), jsonb_array_elements(v_mapped)) as n (old, states)
        on n.old = array_to_string((m.instance).states, E'\n')
    where jsonb_typeof(n.states) = 'array';
    if v_places is null then
        return map_contexts.moves;
    end if;
    return array(
        select row(m.place, m.instance, m.clock, a.answers, null)::pgsm_private.batch_step
        from unnest(map_contexts.moves) as m
        left join unnest(v_places, pgsm_private.answer_each(v_function, v_questions))
            as a (place, answers) on a.place = m.place
        order by m.place
    );
end;
$$;

comment on function pgsm_private.map_contexts (pgsm_private.batch_step[], text, jsonb) is $comment$
    Answer the question that moves to a version (its checksum) ask first, in one
    statement: what a declared context function makes of their contexts.  The answers
    are their events.
$comment$;

commit;
