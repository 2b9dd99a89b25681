-- Deploy pgsm:functions/answer to pg
-- requires: engine/call_user
-- requires: engine/validate
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer (question jsonb)
  returns jsonb
  language plpgsql
as $$
declare
    v_path    text;
    v_answer  jsonb;
begin
    if answer.question ->> 'kind' = 'validate' then
        return pgsm_engine.validate(answer.question -> 'schema', answer.question -> 'value');
    end if;
    if answer.question ->> 'kind' = 'receiver' then
        return to_jsonb(exists (
            select from pgsm_private.instances as i
            where i.instance_id = answer.question ->> 'instance'
                and i.status in ('active', 'paused')
        ));
    end if;
    select s.call_search_path into v_path from pgsm_private.settings as s;
    v_answer := pgsm_engine.call_user(
        answer.question ->> 'function', answer.question -> 'args', v_path
    );
    -- Operators are looked up by search_path, and what follows runs as pgsm_owner:
    -- user SQL that has set it beyond its own call is undone, and reset before
    -- anything else is looked up.
    if pg_catalog.current_setting('search_path')
        operator(pg_catalog.<>) 'pg_catalog, pg_temp'
    then
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        raise exception 'function % sets search_path for the session',
            answer.question ->> 'function'
            using errcode = 'prohibited_sql_statement_attempted',
            hint = 'declare the function with a set clause, or use set local';
    end if;
    return v_answer;
end;
$$;

comment on function pgsm_private.answer (jsonb) is
    'Answer a step: run the SQL function that it asks for, as pgsm_caller, or look at a value by a JSON Schema.  The caller undoes what raises.';

commit;
