"""What a shop has in its database: prices, months, invoices."""

from __future__ import annotations

import calendar
from datetime import datetime
from decimal import Decimal
from typing import Any

Json = Any

SQL = """
create schema billing;
grant usage on schema billing to pgsm_caller;
create table billing.invoices (
    subscription text, number integer, invoice jsonb, paid boolean default false
);
grant select, insert, update on billing.invoices to pgsm_caller;

create function billing.price (plan text) returns numeric
  language sql
  immutable
return case plan when 'basic' then 10.00 when 'team' then 49.90 else 99.99 end;

create function billing.add_months (start timestamptz, months integer)
  returns timestamptz
  language sql
  stable
return (start at time zone 'UTC' + make_interval(months => months)) at time zone 'UTC';

create function billing.write_invoice (subscription text, invoice jsonb) returns void
  language sql
begin atomic
    insert into billing.invoices
    values (subscription, (invoice ->> 'number')::integer, invoice);
end;

create function billing.settle_invoice (subscription text, number integer)
  returns void
  language sql
begin atomic
    update billing.invoices as i set paid = true
    where i.subscription = settle_invoice.subscription
        and i.number = settle_invoice.number;
end;
"""
PRICES = {"basic": Decimal("10.00"), "team": Decimal("49.90")}


def add_months(start: str, months: int) -> str:
    day = datetime.fromisoformat(start.replace("Z", "+00:00"))
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return day.replace(year=year, month=month, day=min(day.day, last)).isoformat()


FAKES = {
    "billing.price(text)": lambda plan: PRICES.get(plan, Decimal("99.99")),
    "billing.add_months(timestamptz, integer)": add_months,
    "billing.write_invoice(text, jsonb)": None,
    "billing.settle_invoice(text, integer)": None,
}
