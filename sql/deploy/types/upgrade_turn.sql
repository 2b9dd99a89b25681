-- Deploy pgsm:types/upgrade_turn to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create type pgsm.upgrade_turn as (
    tried     integer,
    upgraded  integer,
    last_id   text,
    failed    integer
);

comment on type pgsm.upgrade_turn is $comment$
    What one batch of an upgrade did: instances tried, upgraded and failed, and the last
    instance id, after which the next batch goes on.
$comment$;

commit;
