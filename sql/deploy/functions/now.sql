-- Deploy pgsm:functions/now to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.now ()
  returns timestamptz
  language sql
  volatile
begin atomic
    select pg_catalog.clock_timestamp();
end;

comment on function pgsm_private.now () is $comment$
    The clock of every step, due time and lease.  Test databases replace this
    function; no setting overrides it.
$comment$;

commit;
