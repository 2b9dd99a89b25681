-- Deploy pgsm:functions/release to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm.release ()
  returns text
  language sql
  immutable
  security definer
  set search_path = pg_catalog, pg_temp
begin atomic
    select '0.1'::pg_catalog.text;
end;

comment on function pgsm.release () is $comment$
    Which release of pgsm is deployed.

        select pgsm.release();

    Returns `major.minor`.  A runner compares it with its own and does not start where they do not fit.
$comment$;

commit;
