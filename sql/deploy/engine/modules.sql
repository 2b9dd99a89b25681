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

create table pgsm_engine.bytecode (
    release  text   not null,
    name     text   not null,
    magic    text   not null,
    code     bytea  not null,
    constraint bytecode_pkey primary key (release, name, magic)
);

comment on table pgsm_engine.bytecode is $comment$
    The modules as the server's Python has compiled them when they were deployed, for
    that Python only (magic); sessions of another one compile the source themselves.
$comment$;

grant select on pgsm_engine.modules, pgsm_engine.bytecode to pgsm_owner;

commit;
