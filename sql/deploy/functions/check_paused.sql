-- Deploy pgsm:functions/check_paused to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_paused (machine text, version integer)
  returns void
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    if exists (
        select
        from pgsm_private.machine_versions as v
        where v.machine = check_paused.machine
            and v.version = check_paused.version and v.paused
    ) then
        raise exception 'version % of machine "%" is paused',
            check_paused.version, check_paused.machine
            using errcode = 'SM122',
            hint = 'resume_machine lets it go on; post_event: a posted event waits';
    end if;
end;
$$;

comment on function pgsm_private.check_paused (text, integer) is
    'Refuse an event for an instance of a paused version (SM122).';

commit;
