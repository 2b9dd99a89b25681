-- Deploy pgsm:functions/refuse_unhandled to pg
-- requires: tables/machines
-- requires: types/snapshot

begin;
set local role pgsm_owner;

create or replace function pgsm_private.refuse_unhandled (
    snapshot      pgsm.snapshot,
    event         text,
    on_unhandled  text
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_snapshot  pgsm.snapshot := refuse_unhandled.snapshot;
    v_policy    text := refuse_unhandled.on_unhandled;
begin
    if v_policy is null then
        select v.unhandled into v_policy
        from pgsm_private.machine_versions as v
        where v.machine = v_snapshot.machine and v.version = v_snapshot.version;
    end if;
    if v_policy = 'ignore' then
        return;
    elsif v_policy <> 'refuse' then
        raise exception 'on_unhandled is ''ignore'' or ''refuse'', not ''%''', v_policy
            using errcode = 'SM115';
    end if;
    raise exception 'instance "%" does not take event "%" in state %',
        v_snapshot.instance_id, refuse_unhandled.event, v_snapshot.value
        using errcode = 'SM101',
        detail = concat_ws(', ',
            format('machine "%s" version %s', v_snapshot.machine, v_snapshot.version),
            'the guards that said no: ' || (
                select string_agg(r.guard, ', ')
                from jsonb_array_elements_text(v_snapshot.details -> 'refused_by') as r (guard)
            )),
        hint = 'select * from pgsm.enabled_events(instance_id) lists what it takes';
end;
$$;

comment on function pgsm_private.refuse_unhandled (pgsm.snapshot, text, text) is
    'Raise SM101 for an event that nothing took, where the caller or the document wants that.';

commit;
