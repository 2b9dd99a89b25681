-- Deploy pgsm:functions/time_text to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.time_text (at timestamptz)
  returns text
  language sql
  stable
begin atomic
    select pg_catalog.to_char(
        pg_catalog.timezone('UTC', time_text.at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    );
end;

comment on function pgsm_private.time_text (timestamptz) is
    'A point in time as expressions see it: ISO 8601 in UTC, so that comparing texts is comparing times.';

commit;
