-- Deploy pgsm:functions/release_next_effect to pg
-- requires: tables/effects
-- requires: functions/notify_runners

begin;
set local role pgsm_owner;

create or replace function pgsm_private.release_next_effect (instance_id text, name text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    update pgsm_private.effects as e
    set held_back = false
    where e.instance_id = release_next_effect.instance_id
        and e.held_back
        and e.effect_id = (
            select o.effect_id
            from pgsm_private.effects as o
            where o.instance_id = release_next_effect.instance_id
                and o.name = release_next_effect.name
                and o.place is not null
                and o.status in ('pending', 'retrying', 'running', 'failed')
                and (o.status <> 'failed' or coalesce(o.error ->> 'handled', '') <> 'true')
            order by o.place
            limit 1
        );
    if found then
        perform pgsm_private.notify_runners();
    end if;
end;
$$;

comment on function pgsm_private.release_next_effect (text, text) is $comment$
    Let the next one of an instance's ordered effects of a name go, where the one
    before it is over; whoever ends one calls this, with the instance locked.
$comment$;

commit;
