-- Deploy pgsm:functions/check_event to pg
-- requires: engine/v0_1

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_event (
    event     text,
    data      jsonb,
    origin    text,
    internal  text default null
)
  returns void
  language plpgsql
as $$
declare
    v_error  jsonb := pgsm_engine.call('check_event', array[
        check_event.event, check_event.data::text, check_event.origin, check_event.internal
    ])::jsonb -> 'error';
begin
    if v_error is not null then
        raise exception '%', v_error ->> 'message'
            using errcode = v_error ->> 'code', detail = coalesce(v_error ->> 'detail', ''),
            hint = coalesce(v_error ->> 'hint', '');
    end if;
end;
$$;

comment on function pgsm_private.check_event (text, jsonb, text, text) is
    'Refuse (SM104) what is no event from outside: reserved names, data that is no object, and what is among the machine''s internalEvents (internal), where it is known.';

commit;
