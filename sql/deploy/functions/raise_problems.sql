-- Deploy pgsm:functions/raise_problems to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.raise_problems (
    what      text,
    problems  jsonb,
    code      text
)
  returns void
  language plpgsql
as $$
declare
    v_count  integer := jsonb_array_length(raise_problems.problems);
begin
    raise exception '% has % %', raise_problems.what, v_count,
        case v_count when 1 then 'problem' else 'problems' end
        using errcode = raise_problems.code,
        detail = (
            select string_agg(
                format('%s: %s (%s)', r.path, r.message, r.code)
                    || coalesce('; ' || r.hint, ''),
                E'\n' order by r.position)
            from rows from (
                jsonb_to_recordset(raise_problems.problems)
                    as (path text, code text, message text, hint text)
            ) with ordinality as r (path, code, message, hint, position)
        ),
        hint = 'nothing has been defined; all problems are listed';
end;
$$;

comment on function pgsm_private.raise_problems (text, jsonb, text) is
    'Raise all problems of a definition or an upgrade at once, a line each in the detail.';

commit;
