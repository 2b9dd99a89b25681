-- Deploy pgsm:functions/answer_each to pg
-- requires: functions/answer_set
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer_each (function text, arguments jsonb[])
  returns jsonb[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_arguments  jsonb[] := answer_each.arguments;
    v_failed     jsonb := '{}';
    v_todo       int4range[] := array[int4range(1, cardinality(v_arguments), '[]')];
    v_range      int4range;
    v_middle     integer;
    v_is_whole   boolean := true;
    v_is_over    boolean;
    v_answers    jsonb[];
begin
    while v_todo <> '{}' loop
        v_range := v_todo[1];
        v_todo := v_todo[2:];
        v_is_over := false;
        begin
            v_answers := pgsm_private.answer_set(
                answer_each.function, v_arguments[lower(v_range) : upper(v_range) - 1]
            );
            if v_is_whole then
                return v_answers;
            end if;
            -- a part only looks for who fails: what it did is undone
            v_is_over := true;
            raise exception 'undone' using errcode = 'SM900';
        exception
            when others or assert_failure then
                if pgsm_private.is_fatal(sqlstate) then
                    raise;
                end if;
                if v_is_over then
                    null;
                elsif upper(v_range) - lower(v_range) = 1 then
                    v_failed := v_failed || jsonb_build_object(lower(v_range),
                        jsonb_build_array(jsonb_build_object('error', jsonb_build_object(
                            'code', sqlstate, 'message', sqlerrm, 'path', 'context'))));
                else
                    v_middle := (lower(v_range) + upper(v_range)) / 2;
                    v_todo := array[
                        int4range(lower(v_range), v_middle), int4range(v_middle, upper(v_range))
                    ] || v_todo;
                end if;
        end;
        v_is_whole := false;
    end loop;
    -- those that do not fail, for good
    v_answers := pgsm_private.answer_set(answer_each.function, array(
        select a.given
        from unnest(v_arguments) with ordinality as a (given, place)
        where not v_failed ? a.place::text
        order by a.place
    ));
    return array(
        select coalesce(v_failed -> r.place::text, v_answers[r.rank])
        from (
            select a.place,
                count(*) filter (where not v_failed ? a.place::text) over (order by a.place) as rank
            from generate_series(1, cardinality(v_arguments)) as a (place)
        ) as r
        order by r.place
    );
end;
$$;

comment on function pgsm_private.answer_each (text, jsonb[]) is $comment$
    The answers of a SQL function to one question of each of many steps.  One that
    fails has its error for an answer, and does not hold up the others: who fails is
    found by halves.  Raises where what has not failed fails in company.
$comment$;

commit;
