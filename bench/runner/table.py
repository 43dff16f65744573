"""The table: our figures beside the goals and beside the other systems.

SPDX-License-Identifier: Apache-2.0
"""
from runner.systems import PEERS, bench_key

# The columns of others, in this order; libzmq's has the floor of a row.
OTHERS = ("libzmq", "erlang", "caf", "asyncio")
# Those with a figure in a row or two share the last column.
FEW = tuple(name for name in PEERS if name not in OTHERS)
TITLES = {"libzmq": "libzmq", "erlang": "Erlang", "caf": "CAF",
          "asyncio": "asyncio", "futures": "concurrent.futures",
          "langgraph": "LangGraph.js", "xargs": "xargs -P",
          "parallel": "GNU parallel"}


def number(value):
    """Three or four figures, however large or small the value is."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ratio(ours, theirs):
    if ours is None or not theirs:
        return None
    return ours / theirs


def row_list(goals, summaries):
    """One row for each (bench, variant) that we have run or have a goal for,
    so that a missing figure is seen; with the goal and the others' figures."""
    by_key = {(s["bench"], s["variant"], s["system"]): s for s in summaries}
    goal_of = {(g["bench"], g["variant"]): g for g in goals["rows"]}
    benches = {s["bench"] for s in summaries if s["system"] != "libzmq"}
    wanted = [(s["bench"], s["variant"]) for s in summaries
              if s["system"] == "troupe"]
    wanted += [key for key in goal_of if key[0] in benches]
    rows = []
    order = list(goal_of)
    for key in sorted(set(wanted), key=lambda k: (
            bench_key(k[0]), order.index(k) if k in order else len(order))):
        goal = goal_of.get(key, {})
        theirs = goal.get("peer_variant", key[1])
        others = {"libzmq": by_key.get(
            ("floor", goal.get("floor_variant"), "libzmq"))}
        others |= {p: by_key.get((key[0], theirs, p)) for p in PEERS}
        rows.append(row_of(key, goal, by_key.get(key + ("troupe",)), others))
    return rows


def row_of(key, goal, mine, peers):
    median = mine["median"] if mine else None
    peak_mib = mine["peak_kib"] / 1024 if mine else None
    unit = next((s["unit"] for s in [mine, *reversed(peers.values())] if s),
                "")
    return {"bench": key[0], "variant": key[1], "unit": unit,
            "median": median, "min": mine["min"] if mine else None,
            "max": mine["max"] if mine else None, "peak_mib": peak_mib,
            "goal": goal.get("goal"),
            "ratio_to_goal": ratio(median, goal.get("goal")),
            "goal_peak_mib": goal.get("goal_peak_mib"),
            "ratio_to_goal_peak": ratio(peak_mib, goal.get("goal_peak_mib")),
            "published": goal.get("published", {}),
            "peers": {name: {"median": peer["median"],
                             "ratio": ratio(median, peer["median"]),
                             "peak_mib": peer["peak_kib"] / 1024}
                      for name, peer in peers.items() if peer}}


def layout(lines):
    """Columns as wide as their widest cell; the first two to the left."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    out = []
    for line in lines:
        cells = [cell.ljust(width) if index < 2 else cell.rjust(width)
                 for index, (cell, width) in enumerate(zip(line, widths))]
        out.append("  ".join(cells).rstrip())
    return out


def other_head(name):
    """The floor's memory is of no interest here; it has its own table."""
    return [TITLES[name], "x"] + ([] if name == "libzmq" else ["MiB"])


def other_cells(row, name):
    other = row["peers"].get(name)
    if not other:
        return ["-"] * len(other_head(name))
    cells = [number(other["median"]), number(other["ratio"]),
             number(other["peak_mib"])]
    return cells[:len(other_head(name))]


def few_cell(row):
    """Name, figure and ratio of each of the few that this row has."""
    found = [(TITLES[name], row["peers"][name]) for name in FEW
             if name in row["peers"]]
    return "; ".join(f"{title} {number(other['median'])} "
                     f"({number(other['ratio'])})"
                     for title, other in found) or "-"


