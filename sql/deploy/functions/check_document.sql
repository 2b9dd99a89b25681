-- Deploy pgsm:functions/check_document to pg
-- requires: functions/check_function
-- requires: functions/check_intervals
-- requires: engine/v0_1

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
    Check a definition by the engine, its delays and functions by Postgres.

    Returns {"problems", "functions", "checksum", "rows", "unhandled",
    "time_zone"}; the last four are null when there are problems.
$comment$;

commit;
