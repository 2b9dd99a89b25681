-- What the shop had before there was a machine.
create schema shop;

create table shop.orders (
    order_id    bigint generated always as identity primary key,
    items       integer      not null,
    status      text         not null default 'offered',
    courier     text,
    eta         integer,
    offered_at  timestamptz  not null default now()
);
