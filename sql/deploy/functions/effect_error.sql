-- Deploy pgsm:functions/effect_error to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_error (
    error      jsonb,
    permanent  boolean,
    attempts   integer
)
  returns jsonb
  language sql
  immutable
begin atomic
    select '{"type": "error", "message": "", "code": null, "data": null}'::jsonb
        || case pg_catalog.jsonb_typeof(effect_error.error)
            when 'object' then effect_error.error
            when 'string' then pg_catalog.jsonb_build_object('message', effect_error.error)
            else pg_catalog.jsonb_build_object('data', effect_error.error)
        end
        || pg_catalog.jsonb_build_object(
            'permanent', effect_error.permanent, 'attempts', effect_error.attempts
        );
end;

comment on function pgsm_private.effect_error (jsonb, boolean, integer) is $comment$
    A runner's error with all the fields that error.invoke.<id> promises: type,
    message, code, data, permanent, attempts.
$comment$;

commit;
