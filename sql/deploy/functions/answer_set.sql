-- Deploy pgsm:functions/answer_set to pg
-- requires: engine/call_user_set
-- requires: functions/is_fatal
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer_set (function text, arguments jsonb[])
  returns jsonb[]
  language plpgsql
as $$
declare
    v_path     text;
    v_answers  jsonb[];
begin
    select s.call_search_path into v_path from pgsm_private.settings as s;
    v_answers := pgsm_engine.call_user_set(answer_set.function, answer_set.arguments, v_path);
    -- as in answer: nothing is looked up by a search_path that user SQL has set
    if pg_catalog.current_setting('search_path')
        operator(pg_catalog.<>) 'pg_catalog, pg_temp'
    then
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        raise exception 'function % sets search_path for the session', answer_set.function
            using errcode = 'prohibited_sql_statement_attempted',
            hint = 'declare the function with a set clause, or use set local';
    end if;
    return array(
        select jsonb_build_array(jsonb_build_object('value', r.value))
        from unnest(v_answers) with ordinality as r (value, place)
        order by r.place
    );
end;
$$;

comment on function pgsm_private.answer_set (text, jsonb[]) is
    'The answers of a SQL function to one question of each of many steps, in one statement.  The caller undoes what raises.';

commit;
