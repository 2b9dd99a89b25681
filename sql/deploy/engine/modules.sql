-- Deploy pgsm:engine/modules to pg
-- requires: schemas/schemas
-- requires: schemas/extensions
--
-- Owned by the superuser who deploys, like everything in pgsm_engine.

begin;

create table pgsm_engine.modules (
    release  text  not null,
    name     text  not null,
    source   text  not null,
    constraint modules_pkey primary key (release, name)
);

comment on table pgsm_engine.modules is
    'The interpreter''s Python source, one module a row; written by the engine''s change only.';

grant select on pgsm_engine.modules to pgsm_owner;

commit;
