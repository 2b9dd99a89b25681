-- Deploy pgsm:views/states to pg
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create view pgsm.states with (security_barrier) as
select
    s.machine, s.version, s.path, s.position, s.parent, s.key, s.type,
    array(
        select json_array_elements_text(s.settings -> 'tags')
        where json_typeof(s.settings -> 'tags') = 'array'
    ) as tags,
    s.settings ->> 'description' as description
from pgsm_private.states as s;

comment on view pgsm.states is 'The states of each version, in document order (position); the root''s path is ''''.';

commit;
