# SPDX-License-Identifier: MIT
"""Small changes of a scheme's code, made mechanically: what sweep.py plants. Those of its claims are in claims.py.

A change is known by the function
that it is in, the line and what it does, so that it is the same one after the file has moved.
"""

import collections
import dataclasses
import re

SWAPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||",
           "||": "&&", "+": "-", "-": "+", "+=": "-=", "-=": "+=", "&": "|", "|": "&", "?": None}
NAMES = {"fetch_add": "fetch_sub", "fetch_sub": "fetch_add", "true": "false", "false": "true",
         "++": "--", "--": "++"}
ORDERS = ["relaxed", "acquire", "release", "acq_rel", "seq_cst"]
WEAKER = {
    "load": {"acquire": ["relaxed"], "seq_cst": ["acquire", "relaxed"]},
    "store": {"release": ["relaxed"], "seq_cst": ["release", "relaxed"]},
    "": {"acquire": ["relaxed"], "release": ["relaxed"],
         "acq_rel": ["acquire", "release", "relaxed"],
         "seq_cst": ["acq_rel", "acquire", "release", "relaxed"]},
}


@dataclasses.dataclass(frozen=True)
class Change:
    """@start .. @end of the text becomes @new."""

    start: int
    end: int
    new: str
    what: str
    where: str = ""  # the function
    line: str = ""  # the line's code, without indentation and comment
    number: int = 0

    def apply(self, text):
        return text[: self.start] + self.new + text[self.end :]


@dataclasses.dataclass
class Scope:
    """A brace that is open. Of the statement that surrounds a lambda, the beginning is kept."""

    kind: str  # type, block, lambda or value
    name: str
    start: int
    parens: int


def blank(text):
    """Comments, strings and preprocessor lines as spaces: what is left is code."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|^[ \t]*#[^\n]*'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M | re.S)


def closing(code, position):
    """Of the parenthesis or brace at @position."""
    pair = {"(": ")", "{": "}", "[": "]"}
    opened, closed = code[position], pair[code[position]]
    depth = 0
    for i in range(position, len(code)):
        depth += (code[i] == opened) - (code[i] == closed)
        if depth == 0:
            return i
    raise ValueError(f"no {closed} for the {opened} at {position}")


def info_block(code):
    """The braces of `SchemeInfo info{ ... }`, or None."""
    found = re.search(r"SchemeInfo info\{", code)
    return (found.end() - 1, closing(code, found.end() - 1)) if found else None


def without(code, start, end):
    return code[:start] + re.sub(r"[^\n]", " ", code[start:end]) + code[end:]


def mutable_code(text):
    """blank(), and without what is no part of the scheme's doing."""
    code = blank(text)
    if block := info_block(code):
        code = without(code, block[0], block[1] + 1)
    for pattern in (r"\bstatic_assert\(", r"\balignas\(", r"\[\[", r"\bdecltype\("):
        while found := re.search(pattern, code):
            start = found.end() - 1
            code = without(code, found.start(), closing(code, start - (pattern == r"\[\[")) + 1)
    code = re.sub(r"^ *template <.*>$", lambda m: " " * len(m[0]), code, flags=re.M)
    while found := re.search(r"\bvoid (near_overflow|set_near_limit)\(", code):
        end = closing(code, code.index("{", found.start()))
        if after := re.match(r"\s*\{", code[end + 1 :]):  # that was a requires-expression
            end = closing(code, end + after.end())
        code = without(code, found.start(), end + 1)
    return code


def kind_of(head, parent):
    if re.search(r"\]\s*(\([^()]*\)\s*)?(mutable|noexcept|->.*)?\s*$", head):
        return "lambda"
    if re.search(r"\b(namespace|class|struct|enum)\b", head) and "(" not in head:
        return "type"
    if parent == "value" or not re.search(r"(\)|\bnoexcept|\bconst|\belse|\bdo|^)\s*$", head):
        # `Type name() : member{...} {`: what comes after the last brace is no value
        return "value" if head.strip() else "block"
    return "block"


def statements(code):
    """(start, end, function) of every statement in a function that ends with a semicolon, and
    where two follow each other directly."""
    found, scopes = [], [Scope("type", "", 0, 0)]
    start = parens = 0
    for i, letter in enumerate(code):
        if letter in "([":
            parens += 1
        elif letter in ")]":
            parens -= 1
        elif letter == "{":
            head, parent = code[start:i], scopes[-1]
            kind = kind_of(head, parent.kind)
            name = parent.name
            if kind == "block" and parent.kind == "type":
                name = (re.findall(r"(~?\w+|operator\S+)\(", head) or [""])[0]
            scopes.append(Scope(kind, name, start, parens))
            if kind != "value":
                start, parens = i + 1, 0
        elif letter == "}":
            closed = scopes.pop()
            parens = closed.parens
            start = i + 1 if closed.kind in ("type", "block") else closed.start
        elif letter == ";" and parens == 0 and scopes[-1].kind != "value":
            if scopes[-1].kind != "type" and code[start:i].strip():
                begin = start + len(code[start:i]) - len(code[start:i].lstrip())
                found.append((begin, i + 1, scopes[-1].name))
            start = i + 1
    return found


