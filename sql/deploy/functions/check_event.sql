-- Deploy pgsm:functions/check_event to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_event (event text, data jsonb)
  returns void
  language plpgsql
  immutable
as $$
begin
    if check_event.event is null or check_event.event !~ '^[^[:cntrl:]]+$' or char_length(check_event.event) > 500 then
        raise exception 'an event is a text of 1 to 500 printable characters'
            using errcode = 'SM104';
    elsif check_event.event ~
        '^(done\.(invoke|state)|error\.(invoke|execution|communication)|after|late|pgsm|xstate)(\.|$)'
    then
        raise exception 'event "%" comes from the engine and cannot be sent', check_event.event
            using errcode = 'SM104',
            hint = 'an effect''s outcome is reported with complete_effects or fail_effect';
    elsif check_event.data is null or jsonb_typeof(check_event.data) <> 'object' then
        raise exception 'the data of an event is a JSON object, not %',
            coalesce(jsonb_typeof(check_event.data), 'null')
            using errcode = 'SM104',
            hint = 'wrap it: {"value": …}';
    end if;
end;
$$;

comment on function pgsm_private.check_event (text, jsonb) is
    'Refuse (SM104) what is no event from outside: reserved names, data that is no object.';

commit;
