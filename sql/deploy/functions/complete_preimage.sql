-- Deploy pgsm:functions/complete_preimage to pg
-- requires: tables/upgrades
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.complete_preimage (
    instance_id     text,
    first_revision  bigint,
    last_revision   bigint,
    lasting         text
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    update pgsm_private.upgrade_preimages as p
    set revision = complete_preimage.last_revision,
        lasting = complete_preimage.lasting,
        timers_after = array(
            select t.timer_id
            from pgsm_private.timers as t
            where t.instance_id = complete_preimage.instance_id
        )
    where p.instance_id = complete_preimage.instance_id
        and p.revision = complete_preimage.first_revision;
end;
$$;

comment on function pgsm_private.complete_preimage (text, bigint, bigint, text) is
    'Note with a pre-image what the upgrade has left: the timers, and what cannot be undone.';

commit;
