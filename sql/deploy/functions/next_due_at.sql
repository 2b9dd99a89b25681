-- Deploy pgsm:functions/next_due_at to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.next_due_at ()
  returns timestamptz
  language plpgsql
  stable
as $$
begin
    return (select min(t.due_at) from pgsm_private.timers as t where t.status = 'armed');
end;
$$;

comment on function pgsm_private.next_due_at () is
    'When the next armed timer falls due; the past where one is due.';

commit;
