"""Mutants of the lines under equations: one operator, constant, index or symbol changed in each."""

import ast
import copy

BINARY = {
    ast.Add: "-*/",
    ast.Sub: "+*/",
    ast.Mult: "+-/",
    ast.Div: "+-*",
    ast.Pow: "*/",
    ast.BitOr: "&",
    ast.BitAnd: "|",
    ast.MatMult: "*",
}
OPERATORS = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "|": ast.BitOr,
    "&": ast.BitAnd,
}
COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_COMMUTE = {"maximum", "minimum", "add", "multiply", "result_type"}
#: Functions that could be taken for each other.
_FUNCTIONS = {
    "maximum": ["minimum"],
    "minimum": ["maximum"],
    "sqrt": ["abs", "square"],
    "exp": ["log1p"],
    "log": ["exp"],
    "sin": ["cos"],
    "cos": ["sin"],
    "sign": ["abs"],
    "sum": ["mean"],
    "mean": ["sum"],
    "max": ["min"],
    "zeros_like": ["ones_like"],
    "lgamma": ["gamma"],
    "prod": ["sum"],
    "power": ["multiply"],
    "where": [],
    "clip": [],
    "heaviside": [],
}


def mutants(function, lines, around=None):
    """Yield (statement, its mutant, the function with the mutant) for the code of some lines.

    Parameters
    ----------
    function : ast.FunctionDef or ast.Lambda
    lines : set of int
        First lines of the statements to change.
    around : ast.AST, optional
        The class around it, whose other methods name more fields.
    """
    names, fields = symbols_of(function, around or function)
    for statement in ast.walk(function):
        if (
            isinstance(statement, ast.Lambda | ast.stmt)
            and statement.lineno in lines
            and not isinstance(statement, ast.If | ast.For | ast.With)
        ):
            yield from of_statement(function, statement, names, fields)


def of_statement(function, statement, names, fields):
    order = {id(node): k for k, node in enumerate(ast.walk(function))}
    before = ast.unparse(statement)
    root = statement.body if isinstance(statement, ast.Lambda) else statement
    for node in ast.walk(root):
        if id(node) not in order:
            continue
        for change in changes(node, names, fields):
            other = copy.deepcopy(function)
            nodes = list(ast.walk(other))
            change(nodes[order[id(node)]])
            after = ast.unparse(nodes[order[id(statement)]])
            if after != before:
                yield before, after, other


def symbols_of(function, around):
    """Variables of a function, and of each object in it the fields that are used."""
    names, fields = [a.arg for a in function.args.args], {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    for node in ast.walk(around):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            fields.setdefault(node.value.id, []).append(node.attr)
    fields.pop("np", None), fields.pop("math", None)
    numbers = [n for n in dict.fromkeys(names) if n not in fields or n in ("x", "y", "z")]
    return numbers, {owner: list(dict.fromkeys(f)) for owner, f in fields.items()}


def changes(node, names, fields):
    """Functions that change a node of this kind in place."""
    for kind, find in _KINDS.items():
        if isinstance(node, kind):
            yield from find(node, names, fields)


def setting(name, values):
    """A change for each value that an attribute may get."""
    return [lambda node, value=value: setattr(node, name, value) for value in values]


def of_binary(node, names, fields):
    signs = BINARY.get(type(node.op), "")
    return [*setting("op", [OPERATORS[sign]() for sign in signs]), swap_operands]


def of_unary(node, names, fields):
    return setting("op", [ast.UAdd()] if isinstance(node.op, ast.USub) else [])


def of_comparison(node, names, fields):
    return setting("ops", [[other()] for other in COMPARED.get(type(node.ops[0]), ())])


def of_constant(node, names, fields):
    return setting("value", constants(node.value))


def of_name(node, names, fields):
    return setting("id", [n for n in names if n != node.id] if node.id in names else [])


def of_attribute(node, names, fields):
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    others = [*fields.get(owner, []), *_FUNCTIONS.get(node.attr, [])]
    return setting("attr", [other for other in others if other != node.attr])


def of_call(node, names, fields):
    if getattr(node.func, "attr", "") in _COMMUTE:
        return []
    pairs = [slice(k, k + 2) for k in range(len(node.args) - 1)]
    return [lambda n, at=at: n.args.__setitem__(at, n.args[at][::-1]) for at in pairs]


_KINDS = {
    ast.BinOp: of_binary,
    ast.UnaryOp: of_unary,
    ast.BoolOp: lambda *_: [exchange_and_or],
    ast.Compare: of_comparison,
    ast.Constant: of_constant,
    ast.Name: of_name,
    ast.Attribute: of_attribute,
    ast.IfExp: lambda *_: [swap_branches],
    ast.Call: of_call,
}


def exchange_and_or(node):
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def swap_operands(node):
    """a - b to b - a; commutative operators are left as they are."""
    if isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
        node.left, node.right = node.right, node.left


def swap_branches(node):
    node.body, node.orelse = node.orelse, node.body


def constants(value):
    """Other constants in place of one."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [v for v in (value + 1, value - 1, -value) if v != value]
    return {"left": ["right"]}.get(value, []) if isinstance(value, str) else []
