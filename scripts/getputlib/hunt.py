# SPDX-License-Identifier: MIT
"""The hunt for each unsafe scheme, once per run: can its use after unload be shown on this machine?"""
from .bench import HUNT_SCHEMA
from .errors import GetputError


def unsafe_schemes(plan):
    """Names of the schemes of a plan that claim no safety, can be measured here, and are no controls."""
    measured = {cell["scheme"] for cell in plan["run"]["cells"] if cell["possible"]}
    return sorted(entry["name"] for entry in plan["run"]["schemes"]
                  if not entry["safe"] and not entry["control"] and entry["available"] and entry["name"] in measured)


def hunt(bench, scheme, seconds):
    """The binary's document getput.hunt/1; of no rounds, and with the reason, when the hunt could not be carried out."""
    try:
        return bench.hunt(scheme, seconds)
    except GetputError as error:
        return {"schema": HUNT_SCHEMA, "scheme": scheme, "caught": False, "how": f"not carried out: {error}", "rounds": 0, "seconds": 0}


def line(found, origin):
    """One hunt in words."""
    named = f"{found['scheme']} ({origin})"
    if found["caught"]:
        return f"expected: {named} protects nothing: caught after {found['seconds']:.1f} s: {found['how']}"
    if not found["rounds"] and found["how"]:
        return f"hunt: {named}: {found['how']}"
    return f"hunt: {named}: not caught in {found['seconds']:.0f} s ({found['rounds']} rounds); it is unsafe still"


def hunt_all(bench, plan, known, seconds, say):
    """The hunts of a run: those that are known from an earlier session, and what was missing."""
    done = {found["scheme"]: found for found in known}
    origins = {entry["name"]: entry["origin"] for entry in plan["run"]["schemes"]}
    for scheme in unsafe_schemes(plan):
        if scheme not in done:
            done[scheme] = hunt(bench, scheme, seconds)
            say(line(done[scheme], origins[scheme]))
    return list(done.values())
