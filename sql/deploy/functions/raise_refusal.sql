-- Deploy pgsm:functions/raise_refusal to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.raise_refusal (
    error        jsonb,
    event        text,
    instance_id  text,
    machine      text,
    version      integer
)
  returns void
  language plpgsql
as $$
begin
    raise exception 'event "%" of instance "%" is refused: %',
        raise_refusal.event, raise_refusal.instance_id, raise_refusal.error ->> 'message'
        using errcode = raise_refusal.error ->> 'code',
        detail = concat_ws(', ',
            format('machine "%s" version %s', raise_refusal.machine, raise_refusal.version),
            raise_refusal.error ->> 'detail',
            'SQLSTATE ' || (raise_refusal.error ->> 'sqlstate')),
        hint = coalesce(raise_refusal.error ->> 'hint', 'nothing has changed');
end;
$$;

comment on function pgsm_private.raise_refusal (jsonb, text, text, text, integer) is
    'Raise the engine''s refusal of an event, which names machine, state, transition and action.';

commit;
