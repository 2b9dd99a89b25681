-- Deploy pgsm:functions/lock_effect_limits to pg
-- requires: functions/effect_room
-- requires: functions/effect_heads
--
-- Lock order: limits after instances, timers and effects, by name.  Whoever holds a
-- limit waits for nothing, so to wait for one is to wait for a claim.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_effect_limits (names text[])
  returns jsonb
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_name   text;
    v_limit  pgsm_private.effect_limits;
    v_rooms  jsonb := '{}';
begin
    foreach v_name in array array(
        select l.name
        from pgsm_private.effect_limits as l
        where l.name = any (lock_effect_limits.names)
        order by l.name
    )
    loop
        v_rooms := v_rooms || jsonb_build_object(v_name, 0);
        -- a look without a lock: most claims find a name that is full or empty
        select l.*
        into v_limit
        from pgsm_private.effect_limits as l
        where l.name = v_name;
        continue when pgsm_private.effect_room(v_limit) = 0
            or not exists (select from pgsm_private.effect_heads(array[v_name]));
        select l.*
        into v_limit
        from pgsm_private.effect_limits as l
        where l.name = v_name
        for update;
        v_rooms := v_rooms || jsonb_build_object(
            v_name, case when found then pgsm_private.effect_room(v_limit) end
        );
    end loop;
    return v_rooms;
end;
$$;

comment on function pgsm_private.lock_effect_limits (text[]) is $comment$
    How many more effects of each limited name may be claimed, as an object; the
    names that have room and something due are locked until the transaction ends.
$comment$;

commit;
