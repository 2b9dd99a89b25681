"""The functions of lists and objects."""

from __future__ import annotations

from . import expression_values as values
from .exact import Value
from .expression_numbers import check_order, json_type
from .expression_table import function, list_of, object_of, refusal, text_of
from .expression_values import Work


@function("len(value)")
def len_(work: Work, value: Value) -> Value:
    """The number of elements of a list, keys of an object, characters of a text."""
    if type(value) not in (list, dict, str):
        raise refusal("len", "a list, an object or a text", value)
    return len(value)


@function("any(list)")
def any_(work: Work, elements: Value) -> Value:
    """Whether at least one element is true; all of them are evaluated."""
    return any(list_of("any", elements, work))


@function("all(list)")
def all_(work: Work, elements: Value) -> Value:
    """Whether no element is false; all of them are evaluated."""
    return all(list_of("all", elements, work))


@function("sorted(list, key=null)")
def sorted_(work: Work, elements: Value, key: Value = None) -> Value:
    """The list in ascending order; a list of objects by one of their keys."""
    elements = list_of("sorted", elements, work)
    keys = elements
    if key is not None:
        name = text_of("sorted", key, work)
        keys = [values.element(e, name, "an element of the list") for e in elements]
    check_order("sorted", keys, work)
    work.spend(2 * len(keys))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [elements[index] for index in order]


@function("reversed(list)")
def reversed_(work: Work, value: Value) -> Value:
    """The list or the text from its end to its beginning."""
    return values.part(value, None, None, -1, work)


@function("first(list, default=null)")
def first(work: Work, elements: Value, default: Value = None) -> Value:
    """The first element of a list, or the default when it is empty."""
    if type(elements) is not list:
        raise refusal("first", "a list", elements)
    return elements[0] if elements else default


@function("last(list, default=null)")
def last(work: Work, elements: Value, default: Value = None) -> Value:
    """The last element of a list, or the default when it is empty."""
    if type(elements) is not list:
        raise refusal("last", "a list", elements)
    return elements[-1] if elements else default


@function("unique(list)")
def unique(work: Work, elements: Value) -> Value:
    """The list without elements that are equal to an earlier one."""
    values.pay_for_value(list_of("unique", elements, work), work)
    return list({_hashable(e): e for e in reversed(elements)}.values())[::-1]


def _hashable(value: Value) -> Value:
    """What is equal exactly for values that are equal as JSON."""
    if type(value) is list:
        return ("array", *map(_hashable, value))
    if type(value) is dict:
        return ("object", frozenset((k, _hashable(v)) for k, v in value.items()))
    return (json_type(value), value)


@function("zip(list, …)")
def zip_(work: Work, *lists: Value) -> Value:
    """Lists of the first elements, the second ones …, up to the end of the shortest."""
    checked = [list_of("zip", elements, work) for elements in lists]
    return [list(group) for group in zip(*checked, strict=False)]


@function("enumerate(list, start=0)")
def enumerate_(work: Work, elements: Value, start: Value = 0) -> Value:
    """A list of [index, element] for each element."""
    elements = list_of("enumerate", elements, work)
    offset = values.whole(start, "the second argument of enumerate")
    return [[index, element] for index, element in enumerate(elements, offset)]


@function("flatten(list)")
def flatten(work: Work, lists: Value) -> Value:
    """The elements of the lists in a list, as one list."""
    result: list[Value] = []
    for elements in list_of("flatten", lists, work):
        values.size(len(result) + len(list_of("flatten", elements, work)), work)
        result += elements
    return result


@function("contains(container, item)")
def contains(work: Work, container: Value, item: Value) -> Value:
    """The same as `item in container`: a list, a text, or an object and a key."""
    return values.contained(item, container, work)


@function("get(object, key, default=null)")
def get(work: Work, value: Value, key: Value, default: Value = None) -> Value:
    """The value at a key of an object or an index of a list, or else the default."""
    if value is None:
        return default
    if type(value) is dict:
        if type(key) is not str:
            raise refusal("get", "a text as the key of an object", key)
        return value.get(key, default)
    if type(value) is not list:
        raise refusal("get", "an object or a list", value)
    index = values.whole(key, "the index of a list")
    return value[index] if -len(value) <= index < len(value) else default


@function("merge(object, …)")
def merge(work: Work, *objects: Value) -> Value:
    """One object with the keys of all; for keys in several, the last one's value."""
    result: dict[str, Value] = {}
    for value in objects:
        result.update(object_of("merge", value, work))
    return result


@function("without(object, key, …)")
def without(work: Work, value: Value, *keys: Value) -> Value:
    """The object without these keys; a key that it does not have is nothing."""
    for key in keys:
        text_of("without", key, work)
    return {k: v for k, v in object_of("without", value, work).items() if k not in keys}


@function("keys(object)")
def keys_(work: Work, value: Value) -> Value:
    """The keys of an object, as a list."""
    return values.keys_of(object_of("keys", value, work))


@function("values(object)")
def values_(work: Work, value: Value) -> Value:
    """The values of an object, as a list."""
    return [value[key] for key in values.keys_of(object_of("values", value, work))]


@function("items(object)")
def items(work: Work, value: Value) -> Value:
    """A list of [key, value] for each key of an object."""
    work.spend(3 * len(object_of("items", value, work)))
    return [[key, value[key]] for key in values.keys_of(value)]
