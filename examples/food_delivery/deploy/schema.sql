-- Deploy food_delivery:schema to pg
-- requires: pgsm:roles/grants

begin;

create schema food;
comment on schema food is 'Food delivery: the application''s own tables, beside the machine that moves them.';

create table food.restaurants (
    restaurant_id     text     primary key,
    email             text     not null,
    has_relationship  boolean  not null default true,
    delivers_itself   boolean  not null default false
);

create table food.orders (
    order_id       text         primary key,
    restaurant_id  text         not null references food.restaurants,
    customer       text         not null,
    address        text         not null,
    items          jsonb        not null,
    status         text         not null default 'cart',
    eta            numeric,
    paid           numeric,
    changed_at     timestamptz  not null default now()
);
comment on column food.orders.status is 'Written by the machine "order", in the transaction of its transitions.';
comment on column food.orders.eta is 'Minutes until the food is ready, as the restaurant said when it accepted.';
comment on column food.orders.paid is 'What the courier paid where the restaurant has no relationship with us.';

create table food.couriers (
    courier_id  text  primary key,
    email       text  not null,
    order_id    text  unique references food.orders
);
comment on column food.couriers.order_id is 'What the courier is busy with.';

insert into food.restaurants (restaurant_id, email, has_relationship, delivers_itself)
values
    ('trattoria', 'orders@trattoria.example', true, false),
    ('night-market', 'stall@market.example', false, false),
    ('pizza-express', 'pizza@express.example', true, true);

insert into food.couriers (courier_id, email)
values
    ('kim', 'kim@couriers.example'),
    ('lee', 'lee@couriers.example'),
    ('sam', 'sam@couriers.example');

grant usage on schema food to pgsm_caller, pgsm_client;
grant select on all tables in schema food to pgsm_client;
grant insert on food.orders to pgsm_client;

commit;
