-- Deploy pgsm:tables/effects_deadline to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

-- A deadline ends an effect that nobody claims, too: claims find it by this.
create index effects_deadline_idx on pgsm_private.effects (deadline_at)
    where status in ('pending', 'retrying') and deadline_at is not null;

commit;
