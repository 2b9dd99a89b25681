-- Deploy pgsm:tables/definitions to pg
-- requires: tables/machines

begin;
set local role pgsm_owner;

create table pgsm_private.states (
    machine   text     not null,
    version   integer  not null,
    path      text     not null,
    position  integer  not null,
    parent    text,
    key       text     not null,
    type      text     not null,
    settings  json     not null,
    constraint states_pkey primary key (machine, version, path),
    constraint states_machine_version_fkey foreign key (machine, version)
        references pgsm_private.machine_versions (machine, version) on delete cascade,
    constraint type_is_known
        check (type in ('atomic', 'compound', 'parallel', 'final', 'history'))
);

comment on table pgsm_private.states is
    'A state of a version, in document order; the root has the path ''''.';

create table pgsm_private.transitions (
    machine    text     not null,
    version    integer  not null,
    state      text     not null,
    position   integer  not null,
    kind       text     not null,
    event      text,
    delay      text,
    invoke_id  text,
    targets    text[],
    guard      json,
    reenter    boolean,
    settings   json     not null,
    constraint transitions_pkey primary key (machine, version, state, position),
    constraint transitions_state_fkey foreign key (machine, version, state)
        references pgsm_private.states (machine, version, path) on delete cascade
);

comment on table pgsm_private.transitions is $comment$
    A transition of a version, in document order within its state.  targets are
    resolved state paths; null is a transition without a target.
$comment$;

create table pgsm_private.actions (
    machine              text     not null,
    version              integer  not null,
    state                text     not null,
    owner                text     not null,
    transition_position  integer  not null default -1,
    position             integer  not null,
    action               json     not null,
    constraint actions_pkey primary key
        (machine, version, state, owner, transition_position, position),
    constraint actions_state_fkey foreign key (machine, version, state)
        references pgsm_private.states (machine, version, path) on delete cascade,
    constraint owner_is_known check (owner in ('entry', 'exit', 'transition', 'initial'))
);

comment on table pgsm_private.actions is
    'An action of a version: of a state''s entry, exit or initial, or of one of its transitions.';

create table pgsm_private.invocations (
    machine       text     not null,
    version       integer  not null,
    state         text     not null,
    position      integer  not null,
    invoke_id     text     not null,
    src           text,
    child         text,
    settings      json     not null,
    constraint invocations_pkey primary key (machine, version, state, position),
    constraint invocations_state_fkey foreign key (machine, version, state)
        references pgsm_private.states (machine, version, path) on delete cascade
);

comment on table pgsm_private.invocations is
    'Work that lives as long as its state: an effect (src) or a machine (child).';

create table pgsm_private.implementations (
    machine     text     not null,
    version     integer  not null,
    kind        text     not null,
    name        text     not null,
    position    integer  not null,
    definition  json     not null,
    constraint implementations_pkey primary key (machine, version, kind, name),
    constraint implementations_machine_version_fkey foreign key (machine, version)
        references pgsm_private.machine_versions (machine, version) on delete cascade,
    constraint kind_is_known check (kind in ('guard', 'action', 'delay', 'effect'))
);

comment on table pgsm_private.implementations is
    'A named guard, action, delay or effect of a version.';

commit;
