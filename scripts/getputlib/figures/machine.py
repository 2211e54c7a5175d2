# SPDX-License-Identifier: MIT
"""The machine as a picture: packages, NUMA nodes, last-level caches, cores and CPUs."""
from dataclasses import dataclass, field

from matplotlib.patches import FancyBboxPatch

from .base import WIDTH_IN, Figure, counted, plt

PU_W, PU_H, GAP, HEAD = 1.0, 0.8, 0.25, 0.62
FILL = {"package": "#F4F4F4", "node": "#E6EEF6", "llc": "#FFF6E0", "core": "#FFFFFF"}


@dataclass
class Box:
    """A rectangle with a heading and others inside it, laid out in rows."""

    kind: str
    text: str
    inside: list = field(default_factory=list)
    width: float = PU_W
    height: float = PU_H
    state: str = ""

    def lay_out(self):
        """Chooses the number of columns that makes the box look most like a page."""
        if not self.inside:
            return
        for box in self.inside:
            box.lay_out()
        sizes = [self._size(columns) for columns in range(1, len(self.inside) + 1)]
        wanted = 8.0 if self.kind in ("llc", "core") else 2.2
        best = min(range(len(sizes)), key=lambda i: max(sizes[i][0] / sizes[i][1] / wanted, wanted * sizes[i][1] / sizes[i][0]))
        self.columns = best + 1
        self.width, self.height = sizes[best]

    def _size(self, columns):
        rows = [self.inside[i:i + columns] for i in range(0, len(self.inside), columns)]
        width = max(sum(box.width + GAP for box in row) for row in rows) + GAP
        height = sum(max(box.height for box in row) + GAP for row in rows) + GAP + (HEAD if self.text else 0.0)
        return width, height

    def draw(self, axes, left, top, size):
        if self.kind == "cpu":
            _draw_cpu(axes, self, left, top, size)
            return
        if self.kind in FILL:
            axes.add_patch(FancyBboxPatch((left, top - self.height), self.width, self.height, facecolor=FILL[self.kind],
                                          boxstyle="round,pad=0,rounding_size=0.12", edgecolor="#7A7A7A", linewidth=0.6))
        if self.text:
            axes.text(left + GAP, top - GAP / 2 - 0.06, self.text, va="top", ha="left", fontsize=size, color="#333333")
            top -= HEAD
        y = top - GAP
        for start in range(0, len(self.inside), self.columns):
            row, x = self.inside[start:start + self.columns], left + GAP
            for box in row:
                box.draw(axes, x, y, size)
                x += box.width + GAP
            y -= max(box.height for box in row) + GAP


def _draw_cpu(axes, box, left, top, size):
    fill, edge, style = {"used": ("#0072B2", "#00507D", "-"), "allowed": ("#CFE3F3", "#5B87AB", "-"),
                         "forbidden": ("#FFFFFF", "#AAAAAA", (0, (2, 2)))}[box.state]
    axes.add_patch(FancyBboxPatch((left, top - box.height), box.width, box.height, facecolor=fill, edgecolor=edge,
                                  boxstyle="round,pad=0,rounding_size=0.08", linewidth=0.6, linestyle=style))
    axes.text(left + box.width / 2, top - box.height / 2, box.text, va="center", ha="center", fontsize=size,
              color="white" if box.state == "used" else "#333333")


def _group(entries, key):
    groups = {}
    for entry in entries:
        groups.setdefault(entry[key], []).append(entry)
    return sorted(groups.items(), key=lambda item: (item[0] is None, item[0]))


def _kib(size):
    return f"{size // 1024} MiB" if size and size % 1024 == 0 else f"{size} KiB"


def _cpu_box(entry, used):
    state = "used" if entry["cpu"] in used else "allowed" if entry["allowed"] else "forbidden"
    return Box("cpu", str(entry["cpu"]), state=state)


def _cache_box(entries, used):
    first = entries[0]
    text = f"L{first['llc_level']} {_kib(first['llc_kib'])}" if first["llc_level"] and first["llc_kib"] else ""
    cores = [Box("core", "", [_cpu_box(e, used) for e in group]) for _, group in _group(entries, "core")]
    return Box("llc", text, cores)


def _tree(cpus, used):
    packages = []
    for number, of_package in _group(cpus, "package"):
        nodes = []
        for node, of_node in _group(of_package, "node"):
            nodes.append(Box("node", f"NUMA node {node}", [_cache_box(g, used) for _, g in _group(of_node, "llc")]))
        packages.append(Box("package", f"Package {number}", nodes))
    return Box("machine", "", packages)


def _sentence(machine, used):
    place = machine["topology"]
    parts = [(place["packages"], "package"), (place["nodes"], "NUMA node"), (place["last_level_caches"], "last-level cache"),
             (place["cores"], "core")]
    words = ", ".join(counted(count, name) for count, name in parts)
    return (f"{machine['cpu']['model'] or 'This machine'}: {words}; {counted(len(machine['allowed_cpus']), 'CPU')} allowed, "
            f"{len(used)} used by this run. Filled CPUs were used, dashed ones are outside the allowed set.")


def topology(results):
    """Where the threads of this run were: a box a package, NUMA node, last-level cache, core and CPU."""
    machine = results.env["machine"]
    used = {pu for row in results.rows for trial in row.kept for pu in trial["placement"]["pus"]}
    root = _tree(machine["topology"]["cpus"], used)
    root.lay_out()
    scale = min(WIDTH_IN / root.width, 0.42)
    figure = plt.figure(figsize=(max(root.width * scale, 2.2), max(root.height * scale, 0.8)))
    axes = figure.add_axes((0, 0, 1, 1))
    root.draw(axes, 0.0, 0.0, max(3.0, min(8.0, 19.0 * scale)))
    axes.set_xlim(-0.1, max(root.width, 2.2 / scale) + 0.1)
    axes.set_ylim(-max(root.height, 0.8 / scale) - 0.1, 0.1)
    axes.set_aspect("equal", anchor="NW")
    axes.set_axis_off()
    cannot = "" if machine["topology"]["nodes"] > 1 else "There is one NUMA node, so nothing across nodes was measured."
    return Figure("topology", "The machine", figure, _sentence(machine, used), cannot)
