-- Deploy pgsm:functions/upgrade_instances to pg
-- requires: functions/upgrade_batch

begin;
set local role pgsm_owner;

-- Commits after each batch, so it is neither security definer nor has a set
-- clause: everything is qualified, types too, and no table is touched here.
create or replace procedure pgsm.upgrade_instances (
    machine         text,
    version         integer,
    batch           integer default 1000,
    instances       text[] default null,
    max_instances   bigint default null,
    max_failures    bigint default null,
    inout tried     bigint default 0,
    inout upgraded  bigint default 0,
    inout failed    bigint default 0
)
  language plpgsql
as $$
declare
    v_turn   pgsm.upgrade_turn;
    v_after  pg_catalog.text := '';
begin
    tried := 0;
    upgraded := 0;
    failed := 0;
    loop
        v_turn := pgsm.upgrade_batch(
            machine, version,
            least(pg_catalog.int8(batch), max_instances operator(pg_catalog.-) tried)::pg_catalog.int4,
            v_after, instances
        );
        commit;
        exit when v_turn.tried operator(pg_catalog.=) 0;
        v_after := v_turn.last_id;
        tried := tried operator(pg_catalog.+) pg_catalog.int8(v_turn.tried);
        upgraded := upgraded operator(pg_catalog.+) pg_catalog.int8(v_turn.upgraded);
        failed := failed operator(pg_catalog.+) pg_catalog.int8(v_turn.failed);
        raise notice 'upgraded % of % instances of machine "%" to version %, % failed',
            upgraded, tried, machine, version, failed;
        if failed operator(pg_catalog.>) max_failures then
            raise exception 'stopped after % failures', failed
                using errcode = 'SM405',
                detail = pg_catalog.format('%s instances of %s went', upgraded, tried),
                hint = 'select * from pgsm.upgrade_failures; the next call goes on';
        end if;
    end loop;
end;
$$;

comment on procedure pgsm.upgrade_instances (
    text, integer, integer, text[], bigint, bigint, bigint, bigint, bigint
) is $comment$
    Upgrade all running instances of a machine, or those named, with a commit
    after each batch.

        call pgsm.upgrade_instances('order', 3, batch => 1000, max_failures => 100);

    Failures are recorded (pgsm.upgrade_failures) and tried again by the next
    call, which also goes on where one was interrupted.  max_instances makes a
    canary.  A notice after each batch; returns tried, upgraded and failed.  Raises
    SM002, SM003, SM405 after the batch in which more than max_failures have failed.
$comment$;

commit;
