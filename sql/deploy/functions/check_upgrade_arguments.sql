-- Deploy pgsm:functions/check_upgrade_arguments to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_upgrade_arguments (states jsonb, timers jsonb)
  returns jsonb
  language plpgsql
  immutable
as $$
declare
    v_problems  jsonb := '[]';
begin
    if jsonb_typeof(check_upgrade_arguments.states) is distinct from 'object' then
        v_problems := v_problems || jsonb_build_object('path', '$.states',
            'code', 'wrong_type', 'message', 'the state map is an object');
    elsif exists (
        select from jsonb_each(check_upgrade_arguments.states) as r (path, target)
        where jsonb_typeof(r.target) not in ('string', 'null', 'array') or r.target = '[]'
    ) then
        v_problems := v_problems || jsonb_build_object('path', '$.states',
            'code', 'wrong_type', 'message', 'a state maps to a state, a list of states, or null');
    end if;
    if check_upgrade_arguments.timers is null or not (
        jsonb_typeof(check_upgrade_arguments.timers) = 'object'
        or check_upgrade_arguments.timers <@ '["keep", "recompute", "restart", "drop"]'
    ) then
        v_problems := v_problems || jsonb_build_object('path', '$.timers',
            'code', 'wrong_type',
            'message', 'timers is "keep", "recompute", "restart", "drop", or a map of timers');
    end if;
    return v_problems;
end;
$$;

comment on function pgsm_private.check_upgrade_arguments (jsonb, jsonb) is
    'The problems in the shape of an upgrade''s arguments.';

commit;
