-- Deploy pgsm:functions/effect_attempts to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_attempts (policy jsonb)
  returns integer
  language sql
  immutable
begin atomic
    select case
        when pg_catalog.jsonb_typeof(effect_attempts.policy #> '{retry,attempts}') = 'number'
            then least((effect_attempts.policy #>> '{retry,attempts}')::numeric, 1000000)::integer
        else 10
    end;
end;

comment on function pgsm_private.effect_attempts (jsonb) is
    'How many attempts an effect''s policy allows; 10 where it does not say.';

commit;
