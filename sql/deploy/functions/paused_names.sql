-- Deploy pgsm:functions/paused_names to pg
-- requires: tables/machines
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create or replace function pgsm_private.paused_names (names text[])
  returns text[]
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    if not exists (select from pgsm_private.machine_versions as v where v.paused) then
        return '{}';
    end if;
    return array(
        select distinct d.name
        from pgsm_private.machine_versions as v
        join pgsm_private.implementations as d
            on d.machine = v.machine and d.version = v.version
        where v.paused and d.kind = 'effect' and d.name = any (paused_names.names)
    );
end;
$$;

comment on function pgsm_private.paused_names (text[]) is
    'Which of these names of effects a paused version declares: some of them may be its own.';

commit;
