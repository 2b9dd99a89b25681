"""The SQL functions that the charts of these tests call, and their likes in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgsm.testing import FunctionError

SQL = """
create schema shop;
grant usage on schema shop to pgsm_caller;
create table shop.notes (position int generated always as identity, note text);
grant select, insert on shop.notes to pgsm_caller;

create function shop.note (note text) returns bigint
  language sql
begin atomic
    insert into shop.notes (note) values (note.note);
    select count(*) from shop.notes;
end;

create function shop.add (a numeric, b numeric) returns numeric
  language sql
  immutable
return a + b;

create function shop.in_stock (sku text) returns boolean
  language sql
  stable
return case when sku <> 'unknown' then sku = 'apple' end;

create function shop.fail (message text) returns void
  language plpgsql
as $$
begin
    raise exception '%', message using errcode = 'SH001';
end;
$$;

create function shop.cannot_tell (sku text) returns boolean
  language plpgsql
  stable
as $$
begin
    raise exception 'no such article: %', sku using errcode = 'SH002';
end;
$$;
"""


def python_functions() -> dict[str, Callable[..., Any]]:
    """The same, without a memory that outlives one chart."""
    notes: list[str] = []

    def note(text: str) -> int:
        notes.append(text)
        return len(notes)

    def in_stock(sku: str) -> bool | None:
        return None if sku == "unknown" else sku == "apple"

    def fail(message: str) -> None:
        raise FunctionError(message, "SH001")

    def cannot_tell(sku: str) -> bool:
        raise FunctionError(f"no such article: {sku}", "SH002")

    return {
        "shop.note(text)": note,
        "shop.add(numeric,numeric)": lambda a, b: a + b,
        "shop.in_stock(text)": in_stock,
        "shop.fail(text)": fail,
        "shop.cannot_tell(text)": cannot_tell,
    }
