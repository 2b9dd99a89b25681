-- Deploy pgsm:functions/simulated_commands to pg
-- requires: functions/due_at

begin;
set local role pgsm_owner;

create or replace function pgsm_private.simulated_commands (
    result  jsonb,
    name    text,
    clock   timestamptz
)
  returns jsonb
  language sql
  stable
as $$
    select coalesce(jsonb_agg(
        jsonb_strip_nulls((r.command - array['due', 'from']) || jsonb_build_object('due_at',
            case when r.command ? 'due' then pgsm_private.due_at(
                coalesce((r.command ->> 'from')::timestamptz, $3), r.command -> 'due', $1 ->> 'zone'
            ) end))
        order by r.ordinal
    ), '[]')
    from jsonb_array_elements($1 -> $2) with ordinality as r (command, ordinal)
$$;

comment on function pgsm_private.simulated_commands (jsonb, text, timestamptz) is
    'The timers, messages, effects or children of a step that is not written, with their due times.';

commit;
