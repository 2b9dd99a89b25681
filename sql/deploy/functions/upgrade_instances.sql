-- Deploy pgsm:functions/upgrade_instances to pg
-- requires: functions/upgrade_batch

begin;
set local role pgsm_owner;

-- Commits after each batch, so it is neither security definer nor has a set
-- clause: everything is qualified, types too, and no table is touched here.
create or replace procedure pgsm.upgrade_instances (
    machine        text,
    version        integer,
    batch          integer default 1000,
    instances      text[] default null,
    max_instances  bigint default null
)
  language plpgsql
as $$
declare
    v_turn   pgsm.upgrade_turn;
    v_after  pg_catalog.text := '';
    v_left   bigint := max_instances;
    v_tried  bigint := 0;
    v_done   bigint := 0;
begin
    loop
        v_turn := pgsm.upgrade_batch(
            machine, version,
            least(pg_catalog.int8(batch), v_left)::pg_catalog.int4, v_after, instances
        );
        commit;
        exit when v_turn.tried operator(pg_catalog.=) 0;
        v_after := v_turn.last_id;
        v_left := v_left operator(pg_catalog.-) pg_catalog.int8(v_turn.tried);
        v_tried := v_tried operator(pg_catalog.+) pg_catalog.int8(v_turn.tried);
        v_done := v_done operator(pg_catalog.+) pg_catalog.int8(v_turn.upgraded);
    end loop;
    raise info 'upgraded % of % instances of machine "%" to version %',
        v_done, v_tried, machine, version;
    if v_done operator(pg_catalog.<) v_tried then
        raise info 'select * from pgsm.upgrade_failures lists the others';
    end if;
end;
$$;

comment on procedure pgsm.upgrade_instances (text, integer, integer, text[], bigint) is $comment$
    Upgrade all running instances of a machine, or those named, with a commit
    after each batch.

        call pgsm.upgrade_instances('order', 3, batch => 1000);

    Failures are recorded (pgsm.upgrade_failures) and tried again by the next
    call, which also goes on where one was interrupted.  max_instances makes a
    canary.
$comment$;

commit;
