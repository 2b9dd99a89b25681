-- Deploy pgsm:functions/check_document to pg
-- requires: functions/check_function
-- requires: functions/check_intervals
-- requires: engine/v0_1
-- requires: engine/validate

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_document (definition json, author text)
  returns json
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_checked    json;
    v_problems   jsonb;
    v_functions  jsonb := '{}';
    v_use        jsonb;
    v_found      record;
begin
    v_checked := pgsm_engine.call('define', array[check_document.definition::text])::json;
    v_problems := (v_checked -> 'problems')::jsonb || pgsm_private.check_intervals(
        (v_checked -> 'intervals')::jsonb, coalesce(v_checked ->> 'time_zone', 'UTC')
    );
    v_problems := v_problems || coalesce((
        select jsonb_agg(jsonb_build_object('path', s.found ->> 'path', 'code', 'bad_schema',
            'message', 'this is no JSON Schema: ' || w.wrong))
        from jsonb_array_elements((v_checked -> 'schemas')::jsonb) as s (found)
        -- a schema is a value of the schema of its draft
        cross join jsonb_array_elements_text(pgsm_engine.validate(
            jsonb_build_object('$ref', coalesce(s.found #>> '{schema,$schema}',
                'https://json-schema.org/draft/2020-12/schema')),
            s.found -> 'schema')) as w (wrong)
    ), '[]');
    for v_use in select jsonb_array_elements((v_checked -> 'functions')::jsonb) loop
        v_found := pgsm_private.check_function(v_use, check_document.author);
        if v_found.problem is not null then
            v_problems := v_problems || v_found.problem;
        else
            v_functions := v_functions || jsonb_build_object(v_use ->> 'function', v_found.hash);
        end if;
    end loop;
    return json_build_object(
        'problems', v_problems, 'functions', v_functions,
        'checksum', v_checked -> 'checksum', 'rows', v_checked -> 'rows',
        'unhandled', v_checked -> 'unhandled', 'time_zone', v_checked -> 'time_zone'
    );
end;
$$;

comment on function pgsm_private.check_document (json, text) is $comment$
    Check a definition by the engine, its delays and functions by Postgres, its
    JSON Schemas by those of their drafts.

    Returns {"problems", "functions", "checksum", "rows", "unhandled",
    "time_zone"}; the last four are null when there are problems.
$comment$;

commit;
