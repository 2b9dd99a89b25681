-- Deploy pgsm:functions/upgrade_set to pg
-- requires: functions/upgrade_rounds
-- requires: functions/upgrade_alone
-- requires: functions/record_upgrade_failure
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_set (
    instance_ids  text[],
    version       integer,
    actor         jsonb,
    out done      integer,
    out failed    integer
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_ids       text[] := upgrade_set.instance_ids;
    v_failed    jsonb := '{}';
    v_alone     text[] := '{}';
    v_rest      jsonb;
    v_is_wrong  boolean;
    v_is_over   boolean;
    v_more      integer;
    v_errors    jsonb;
begin
    loop
        v_is_over := false;
        begin
            select r.done, r.rest, r.is_wrong
            into done, v_rest, v_is_wrong
            from pgsm_private.upgrade_rounds(v_ids, upgrade_set.version, upgrade_set.actor) as r;
            v_is_over := true;
            if v_is_wrong then
                raise exception 'undone' using errcode = 'SM900';
            end if;
        exception
            when others then
                if pgsm_private.is_fatal(sqlstate) then
                    raise;
                end if;
                done := 0;
                -- who is to blame is not known: each is upgraded alone
                if not v_is_over then
                    v_is_wrong := false;
                    v_rest := (
                        select coalesce(jsonb_object_agg(u.id, null), '{}') from unnest(v_ids) as u (id)
                    );
                end if;
        end;
        v_alone := v_alone || array(
            select r.id
            from jsonb_each(v_rest) as r (id, error)
            where r.error = 'null'
        );
        v_failed := v_failed || jsonb_strip_nulls(v_rest);
        exit when not v_is_wrong;
        v_ids := array(select u.id from unnest(v_ids) as u (id) where not v_rest ? u.id);
    end loop;
    if v_alone <> '{}' then
        select a.done, a.failed
        into v_more, v_errors
        from pgsm_private.upgrade_alone(
            array(select u.id from unnest(v_alone) as u (id) order by u.id collate "C"),
            upgrade_set.version, upgrade_set.actor
        ) as a;
        done := done + v_more;
        v_failed := v_failed || v_errors;
    end if;
    select count(pgsm_private.record_upgrade_failure(i, upgrade_set.version, f.error))
    into failed
    from jsonb_each(v_failed) as f (id, error)
    join pgsm_private.instances as i on i.instance_id = f.id;
end;
$$;

comment on function pgsm_private.upgrade_set (text[], integer, jsonb) is $comment$
    Upgrade locked instances, those for which it is possible by few statements for all,
    the others one after the other; ended ones and those of the version are passed over.
    One that cannot go is recorded in upgrade_failures and does not hold up the others.
    Returns how many went and how many could not.
$comment$;

commit;
