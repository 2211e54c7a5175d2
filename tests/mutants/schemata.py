# SPDX-License-Identifier: MIT
"""Many changes of a header in one program: which of them is on, an environment variable says.

A statement becomes `if (change 5 is on) statement with change 5; else ... the statement`, a
condition or an initial value the same with `?:`. So a header is compiled once instead of some
hundred times. What cannot be had that way (a member's initial value, a constant) is left over.
"""

import re

import operators

VARIABLE = "GETPUT_SWEEP_CHANGE"
SWITCH = """
#include <cstdlib>
namespace getput {
inline const int sweep_change = [] {
  const char* const text = std::getenv("%s");
  return text == nullptr ? 0 : std::atoi(text);
}();
}  // namespace getput

""" % VARIABLE
DECLARATION = re.compile(r"(?:(?:static|const|constexpr|mutable|typename) )*[\w:<>*&, ]+?[ *&]\w+ =\s+")


def bodies(code):
    """(start, end, kind) of what can be chosen at run time: statements without their heads, and
    the initial values of declarations."""
    found = []
    last = 0
    for start, end, _ in sorted(operators.statements(code)):
        if end <= last:
            continue  # in a lambda of the statement before
        last = end
        body = code[start:end]
        while head := re.match(r"(if|for|while)( constexpr)? \(|(else|do)\b", body):
            skip = operators.closing(body, head.end() - 1) + 1 if head[1] else head.end()
            body = body[skip:].lstrip()
        begin = end - len(body)
        if re.match(r"(using|break|continue|while)\b", body) or len(body) < 2:
            continue
        if declared := DECLARATION.match(body):
            if not body.startswith("return "):
                if not re.match(r"(static )?constexpr ", body):  # those are no choice at run time
                    found.append((begin + declared.end(), end - 1, "value"))
                continue
        elif re.match(r"(const|typename|std::\w+<?.*>?) [^=(]*[({;]", body):
            continue  # a declaration without =
        found.append((begin, end, "statement"))
    return found


def tests(code):
    """Conditions, as (start, end, kind)."""
    for found in re.finditer(r"\b(if|while) (\()", code):
        yield *operators.condition(code, found.start(2)), "test"
    for found in re.finditer(r"\bfor (\()", code):
        parts = code[found.end() : operators.closing(code, found.start(1))].split(";")
        if len(parts) == 3 and parts[1].strip():
            start = found.end() + len(parts[0]) + 1
            yield start, start + len(parts[1]), "test"


def units(code):
    """None inside another one."""
    outer = []
    for unit in sorted([*bodies(code), *tests(code)], key=lambda u: (u[0], -u[1])):
        if not outer or unit[0] >= outer[-1][1]:
            outer.append(unit)
    return outer


def variants(text, code, changes):
    """{unit: [(number, its text with the change)]}; numbers are positions in @changes, from 1."""
    every = units(code)
    found = {unit: [] for unit in every}
    for number, change in enumerate(changes, 1):
        around = [u for u in every if u[0] <= change.start and change.end <= u[1]]
        if around:
            start, end, _ = around[0]
            new = text[start : change.start] + change.new + text[change.end : end]
            found[around[0]].append((number, new))
        elif change.what.startswith("exchanged"):
            pair = [u for u in every if change.start <= u[0] and u[1] <= change.end]
            if len(pair) == 2 and all(kind == "statement" for _, _, kind in pair):
                found[pair[0]].append((number, text[pair[1][0] : pair[1][1]]))
                found[pair[1]].append((number, text[pair[0][0] : pair[0][1]]))
    return found


def rendered(kind, original, choices):
    """Lines, each with the number of the change that it belongs to, 0 for none."""
    lines = [("{" if kind == "statement" else "(", 0)]
    for number, new in choices:
        if kind == "statement":
            lines += [(f"if (::getput::sweep_change == {number}) {{", 0)]
            lines += [(part, number) for part in new.split("\n")] + [("} else", 0)]
        else:
            cast = "static_cast<bool>" if kind == "test" else ""
            lines += [(f"::getput::sweep_change == {number} ? {cast}(", 0)]
            lines += [(part, number) for part in new.split("\n")] + [(") :", number)]
    opened, closed = ("{", "}}") if kind == "statement" else ("(", "))")
    return [*lines, (opened, 0), *[(part, 0) for part in original.split("\n")], (closed, 0)]


def combine(text, changes, without=()):
    """The header with all changes that can be had this way but those numbered in @without; and, of
    each of its lines, which change it belongs to."""
    code = operators.mutable_code(text)
    lines, at = [], 0

    def plain(part):
        lines.extend((piece, 0) for piece in part.split("\n"))

    for unit, choices in variants(text, code, changes).items():
        choices = [choice for choice in choices if choice[0] not in without]
        if choices:
            plain(text[at : unit[0]])
            lines.extend(rendered(unit[2], text[unit[0] : unit[1]], choices))
            at = unit[1]
    plain(text[at:])
    first = next(i for i, (line, _) in enumerate(lines) if line.startswith("namespace getput"))
    lines[first:first] = [(line, 0) for line in SWITCH.split("\n")]
    return "\n".join(line for line, _ in lines), [number for _, number in lines]


def blamed(errors, header, numbers):
    """Which changes the compiler complains about."""
    found = set()
    for match in re.finditer(rf"{re.escape(header)}:(\d+):\d+: (?:error|  required)", errors):
        if (line := int(match[1]) - 1) < len(numbers):
            found.add(numbers[line])
    return found - {0}
