-- Deploy pgsm:functions/release_deferred to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.release_deferred (instance_id text, clock timestamptz)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    update pgsm_private.timers as t
    set status = 'armed', due_at = release_deferred.clock
    where t.instance_id = release_deferred.instance_id and t.status = 'deferred';
end;
$$;

comment on function pgsm_private.release_deferred (text, timestamptz) is
    'Offer deferred events again, oldest first: they are due now.  The instance is locked.';

commit;
