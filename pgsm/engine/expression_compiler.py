"""Checks the syntax tree of an expression and rewrites it to what is run.

Only node types with a visitor here are of the language.  Names that the source
chose never reach the compiled code as they are: loop variables get the prefix `v_`,
all others become look-ups in `scope`.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from . import expression_values as values
from .exact import Value
from .expression_tokens import MAX_DEPTH, ExpressionError, Tokens
from .functions import FUNCTIONS

NAMES = ("context", "event", "instance", "now", "auth", "params", "item", "index")
LITERALS = {"true": True, "false": False, "null": None}
MANY_READS = 20  # a result made of more values than that is measured
MAX_LOOPS = 10  # one in the other; Python 3.12's compiler crashes at some hundreds
GENERATED_DEPTH = 5 * MAX_DEPTH
MAX_EXPONENT = 1_000  # of a number in the source

Run = Callable[[dict[str, Value], Any], Value]

# All that compiled code can see, besides its scope.
_GLOBALS: dict[str, Any] = {
    "__builtins__": {},
    **{f"f_{name}": function.call for name, function in FUNCTIONS.items()},
    **{
        helper.__name__: helper
        for helper in (
            *(values.add, values.subtract, values.multiply, values.divide),
            *(values.floor_divide, values.modulo, values.power),
            *(values.negative, values.positive),
            *(values.less, values.less_equal, values.greater, values.greater_equal),
            *(values.equal, values.not_equal),
            *(values.contained, values.not_contained),
            *(values.scope_value, values.datum, values.element, values.part),
            *(values.turns, values.tuples, values.key_text),
            *(values.in_state, values.pay_for_value),
        )
    },
}

_BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "modulo",
    ast.Pow: "power",
}
_COMPARE = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.In: "contained",
    ast.NotIn: "not_contained",
}
_OTHER_NAMES = {
    "strip": "trim",
    "length": "len",
    "size": "len",
    "count": "len",
    "includes": "contains",
    "has": "contains",
    "toUpperCase": "upper",
    "toLowerCase": "lower",
    "concat": "merge",
    "dict": "merge",
    "ifnull": "coalesce",
    "Decimal": "number",
    "string": "str",
    "trunc": "int",
    "type": "type_of",
    "isinstance": "type_of",
}


def _name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_name(function), list(arguments), [])


def _lambda(parameters: Iterable[str], body: ast.expr) -> ast.Lambda:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.Lambda(arguments, body)


def check_depth(tree: ast.expr, levels: int) -> None:
    """Refuse a tree with more levels; Python's compiler may crash on deep ones."""
    level: list[ast.AST] = [tree]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    message = f"the expression is nested more than {MAX_DEPTH} levels deep"
    raise ExpressionError(message)


def function(body: ast.expr, constants: list[Decimal]) -> Run:
    """The function of scope and work that the body makes."""
    check_depth(body, GENERATED_DEPTH)
    factory = _lambda(
        [f"c{index}" for index in range(len(constants))],
        _lambda(["scope", "work"], body),
    )
    tree = ast.fix_missing_locations(ast.Expression(factory))
    code = compile(tree, "<expression>", "eval")
    run: Run = eval(code, _GLOBALS)(*constants)  # built above, of allowed nodes only
    return run