def any_has(rows, names):
    return any(name in row["peers"] for row in rows for name in names)


def goal_cells(row):
    peak = number(row["peak_mib"])
    if row["goal_peak_mib"]:
        over = row["peak_mib"] and row["peak_mib"] > row["goal_peak_mib"]
        peak += "!" if over else ""
    return [peak, number(row["goal"]), number(row["ratio_to_goal"])]


def main_table(rows, others):
    head = ["benchmark", "unit", "troupe", "min", "max", "MiB", "goal", "x"]
    for name in others:
        head += other_head(name)
    has_few = any_has(rows, FEW)
    lines = [head + ["others (x)"] * has_few]
    for row in rows:
        line = [f"{row['bench']} {row['variant']}", row["unit"],
                number(row["median"]), number(row["min"]),
                number(row["max"])] + goal_cells(row)
        for name in others:
            line += other_cells(row, name)
        lines.append(line + [few_cell(row)] * has_few)
    return layout(lines)


def floor_table(summaries):
    lines = [["libzmq alone", "unit", "median", "min", "max", "MiB"]]
    for each in summaries:
        if each["system"] == "libzmq":
            lines.append([each["variant"], each["unit"],
                          number(each["median"]), number(each["min"]),
                          number(each["max"]),
                          number(each["peak_kib"] / 1024)])
    return layout(lines) if len(lines) > 1 else []


def footer(report):
    machine, lines = report["machine"], []
    lines.append(f"{machine['cpu']}, {machine['cores']} cores, "
                 f"{machine['memory_mib']} MiB; {machine['system']}, "
                 f"Linux {machine['kernel']}")
    lines.append("; ".join([machine["compiler"]] + [
        f"{name}: {version}" for name, version in report["versions"].items()
        if version]))
    lines += [f"{name} is not measured: {why}"
              for name, why in report["missing"].items()]
    lines += [f"{s['system']} {s['bench']}: {s['note']}"
              for s in report["results"] if "note" in s]
    lines += [f"FAILED: {job}: {why}"
              for job, why in report["failures"].items()]
    if machine["load_before"] > 0.5:
        lines.append(f"The machine was not idle (load "
                     f"{machine['load_before']} before the first run): "
                     "do not trust these figures.")
    if report["quick"]:
        lines.append("A quick run: it shows that all programs work; its "
                     "figures mean little.")
    return lines


def show(report):
    others = [name for name in OTHERS if any_has(report["rows"], [name])]
    if report["rows"]:
        print("\n".join(main_table(report["rows"], others)))
        print("\nx: troupe / goal, or troupe / the system to its left; below "
              "1 we are ahead.\n!: more memory than the goal allows."
              f" Median of {report['runs']}; MiB is the peak.\n")
    floor = floor_table(report["results"])
    if floor:
        print("\n".join(floor) + "\n")
    print("\n".join(footer(report)))


def markdown_row(row, others, has_few):
    name = row["bench"] + ("" if row["variant"] == "default"
                           else " " + row["variant"])
    cells = [name, row["unit"], f"**{number(row['median'])}**",
             f"{number(row['min'])} to {number(row['max'])}",
             number(row["peak_mib"]), number(row["goal"])]
    for each in others:
        other = row["peers"].get(each)
        cells.append("-" if not other else
                     f"{number(other['median'])} ({number(other['ratio'])})")
    cells += [few_cell(row)] * has_few
    return "| " + " | ".join(cells) + " |"


def markdown(report):
    """The table of README: medians, and in brackets ours as a multiple."""
    others = [name for name in OTHERS if any_has(report["rows"], [name])]
    head = ["", "unit", "Troupe", "range", "peak MiB", "goal"]
    head += [TITLES[name] for name in others]
    has_few = any_has(report["rows"], FEW)
    head += ["others"] * has_few
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += [markdown_row(row, others, has_few) for row in report["rows"]]
    return "\n".join(lines + [""] + footer(report))
