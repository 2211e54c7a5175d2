# SPDX-License-Identifier: MIT
"""The straight line through a function, on layouts that compilers make: cold parts, loops, tail calls, locks."""
import re

import pytest
from getputlib import instructions, straight_line


def assemble(**functions):
    """What objdump would print. A line is (label, text); jumps name labels, calls name symbols; two bytes each."""
    text, address, places, written = {}, {}, {}, {}
    for function, lines in functions.items():
        section = ".text.unlikely" if function.endswith("_cold") else ".text"
        name = function.replace("_cold", ".cold")
        for label, _ in lines:
            places[label] = (section, address.get(section, 0), name)
            address[section] = address.get(section, 0) + 2
        written.setdefault(section, []).append((name, lines))
    for section, parts in written.items():
        out, at = [f"Disassembly of section {section}:", ""], 0
        for name, lines in parts:
            out.append(f"{at:016x} <{name}>:")
            for _, words in lines:
                out.append(f"   {at:x}:\t90 90 \t{_operand(words, section, places)}")
                at += 2
        text[section] = "\n".join(out)
    return straight_line.parse("\n\n".join(text.values()) + "\n")


def _operand(words, section, places):
    found = re.match(r"(call|j\w+)\s+(\S+)$", words)
    if not found:
        return words
    if found[2] not in places:
        return f"{found[1]}    7 <x+0x7>\t5: R_X86_64_PLT32\t{found[2]}-0x4"
    other, at, name = places[found[2]]
    if other != section:
        return f"{found[1]}    7 <x+0x7>\t5: R_X86_64_PC32\t{other}{at - 4:+#x}"
    return f"{found[1]}    {at:x} <{name}+0x{at:x}>"


def counts(line):
    return line.instructions, line.locked, line.calls, line.branches, line.taken


def test_branches_are_not_taken_and_cold_parts_not_entered():
    code = assemble(
        f=[("a", "mov (%rdi),%eax"), ("b", "test %eax,%eax"), ("c", "jne slow"), ("d", "lock addl $0x1,(%rdi)"), ("e", "ret")],
        f_cold=[("slow", "call getput_probe_refused"), ("y", "xor %eax,%eax"), ("z", "ret")])
    line = straight_line.find(code, "f")
    assert counts(line) == (5, 1, 0, 1, 0) and line.bytes == 10 and line.off_line_bytes == 6
    assert line.lines[2] == "jne <this function>" and line.lines[3] == "lock addl $0x1,(%rdi)"


def test_a_refusal_that_falls_through_is_not_the_line():
    code = assemble(f=[("a", "je go"), ("b", "call getput_probe_refused"), ("c", "ret"), ("go", "mov $0x1,%eax"), ("d", "ret")])
    line = straight_line.find(code, "f")
    assert counts(line) == (3, 0, 0, 1, 1) and line.lines[0] == "je <this function> ; taken"


def test_a_cold_call_that_falls_through_is_not_the_line():
    code = assemble(f=[("a", "je go"), ("b", "call slow.cold"), ("c", "ret"), ("go", "nop"), ("d", "ret")],
                    slow_cold=[("s", "ret")])
    assert straight_line.find(code, "f").taken == 1


def test_a_warm_call_that_falls_through_is_the_line():
    code = assemble(f=[("a", "je go"), ("b", "call elsewhere"), ("go", "ret")])
    line = straight_line.find(code, "f")
    assert counts(line) == (3, 0, 1, 1, 0) and "call <elsewhere>" in line.lines


def test_jumps_are_followed_and_loops_left():
    code = assemble(f=[("a", "jmp start"), ("again", "pause"), ("start", "lock cmpxchg %rcx,(%rdx)"), ("b", "jne again"),
                       ("c", "ret")])
    assert counts(straight_line.find(code, "f")) == (4, 1, 0, 1, 0)


def test_a_loop_whose_exit_is_a_taken_branch_says_so():
    code = assemble(f=[("top", "lock cmpxchg %rcx,(%rdx)"), ("b", "je out"), ("c", "jmp top"), ("out", "ret")])
    assert counts(straight_line.find(code, "f")) == (3, 1, 0, 1, 1)


def test_of_two_branches_the_later_one_is_taken():
    """An exchange whose way on is a branch, and a nested entry that avoids it by a branch before."""
    code = assemble(f=[("a", "jne nested"), ("again", "xchg %edx,(%rax)"), ("b", "je in"), ("c", "jmp again"),
                       ("in", "ret"), ("nested", "jmp in")])
    assert counts(straight_line.find(code, "f")) == (4, 1, 0, 2, 1)


def test_a_tail_jump_is_a_call():
    code = assemble(f=[("a", "jmp elsewhere")], g=[("b", "jmp near")], h=[("near", "ret")])
    assert counts(straight_line.find(code, "f")) == counts(straight_line.find(code, "g")) == (1, 0, 1, 0, 0)
    assert straight_line.find(code, "f").lines == ["call jmp <elsewhere>"]


def test_a_jump_through_a_pointer_is_a_call():
    assert counts(straight_line.find(assemble(f=[("a", "jmp *%rax")]), "f")) == (1, 0, 1, 0, 0)


@pytest.mark.parametrize("text, locked, fence", [
    ("lock xadd %rdx,(%rdi)", True, False), ("xchg %al,0x0(%rip)", True, False), ("xchg %rax,%rbx", False, False),
    ("mfence", False, True), ("bnd ret", False, False), ("cmpxchg %rcx,(%rdx)", False, False),
])
def test_what_counts_as_locked(text, locked, fence):
    line = straight_line.find(assemble(f=[("a", text), ("b", "ret")] if text != "bnd ret" else [("a", text)]), "f")
    assert (line.locked, line.fences) == (locked, fence)


@pytest.mark.parametrize("branch, far_is_atomic", [("je", True), ("jne", False)])
def test_there_are_threads(branch, far_is_atomic):
    """je leads to the atomic form, jne past it to the one for a single thread."""
    look = "cmpb $0x0,0x0(%rip)        # 7 <f+0x7>\t2: R_X86_64_PC32\t__libc_single_threaded-0x5"
    near, far = "addl $0x1,(%rdi)", "lock addl $0x1,(%rdi)"
    near, far = (near, far) if far_is_atomic else (far, near)
    code = assemble(f=[("a", look), ("b", f"{branch} far"), ("c", near), ("d", "ret"), ("far", far), ("e", "ret")])
    assert counts(straight_line.find(code, "f")) == (4, 1, 0, 1, 0)


def test_no_way_that_returns():
    assert straight_line.find(assemble(f=[("a", "call abort")]), "f") is None


def test_promises():
    kept = {"promised": 0, "locked": 0, "fences": 0, "calls": 0}
    assert not list(instructions.broken_promises({"get": kept, "put": {"promised": None, "locked": 2, "fences": 0, "calls": 1}}))
    broken = list(instructions.broken_promises({"get": {**kept, "calls": 1}, "put": {**kept, "locked": 1}}))
    assert broken == ["get promises no call and has 1", "put promises 0 locked instructions and has 1"]


def test_another_architecture_has_no_check():
    made = instructions.document("objdump", "aarch64", "GNU 12", "-O2", ["there is no such object"])
    assert made["schemes"] == [] and "aarch64" in made["why"]