def deletions(code):
    """Statements that are left out, and neighbours that change places."""
    before = None
    for start, end, _ in statements(code):
        body = code[start:end]
        body = re.sub(r"^(public|private|protected):\s*", "", body)
        start = end - len(body)
        while head := re.match(r"(if|for|while)( constexpr)? \(", body):
            body = body[closing(body, head.end() - 1) + 1 :].lstrip()
        body = re.sub(r"^(else|do)\s+", "", body)
        movable = not re.match(r"(return|using|break|continue|while)\b", body)
        whole = end - len(body) == start
        if (movable or re.match(r"(break|continue);", body)) and body != ";":
            yield Change(end - len(body), end, ";", "deleted")
        if movable and whole and before and before[1] <= start and not code[before[1] : start].strip():
            first, between = code[before[0] : before[1]], code[before[1] : start]
            yield Change(before[0], end, body + between + first, "exchanged with the next")
        before = (start, end) if movable and whole else None


def condition(code, opened):
    """(start, end) of the test in the parentheses of an if, without what it declares before."""
    start, end = opened + 1, closing(code, opened)
    inner = re.sub(r"\{[^{}]*\}", lambda m: " " * len(m[0]), code[start:end])  # lambdas
    return start + inner.rfind(";") + 1, end


def conditions(code):
    for found in re.finditer(r"\b(if|while)( constexpr)? (\()", code):
        start, end = condition(code, found.start(3))
        test = code[start:end]
        for constant in ("true", "false"):  # if both are noticed, so is the negation
            if test.strip() != constant:
                yield Change(start, end, constant, f"condition {constant}")
    for found in re.finditer(r"\bfor (\()", code):
        parts = code[found.end() : closing(code, found.start(1))].split(";")
        if len(parts) == 3 and parts[1].strip():
            start = found.end() + len(parts[0]) + 1
            yield Change(start, start + len(parts[1]), " false", "condition false")


def tokens(code):
    for found in re.finditer(r"(?<= )(==|!=|<=?|>=?|&&|\|\||[-+]=?|&|\|)(?=\s)", code):
        yield Change(*found.span(), SWAPPED[found[0]], f"{found[0]} -> {SWAPPED[found[0]]}")
    for found in re.finditer(r"\bfetch_add\b|\bfetch_sub\b|\btrue\b|\bfalse\b|\+\+|--", code):
        yield Change(*found.span(), NAMES[found[0]], f"{found[0]} -> {NAMES[found[0]]}")
    for found in re.finditer(r"!(?=[\w(])", code):
        yield Change(*found.span(), "", "! left out")
    for found in re.finditer(r" \? ", code):
        start = found.start()
        depth = 0
        while depth >= 0 and not (depth == 0 and re.search(r"(return|=|,|\{|;)\s*$", code[:start])):
            start -= 1
            depth += (code[start] in ")]") - (code[start] in "([{")
        start += depth < 0
        test = code[start : found.start()]
        yield Change(start, found.start(), f"!({test.strip()})", "choice negated")


def constants(code):
    for found in re.finditer(r"(?<![\w.<])(0x[0-9a-f]+|\d+)(U?)(?![\w.>])", code):
        value = int(found[1], 0)
        for new in (value + 1, value - 1):
            if new >= 0:
                shown = f"{hex(new) if found[1].startswith('0x') else new}{found[2]}"
                yield Change(*found.span(), shown, f"{found[0]} -> {shown}")


def orders(code):
    for found in re.finditer(r"memory_order_(\w+)", code):
        depth, i = 0, found.start()
        while depth >= 0:  # back to the parenthesis of the call
            i -= 1
            depth += (code[i] in ")]}") - (code[i] in "([{")
        called = re.search(r"(\w+)$", code[:i])
        kinds = WEAKER.get(called[1] if called else "", WEAKER[""])
        for weaker in kinds.get(found[1], []):
            yield Change(*found.span(1), weaker, f"{found[1]} -> {weaker}")


def located(text, code, every):
    """With function, line and, where one line has several alike, a number."""
    spans = statements(code)
    seen = collections.Counter()
    for change in sorted(every, key=lambda c: (c.start, c.what)):
        where = [name for start, end, name in spans if start <= change.start < end]
        if not where:  # the head of an if or of a loop: as the next statement
            where = [name for start, _, name in spans if start >= change.start]
        begin = text.rfind("\n", 0, change.start) + 1
        end = text.find("\n", change.start)
        line = re.sub(r"\s*//.*", "", text[begin:end]).strip()
        where = where[0] if where and text[begin:begin + 4].strip() == "" else ""
        key = (where, line, change.what)
        seen[key] += 1
        yield dataclasses.replace(change, where=where, line=line, number=seen[key])


def changes(text):
    code = mutable_code(text)
    every = [*deletions(code), *conditions(code), *tokens(code), *constants(code), *orders(code)]
    return list(located(text, code, every))
