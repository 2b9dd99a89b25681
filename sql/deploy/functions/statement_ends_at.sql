-- Deploy pgsm:functions/statement_ends_at to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.statement_ends_at ()
  returns timestamptz
  language plpgsql
  stable
as $$
declare
    v_timeout  interval := current_setting('statement_timeout')::interval;
begin
    return case
        when v_timeout > interval '0' then statement_timestamp() + v_timeout
        else 'infinity'
    end;
end;
$$;

comment on function pgsm_private.statement_ends_at () is $comment$
    When the running statement's timeout comes.  It comes once: who has caught it begins
    nothing more afterwards.
$comment$;

commit;
