-- Deploy pgsm:functions/answer to pg
-- requires: engine/call_user
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
    select s.call_search_path into v_path from pgsm_private.settings as s;
    v_answer := pgsm_engine.call_user(
        answer.question ->> 'function', answer.question -> 'args', v_path
    );
    -- user SQL may have set search_path for the session, and operators are
    -- looked up by it: what follows runs as pgsm_owner
    perform pg_catalog.set_config('search_path', '', true);
    return v_answer;
end;
$$;

comment on function pgsm_private.answer (jsonb) is
    'Run the SQL function that a step asks for, as pgsm_caller, and return its result.';

commit;
