-- Deploy pgsm:functions/save_preimage to pg
-- requires: tables/upgrades
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.save_preimage (
    image     pgsm_private.upgrade_preimages,
    revision  bigint,
    lasting   text
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_image  pgsm_private.upgrade_preimages := save_preimage.image;
begin
    insert into pgsm_private.upgrade_preimages (
        instance_id, revision, from_version, to_version, instance, timers, effects,
        keys, timers_after, lasting, taken_at
    )
    values (
        v_image.instance_id, save_preimage.revision, v_image.from_version,
        v_image.to_version, v_image.instance, v_image.timers, v_image.effects, v_image.keys,
        array(
            select t.timer_id
            from pgsm_private.timers as t
            where t.instance_id = v_image.instance_id
        ),
        save_preimage.lasting, v_image.taken_at
    );
end;
$$;

comment on function pgsm_private.save_preimage (
    pgsm_private.upgrade_preimages, bigint, text
) is $comment$
    Keep a pre-image with the revision that the upgrade has made, what it has left
    (the timers), and what cannot be undone.
$comment$;

commit;
