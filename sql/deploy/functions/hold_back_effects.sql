-- Deploy pgsm:functions/hold_back_effects to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.hold_back_effects (instance_id text, revision bigint)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    update pgsm_private.effects as e
    set held_back = true
    where e.instance_id = hold_back_effects.instance_id
        and e.place >= array[hold_back_effects.revision]
        and exists (
            select
            from pgsm_private.effects as o
            where o.instance_id = hold_back_effects.instance_id
                and o.name = e.name
                and o.place < e.place
                and o.status in ('pending', 'retrying', 'running', 'failed')
                and (o.status <> 'failed' or coalesce(o.error ->> 'handled', '') <> 'true')
        );
end;
$$;

comment on function pgsm_private.hold_back_effects (text, bigint) is $comment$
    Hold back those ordered effects of a step that are not the first of their
    instance and name.  The instance is locked.
$comment$;

commit;
