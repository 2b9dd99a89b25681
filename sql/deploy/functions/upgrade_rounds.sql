-- Deploy pgsm:functions/upgrade_rounds to pg
-- requires: functions/upgrade_round
-- requires: functions/upgrade_hops

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_rounds (
    instance_ids  text[],
    version       integer,
    actor         jsonb,
    out done      integer,
    out rest      jsonb,
    out is_wrong  boolean
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_group  jsonb;
    v_ids    text[];
    v_hops   integer[];
    v_round  record;
begin
    done := 0;
    rest := '{}';
    is_wrong := false;
    -- those of a round are in memory together: a thousand, or 4 MB of contexts; user SQL
    -- runs in this loop, which is none over a cursor therefore
    foreach v_group in array array(
        select jsonb_build_object(
            'machine', r.machine, 'version', r.version,
            'ids', jsonb_agg(r.instance_id order by r.instance_id))
        from (
            select
                i.machine, i.version, i.instance_id,
                row_number() over (partition by i.machine, i.version order by i.instance_id) / 1000 as thousand,
                sum(pg_column_size(i.context))
                    over (partition by i.machine, i.version order by i.instance_id) / 4000000 as size
            from pgsm_private.instances as i
            where i.instance_id = any (upgrade_rounds.instance_ids)
                and i.status in ('active', 'paused')
                and i.version <> upgrade_rounds.version
        ) as r
        group by r.machine, r.version, r.thousand, r.size
        order by min(r.instance_id)
    ) loop
        v_ids := array(select jsonb_array_elements_text(v_group -> 'ids'));
        begin
            v_hops := pgsm_private.upgrade_hops(
                v_group ->> 'machine', (v_group ->> 'version')::integer, upgrade_rounds.version
            );
        exception
            when sqlstate 'SM404' then
                rest := rest || (
                    select jsonb_object_agg(
                        u.id, jsonb_build_object('code', sqlstate, 'message', sqlerrm))
                    from unnest(v_ids) as u (id)
                );
                continue;
        end;
        select r.* into v_round
        from pgsm_private.upgrade_round(
            v_ids, v_group ->> 'machine', v_hops, upgrade_rounds.actor
        ) as r;
        done := done + v_round.done;
        rest := rest || v_round.rest;
        is_wrong := is_wrong or v_round.is_wrong;
    end loop;
end;
$$;

comment on function pgsm_private.upgrade_rounds (text[], integer, jsonb) is
    'Upgrade locked instances of any versions, a round of upgrade_round for each version and thousand.';

commit;
