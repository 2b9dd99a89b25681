-- Deploy pgsm:views/effect_names to pg
-- requires: tables/effects
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create or replace view pgsm.effect_names with (security_barrier = true) as
select
    d.name,
    d.machine,
    d.version,
    d.definition as policy,
    exists (
        select
        from pgsm_private.runners as r
        where d.name = any (r.names)
            and r.seen_at > clock_timestamp() - interval '1 minute'
    ) as is_handled
from pgsm_private.implementations as d
where d.kind = 'effect';

comment on view pgsm.effect_names is $comment$
    The effects that machines declare, with their policy, and whether a living
    runner handles them.

        select name, machine from pgsm.effect_names where not is_handled;
$comment$;

commit;
