-- Deploy pgsm:functions/start_instance to pg
-- requires: functions/check_paused
-- requires: functions/existing_instance
-- requires: functions/remove_tombstone
-- requires: functions/take_start
-- requires: functions/evaluate
-- requires: functions/write_step
-- requires: functions/raise_refusal
-- requires: functions/find_version
-- requires: functions/actor
-- requires: functions/time_text

begin;
set local role pgsm_owner;

create or replace function pgsm.start_instance (
    machine      text,
    instance_id  text default gen_random_uuid()::text,
    input        jsonb default '{}',
    version      integer default null,
    if_exists    text default 'refuse'
)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version   pgsm_private.machine_versions;
    v_instance  pgsm_private.instances;
    v_input     jsonb := coalesce(start_instance.input, '{}');
begin
    if start_instance.if_exists not in ('refuse', 'return') then
        raise exception 'if_exists is ''refuse'' or ''return'', not ''%''', start_instance.if_exists
            using errcode = 'SM115';
    elsif jsonb_typeof(v_input) <> 'object' then
        raise exception 'the input is a JSON object, not %', jsonb_typeof(v_input)
            using errcode = 'SM114';
    elsif start_instance.instance_id is null
        or start_instance.instance_id !~ '^[^[:cntrl:]]+$' or char_length(start_instance.instance_id) > 500
    then
        raise exception 'an instance id is a text of 1 to 500 printable characters'
            using errcode = 'SM113';
    end if;
    v_version := pgsm_private.find_version(start_instance.machine, start_instance.version);
    perform pgsm_private.check_paused(v_version.machine, v_version.version);
    -- the row stands before the first step, so that calls may refer to it
    insert into pgsm_private.instances (
        instance_id, machine, version, checksum, status, states, context, revision,
        incarnation, clock, started_at
    )
    select
        start_instance.instance_id, v_version.machine, v_version.version,
        v_version.checksum, 'active', '{}', '{}', 0,
        left(gen_random_uuid()::text, 8), c.clock, c.clock
    from pgsm_private.now() as c (clock)
    on conflict do nothing
    returning * into v_instance;
    if v_instance.instance_id is null then
        if pgsm_private.remove_tombstone(start_instance.instance_id) then
            return pgsm.start_instance(
                start_instance.machine, start_instance.instance_id, v_input,
                start_instance.version, start_instance.if_exists
            );
        end if;
        return pgsm_private.existing_instance(
            start_instance.machine, start_instance.instance_id, start_instance.if_exists
        );
    end if;
    return pgsm_private.take_start(v_instance, v_input, pgsm_private.actor());
end;
$$;

comment on function pgsm.start_instance (text, text, jsonb, integer, text) is $comment$
    Start an instance of a machine and run its first step.

        select * from pgsm.start_instance('order', 'order-42', '{"total": 12.50}');

    The input is what the document's context is computed from.  Returns the
    snapshot.  if_exists 'return' gives an instance of that id back as it is.
    Raises SM002 or SM003 (no such machine or version), SM109 (the id is
    taken), SM120 (by a deleted one), SM113, SM114, SM102 (the first step fails; nothing is started).
$comment$;

commit;
