-- Deploy pgsm:functions/upgrade_round to pg
-- requires: functions/migrate_round
-- requires: functions/write_moves
-- requires: functions/lasting_moves
-- requires: functions/preimages_of
-- requires: functions/save_preimages
-- requires: functions/upgrade_refusal
-- requires: functions/find_upgrade
-- requires: functions/find_version
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_round (
    instance_ids  text[],
    machine       text,
    hops          integer[],
    actor         jsonb,
    out done      integer,
    out rest      jsonb,
    out is_wrong  boolean
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_to       integer := upgrade_round.hops[cardinality(upgrade_round.hops)];
    v_now      timestamptz := pgsm_private.now();
    v_moves    pgsm_private.batch_step[];
    v_images   pgsm_private.upgrade_preimages[];
    v_version  pgsm_private.machine_versions;
    v_rules    jsonb;
    v_lasting  jsonb := '{}';
    v_left     jsonb;
begin
    done := 0;
    rest := '{}';
    is_wrong := false;
    v_moves := array(
        select row(row_number() over (order by i.instance_id), i, greatest(v_now, i.clock), null, null)
            ::pgsm_private.batch_step
        from pgsm_private.instances as i
        where i.instance_id = any (upgrade_round.instance_ids)
        order by i.instance_id
    );
    v_images := pgsm_private.preimages_of(v_moves, v_to);
    for v_hop in 2 .. cardinality(upgrade_round.hops) loop
        exit when v_moves = '{}';
        v_version := pgsm_private.find_version(upgrade_round.machine, upgrade_round.hops[v_hop]);
        v_rules := pgsm_private.find_upgrade(
            v_version.machine, upgrade_round.hops[v_hop - 1], v_version.version
        );
        v_moves := pgsm_private.migrate_round(v_moves, v_version, v_rules, upgrade_round.actor);
        select
            jsonb_object_agg((m.instance).instance_id, case when m.result ? 'error' then
                jsonb_build_object('code', 'SM402', 'message', pgsm_private.upgrade_refusal(
                    m.instance, v_version.version, m.result -> 'error')) end),
            -- what has been done for it, by a function or an earlier hop, is to be undone
            bool_or(v_hop > 2 or (v_rules ->> 'context' is not null and m.event -> 0 ? 'value'))
        into v_left, is_wrong
        from unnest(v_moves) as m
        where m.result ?| '{error,question,children}';
        rest := rest || coalesce(v_left, '{}');
        if is_wrong then
            return;
        end if;
        is_wrong := false;
        v_moves := array(
            select row(m.place, m.instance, m.clock, jsonb_build_object(
                'event', 'pgsm.upgrade',
                'data', jsonb_build_object('from', (m.instance).version, 'to', v_version.version)
                    || jsonb_strip_nulls(jsonb_build_object('dropped', m.result -> 'dropped'))
            ), m.result)::pgsm_private.batch_step
            from unnest(v_moves) as m
            where not m.result ?| '{error,question,children}'
            order by m.place
        );
        exit when v_moves = '{}';
        v_moves := pgsm_private.write_moves(v_moves, v_version, 'upgrade', upgrade_round.actor);
        v_lasting := pgsm_private.lasting_moves(v_moves) || v_lasting;
        v_moves := array(
            select row(m.place, m.instance, m.clock, null, null)::pgsm_private.batch_step
            from unnest(v_moves) as m
            where (m.instance).status in ('active', 'paused')
            order by m.place
        );
    end loop;
    v_images := array(select p from unnest(v_images) as p where not rest ? p.instance_id);
    perform pgsm_private.save_preimages(v_images, v_lasting);
    delete from pgsm_private.upgrade_failures as f
    using unnest(v_images) as p
    where f.instance_id = p.instance_id and f.to_version = v_to;
    done := cardinality(v_images);
end;
$$;

comment on function pgsm_private.upgrade_round (text[], text, integer[], jsonb) is $comment$
    Upgrade instances of one version, which are locked, by a path of declared upgrades,
    each hop by few statements for all.  Returns how many went, and the rest: an
    instance with its error, or with null where it has to be upgraded alone.  is_wrong
    where some of the rest have been begun with: the caller undoes it all.
$comment$;

commit;
