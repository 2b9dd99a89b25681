-- Deploy pgsm:functions/upgrade_alone to pg
-- requires: functions/take_upgrade
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_alone (
    instance_ids  text[],
    version       integer,
    actor         jsonb,
    out done      integer,
    out failed    jsonb
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_ids       text[] := upgrade_alone.instance_ids;
    v_from      integer := 1;
    v_is_real   boolean := true;
    v_is_over   boolean;
    v_at        integer;
    v_instance  pgsm_private.instances;
begin
    failed := '{}';
    loop
        done := 0;
        v_is_over := false;
        begin
            for v_n in v_from .. cardinality(v_ids) loop
                continue when failed ? v_ids[v_n];
                v_at := v_n;
                select i.* into v_instance
                from pgsm_private.instances as i
                where i.instance_id = v_ids[v_n];
                continue when v_instance.status is null
                    or v_instance.status not in ('active', 'paused')
                    or v_instance.version = upgrade_alone.version;
                perform pgsm_private.take_upgrade(
                    v_instance, upgrade_alone.version, upgrade_alone.actor
                );
                done := done + 1;
            end loop;
            exit when v_is_real;
            v_is_over := true;
            raise exception 'undone' using errcode = 'SM900';
        exception
            when others then
                if pgsm_private.is_fatal(sqlstate) then
                    raise;
                end if;
                -- after a failure the others are tried for more of them, and undone, and
                -- then those that can go are taken: one subtransaction for all of them
                if v_is_over then
                    v_is_real := true;
                    v_from := 1;
                else
                    failed := failed || jsonb_build_object(v_ids[v_at],
                        jsonb_build_object('code', sqlstate, 'message', sqlerrm));
                    v_is_real := false;
                    v_from := v_at + 1;
                end if;
        end;
    end loop;
end;
$$;

comment on function pgsm_private.upgrade_alone (text[], integer, jsonb) is $comment$
    Upgrade locked instances one after the other.  Returns how many went, and the
    errors of those that cannot, which do not hold up the others.
$comment$;

commit;