class Compiler:
    """Checks the tree of one expression and rewrites it."""

    def __init__(
        self,
        scanned: Tokens,
        names: frozenset[str],
        explain: bool,
        data_by_name: bool = False,
    ) -> None:
        self.data_by_name = data_by_name
        self.scanned = scanned
        self.allowed = names
        self.explain = explain
        self.constants: list[Decimal] = []
        self.read: set[str] = set()
        self.indexed: set[tuple[str, ...]] = set()
        self.path_of: dict[ast.expr, tuple[str, ...]] = {}
        self.states: set[str] = set()
        self.reads = 0
        self.works = False
        self.loops = False
        self.variables: list[set[str]] = []  # of the loops around
        self.middles = 0  # values between two comparisons

    def visit(self, node: ast.expr) -> ast.expr:
        method = _VISITORS.get(type(node))
        if method is None:
            what = _UNKNOWN.get(type(node), type(node).__name__.lower())
            raise self.error(f"{what} is not part of the language", node)
        return method(self, node)

    def finished(self, body: ast.expr) -> ast.expr:
        """The body; its value is measured where it may be far longer than it looks."""
        if self.loops or self.reads > MANY_READS:
            return self.working("pay_for_value", body)
        return body

    def working(self, function: str, *arguments: ast.expr) -> ast.Call:
        self.works = True
        return _call(function, *arguments, _name("work"))

    def error(
        self, message: str, node: ast.expr | None = None, hint: str | None = None
    ) -> ExpressionError:
        offset = None if node is None else self.scanned.offset(node.col_offset)
        return ExpressionError(message, offset, hint)

    def place(self, node: ast.expr) -> ast.Constant:
        """What the source calls a value, for messages at run time."""
        text = self.scanned.source(node)
        return ast.Constant(text if len(text) <= 100 else text[:99] + "…")

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """The longest static paths of keys that are read."""
        return frozenset(self.indexed | set(self.path_of.values()))

    # ------------------------------------------------------- names and literals

    def constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if type(value) is float:
            return self.decimal(self.number(node))
        if type(value) is str:
            if "\0" in value:
                raise self.error("a text cannot have the character \\u0000", node)
            if any("\ud800" <= char <= "\udfff" for char in value):
                message = "half of a surrogate pair is not a character"
                raise self.error(message, node)
        elif value is not None and type(value) not in (bool, int):
            raise self.error("this literal is not part of the language", node)
        return ast.Constant(value)

    def number(self, node: ast.Constant) -> Decimal:
        """The number of a literal as written, not as Python's float reads it."""
        text = self.scanned.source(node).replace("_", "")
        _, _, exponent = text.lower().partition("e")
        if exponent and abs(int(exponent)) > MAX_EXPONENT:
            raise self.error("the number is out of range", node)
        return Decimal(text)

    def decimal(self, number: Decimal) -> ast.expr:
        self.constants.append(number)
        return _name(f"c{len(self.constants) - 1}")

    def name(self, node: ast.Name) -> ast.expr:
        name = self.scanned.names.get(node.col_offset, "")
        if name in LITERALS:
            return ast.Constant(LITERALS[name])
        if any(name in variables for variables in self.variables):
            self.reads += 1
            return _name(f"v_{name}")
        if name not in self.allowed:
            if self.data_by_name:
                self.reads += 1
                return _call("datum", _name("scope"), ast.Constant(name))
            raise self.unknown(name, node)
        self.read.add(name)
        self.reads += 1
        result: ast.expr
        if self.explain:
            result = _call("scope_value", _name("scope"), ast.Constant(name))
        else:
            result = ast.Subscript(_name("scope"), ast.Constant(name), ast.Load())
        self.path_of[result] = (name,)
        return result

    def unknown(self, name: str, node: ast.expr) -> ExpressionError:
        if name in FUNCTIONS or name == "in_state":
            return self.error(f"{name} is a function", node, f"write: {name}(…)")
        if name in NAMES or name == "input":
            have = ", ".join(sorted(self.allowed)) or "none"
            return self.error(f"{name} is not available here", node, f"names: {have}")
        known = [*self.allowed, *LITERALS, *FUNCTIONS]
        return self.error(f'unknown name "{name}"', node, _did_you_mean(name, known))

    # --------------------------------------------------------- keys and indexes

    def attribute(self, node: ast.Attribute) -> ast.expr:
        key = self.scanned.keys.get(node.end_col_offset or 0)
        if key is None:
            raise self.error("the name of a key must follow the dot", node)
        return self.read_key(node.value, key)

    def subscript(self, node: ast.Subscript) -> ast.expr:
        index = node.slice
        if isinstance(index, ast.Slice):
            bounds = (index.lower, index.upper, index.step)
            return self.working(
                "part",
                self.visit(node.value),
                *(self.visit(b) if b else ast.Constant(None) for b in bounds),
            )
        if isinstance(index, ast.Tuple):
            raise self.error("an index is one value", index)
        key = self.visit(index)
        if isinstance(key, ast.Constant):
            if type(key.value) is str or type(key.value) is int:
                return self.read_key(node.value, key.value)
            raise self.error("an index is a text or a whole number", index)
        return _call("element", self.visit(node.value), key, self.place(node.value))

    def read_key(self, value: ast.expr, key: str | int) -> ast.expr:
        """The element at a constant key: a plain subscript, unless it must explain."""
        visited = self.visit(value)
        result: ast.expr
        if self.explain or not isinstance(visited, (ast.Subscript, ast.Name, ast.Call)):
            # Python warns of a literal with an index that it cannot have.
            result = _call("element", visited, ast.Constant(key), self.place(value))
        else:
            result = ast.Subscript(visited, ast.Constant(key), ast.Load())
        path = self.path_of.pop(visited, None)
        if path and isinstance(key, str):
            self.path_of[result] = (*path, key)
        elif path:
            self.indexed.add(path)
        return result

    # --------------------------------------------------------------- operators

    def unary(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), operand)
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.error("this operator is not part of the language", node)
        if isinstance(operand, ast.Constant) and type(operand.value) is int:
            minus = isinstance(node.op, ast.USub)
            return ast.Constant(-operand.value if minus else operand.value)
        if isinstance(node.op, ast.USub):
            return self.working("negative", operand)
        return _call("positive", operand)

    def binary(self, node: ast.BinOp) -> ast.expr:
        function = _BINARY.get(type(node.op))
        if function is None:
            raise self.error("this operator is not part of the language", node)
        return self.working(function, self.visit(node.left), self.visit(node.right))

    def boolean(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.visit(value) for value in node.values])

    def conditional(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))

    def compare(self, node: ast.Compare) -> ast.expr:
        """One comparison, or a chain, each value of which is evaluated once."""
        return self.chain(self.visit(node.left), node.ops, node.comparators)

    def chain(
        self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]
    ) -> ast.expr:
        right = self.visit(others[0])
        if len(ops) == 1:
            return self.comparison(left, ops[0], right, others[0])
        middle = f"m{self.middles}"
        self.middles += 1
        first = self.comparison(left, ops[0], _name(middle), others[0])
        rest = self.chain(_name(middle), ops[1:], others[1:])
        both = _lambda([middle], ast.BoolOp(ast.And(), [first, rest]))
        return ast.Call(both, [right], [])

    def comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, source: ast.expr
    ) -> ast.expr:
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not isinstance(right, ast.Constant) or type(right.value) in (int, str):
                message = "is compares with null, true and false only"
                raise self.error(message, source, "write: == or !=")
            op = ast.Eq() if isinstance(op, ast.Is) else ast.NotEq()
        if isinstance(op, (ast.Eq, ast.NotEq)) and _compares_plainly(left, right):
            return ast.Compare(left, [op], [right])
        if isinstance(op, (ast.In, ast.NotIn)):
            self.works = True
        return _call(_COMPARE[type(op)], left, right, _name("work"))

    # ------------------------------------------------------ lists, objects, loops

    def list_(self, node: ast.List | ast.Tuple) -> ast.expr:
        return ast.List([self.visit(element) for element in node.elts], ast.Load())

    def dict_(self, node: ast.Dict) -> ast.expr:
        keys: list[ast.expr | None] = []
        for key in node.keys:
            if key is None:
                raise self.error("** is not part of the language", node, "merge(a, b)")
            keys.append(self.key(key))
        return ast.Dict(keys, [self.visit(value) for value in node.values])

    def key(self, node: ast.expr) -> ast.expr:
        """A key of an object: a text, by its literal or else at run time."""
        key = self.visit(node)
        if not isinstance(key, ast.Constant):
            return _call("key_text", key)
        if type(key.value) is not str:
            message = f"the key of an object is a text, not {values.kind(key.value)}"
            hint = "a key is quoted, or else it is read as a name"
            raise self.error(message, node, hint)
        return key

    def list_loop(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        generators = self.generators(node, node.generators)
        result = ast.ListComp(self.visit(node.elt), generators)
        del self.variables[-len(generators) :]
        return result

    def dict_loop(self, node: ast.DictComp) -> ast.expr:
        generators = self.generators(node, node.generators)
        result = ast.DictComp(self.key(node.key), self.visit(node.value), generators)
        del self.variables[-len(generators) :]
        return result

    def generators(
        self, loop: ast.expr, generators: list[ast.comprehension]
    ) -> list[ast.comprehension]:
        """The loops, each of which pays for its turns; leaves their variables known."""
        self.works = self.loops = True
        if len(self.variables) + len(generators) > MAX_LOOPS:
            raise self.error(f"more than {MAX_LOOPS} loops are nested", loop)
        cost = max(values.STEP_COST, sum(1 for _ in ast.walk(loop)))
        result = []
        for generator in generators:
            iterated = self.visit(generator.iter)
            targets = self.targets(generator.target)
            if isinstance(generator.target, ast.Name):
                turns = self.working("turns", iterated, ast.Constant(cost))
            else:
                number = ast.Constant(len(targets))
                turns = self.working("tuples", iterated, number, ast.Constant(cost))
            self.variables.append(set(targets))
            names: list[ast.expr] = [ast.Name(f"v_{t}", ast.Store()) for t in targets]
            target = names[0]
            if not isinstance(generator.target, ast.Name):
                target = ast.Tuple(names, ast.Store())
            ifs = [self.visit(condition) for condition in generator.ifs]
            result.append(ast.comprehension(target, turns, ifs, 0))
        return result

    def targets(self, node: ast.expr) -> list[str]:
        """The variables of a loop as written."""
        several = isinstance(node, (ast.Tuple, ast.List))
        nodes = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
        names = [
            self.scanned.names.get(n.col_offset, "")
            for n in nodes
            if isinstance(n, ast.Name)
        ]
        if len(names) != len(nodes) or not names or len(set(names)) != len(names):
            what = "different names" if several else "a name"
            raise self.error(f"the variable of a loop is {what}", node)
        for name in names:
            if not is_variable(name):
                raise self.error(f'"{name}" cannot be the variable of a loop', node)
        return names

    # --------------------------------------------------------------- functions

    def call(self, node: ast.Call) -> ast.expr:
        name = self.function_name(node.func)
        if node.keywords:
            word = node.keywords[0].arg or "**"
            message = f'arguments have no names: "{word}"'
            raise self.error(message, node.keywords[0].value)
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.error(
                    "* before an argument is not of the language", argument
                )
        if name == "in_state":
            return self.in_state(node)
        function = FUNCTIONS[name]
        if not function.least <= len(node.args) <= function.most:
            message = f"{name} does not take {len(node.args)} arguments"
            raise self.error(message, node, function.signature)
        self.works = True
        arguments = [self.visit(argument) for argument in node.args]
        return _call(f"f_{name}", _name("work"), *arguments)

    def function_name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            key = self.scanned.keys.get(node.end_col_offset or 0, "")
            raise self.error("a key cannot be called", node, self.as_call(node, key))
        if not isinstance(node, ast.Name):
            raise self.error("only functions can be called", node)
        name = self.scanned.names.get(node.col_offset, "")
        if name == "In" and self.data_by_name:
            return "in_state"
        if name not in FUNCTIONS and name != "in_state":
            other = _OTHER_NAMES.get(name)
            hint = f"did you mean {other}?" if other else None
            hint = hint or _did_you_mean(name, [*FUNCTIONS, "in_state"])
            raise self.error(f'unknown function "{name}"', node, hint)
        return name

    def as_call(self, node: ast.Attribute, key: str) -> str:
        """How a call of a method is written as one of a function."""
        name = key if key in FUNCTIONS else _OTHER_NAMES.get(key)
        if not name:
            return "functions are called by their own names, such as len(context.a)"
        if FUNCTIONS[name].most > 1:
            return f"write: {FUNCTIONS[name].signature}"
        return f"write: {name}({self.scanned.source(node.value)})"

    def in_state(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 1:
            raise self.error("in_state takes one argument", node, 'in_state("a.b")')
        path = self.visit(node.args[0])
        if isinstance(path, ast.Constant):
            if type(path.value) is not str:
                raise self.error("in_state takes the path of a state", node.args[0])
            self.states.add(path.value)
        self.read.add("in_state")
        return _call("in_state", _name("scope"), path)


def is_variable(name: str) -> bool:
    """Whether a loop may give its element this name."""
    return (
        name.isascii()
        and name.isidentifier()
        and not name.startswith("__")
        and not keyword.iskeyword(name)
        and not (name in LITERALS or name in FUNCTIONS or name == "in_state")
    )


def _compares_plainly(left: ast.expr, right: ast.expr) -> bool:
    """Whether Python's == is that of JSON: no value of another type equals a text."""
    return any(
        isinstance(side, ast.Constant)
        and (side.value is None or type(side.value) is str)
        for side in (left, right)
    )


def _did_you_mean(name: str, known: Iterable[str]) -> str | None:
    folded = unicodedata.normalize("NFKC", name)
    close = difflib.get_close_matches(folded, list(known), 1)
    return f"did you mean {close[0]}?" if close else None


_VISITORS: dict[type[ast.AST], Callable[[Compiler, Any], ast.expr]] = {
    ast.Constant: Compiler.constant,
    ast.Name: Compiler.name,
    ast.Attribute: Compiler.attribute,
    ast.Subscript: Compiler.subscript,
    ast.UnaryOp: Compiler.unary,
    ast.BinOp: Compiler.binary,
    ast.BoolOp: Compiler.boolean,
    ast.Compare: Compiler.compare,
    ast.IfExp: Compiler.conditional,
    ast.List: Compiler.list_,
    ast.Tuple: Compiler.list_,
    ast.Dict: Compiler.dict_,
    ast.ListComp: Compiler.list_loop,
    ast.GeneratorExp: Compiler.list_loop,
    ast.DictComp: Compiler.dict_loop,
    ast.Call: Compiler.call,
}
_UNKNOWN: dict[type[ast.AST], str] = {
    ast.Set: "a set",
    ast.SetComp: "a set",
    ast.Slice: "a part without a value",
    ast.Starred: "* before a value",
}
