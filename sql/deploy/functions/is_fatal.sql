-- Deploy pgsm:functions/is_fatal to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.is_fatal (code text)
  returns boolean
  language sql
  immutable
begin atomic
    select pg_catalog.left(is_fatal.code, 2) in ('08', '40', '53', '55', '57', '58', 'XX');
end;

comment on function pgsm_private.is_fatal (text) is $comment$
    Whether an SQLSTATE ends the transaction, so that its driver tries again:
    such an error is never taken as the outcome of a user's own SQL.
$comment$;

commit;
