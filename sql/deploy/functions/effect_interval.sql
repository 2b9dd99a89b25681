-- Deploy pgsm:functions/effect_interval to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_interval (value jsonb, otherwise interval)
  returns interval
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_text  text := effect_interval.value #>> '{}';
begin
    if v_text is null then
        return effect_interval.otherwise;
    elsif v_text ~ '^[0-9]+(\.[0-9]+)?$' then
        return v_text::double precision * interval '1 millisecond';
    end if;
    return v_text::interval;
exception
    -- one bad row must not stop the claim of all others
    when data_exception then
        return effect_interval.otherwise;
end;
$$;

comment on function pgsm_private.effect_interval (jsonb, interval) is $comment$
    The interval that a policy's value stands for: a number of milliseconds or
    an interval text; otherwise where it is null or cannot be read.
$comment$;

commit;
