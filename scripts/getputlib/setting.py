# SPDX-License-Identifier: MIT
"""The setting of a netpath cell: which path is measured. It is every parameter but the level and the number of workers.

Numbers of different settings are never combined. A run from before the eras names neither era nor
shape: its path is a setting of its own, which equals none of today's and has no words in a title.
"""
ANSWER = (("linux_2_6", "scalar"), ("linux_6", "staged"))  # each era in the shape of its time; the last is what figures show
ORDINARY = {"table": "hlist", "steering": "rss", "free": "local", "work": "bare", "xfrm": 0, "input": "imix", "local": 50,
            "raw": 0}  # not worth a word in a title
CHOSEN = ("table", "steering", "free", "work", "xfrm", "local", "raw")  # whose ordinary values the headline has
NAMED = ("era", "shape", "free", "work")  # a cell has all of them, or none


def of(row):
    """The setting of a row, as items of its parameters."""
    return tuple((key, value) for key, value in row.params.items() if key not in ("level", "threads"))


def path_of(setting):
    """(era, shape); (None, None) in a run from before the eras."""
    params = dict(setting)
    return params.get("era"), params.get("shape")


def path_words(path):
    """`Linux 6, staged`; empty for a path from before the eras."""
    era, shape = path
    return ", ".join(filter(None, ((era or "").replace("linux_", "Linux ").replace("_", "."), shape)))


def words(setting):
    """The setting for a title: era and shape, then what is not ordinary; empty where there is nothing to say."""
    unusual = [f"{key}:{value}" for key, value in dict(setting).items()
               if key not in ("era", "shape") and value != ORDINARY.get(key)]
    return ", ".join(filter(None, (path_words(path_of(setting)), *unusual)))


def ordinary(setting):
    """True where only era, shape and input may differ from what the headline is measured with."""
    return all(dict(setting).get(key, ORDINARY[key]) == ORDINARY[key] for key in CHOSEN)


def rank(setting):
    """Sorts settings: ordinary ones first, of these the path that figures show, then the other paths of the answer."""
    order = [*reversed(ANSWER), (None, None)]
    path = path_of(setting)
    return not ordinary(setting), order.index(path) if path in order else len(order)


def same_path(one, other):
    """True where two settings have era, shape and input in common: one control of level 0 serves both."""
    return all(dict(one).get(key) == dict(other).get(key) for key in ("era", "shape", "table", "input", "local"))


def problem(params):
    """What is wrong with the parameters of a netpath cell; None when nothing is."""
    missing = [key for key in NAMED if key not in params]
    if 0 < len(missing) < len(NAMED):
        return f"a netpath cell without {', '.join(missing)}: it has all of {', '.join(NAMED)}, or none (before the eras)"
    return None
