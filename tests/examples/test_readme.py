# test_readme.py: what README.md says of the code is what the code says.
# SPDX-License-Identifier: Apache-2.0
"""
The actor of the README is that of examples/counter.c and has at most 25 lines;
the errors are those of TROUPE_ERRORS, in order; the limits are those that the
headers name; each link leads somewhere; each example and folder is named.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(os.environ.get("TROUPE_SOURCE_DIR", Path(__file__).parents[2]))
ACTOR_LINES = 25

# Row of the limits table, then the header and the words there that say so.
LIMITS = [
    ("message type", "31 ", "mailbox/troupe_base.h", "TROUPE_TYPE_MAX 31"),
    ("actor or group name", "63 ", "mailbox/troupe_base.h", "TROUPE_NAME_MAX 63"),
    ("one message", "128 MiB", "runtime/troupe_node.h", "bytes of one message; 128 MiB"),
    ("nesting of a body", "32", "mailbox/troupe_message.h", "deeper than 32"),
    ("values in a body", "1,048,576", "mailbox/troupe_message.h", "2^20 values"),
    ("waiting messages of an actor", "4,096", "runtime/troupe_node.h", "node: 4096"),
    ("their bytes", "8 MiB", "runtime/troupe_node.h", "node: 8 MiB"),
    ("under way from one worker to another before senders rest", "1 MiB", "runtime/context.h",
     "TROUPE__LANE_SOFT = 1 << 20"),
    ("sent by one handler to a receiver it found full", "256 KiB over 4 times",
     "runtime/context.h", "TROUPE__PUSH_MAX = 256 << 10"),
    ("sent by one handler to a receiver it found full", "256 KiB over 4 times",
     "runtime/context.h", "TROUPE__HARD_FACTOR = 4"),
    ("state of an actor", "1 MiB", "runtime/troupe_kind.h", "at most 1 MiB"),
    ("actors of a node", "16,777,215", "runtime/troupe_node.h", "0: 16,777,215"),
    ("kinds of a node", "255", "runtime/troupe_kind.h", "255 kinds a node"),
    ("workers", "one per core", "runtime/troupe_node.h", "0: one per core"),
    ("an ask that names no time", "5 s", "runtime/troupe_node.h", "give none; 5000"),
    ("a handler until the watchdog reports it", "1 s", "runtime/troupe_node.h",
     "longer handlers; 1000"),
    ("helper threads for blocking functions", "16", "runtime/troupe_node.h",
     "blocking functions; 16"),
    ("dead letters that are remembered", "256", "runtime/troupe_node.h",
     "are remembered; 256"),
    ("targets of a gather", "65,535", "supervisor/troupe_gather.h", "1 .. 65,535 refs"),
    ("words of a failure", "1 KiB", "runtime/troupe_actor.h", "kept to 1 KiB"),
    ("attempts of an ask that is made at least once", "5",
     "runtime/troupe_delivery.h", "the first included; 5;"),
    ("such asks in the hands of one actor", "1,024 and 8 MiB",
     "runtime/troupe_delivery.h", "in the actor's hands at once; 1024"),
    ("such asks in the hands of one actor", "1,024 and 8 MiB",
     "runtime/troupe_delivery.h", "their bytes; 8 MiB;"),
    ("names and places in groups of one node", "65,536", "runtime/troupe_nodes.h",
     "65,536 names and places in groups"),
    ("monitors, links and waits for room of one node, on each worker", "65,536",
     "runtime/troupe_nodes.h", "65,536 monitors, links and waits for room"),
    ("children of one node's supervisors on another node", "16,384",
     "supervisor/troupe_isolation.h", "16,384 children of supervisors"),
    ("a letter of an actor in another language", "1 MiB", "mailbox/WIRE.md",
     "of one part and at most 1 MiB"),
    ("messages that it has at once", "32, or 4 MiB", "mailbox/WIRE.md",
     "Up to 32 of them, or 4 MiB"),
    ("jobs of a map", "65,536", "actors/troupe_map.h", "as the node has workers; 65,536"),
    ("resources of a map", "64 names", "actors/troupe_map.h",
     "resource_count; /* 64"),
    ("kept output of a command", "8 MiB, of its errors 1 MiB",
     "actors/troupe_command.h", "bytes that are kept: 8 MiB, 1 MiB"),
    ("tasks of a graph", "20,000, with 200,000 needs", "actors/GRAPH.md",
     "(over 20,000 tasks or 200,000 needs)"),
    ("processes of one node's supervisors, but for the root's", "128",
     "runtime/troupe_nodes.h", "may have for their children; 128"),
    ("replicas of a task of a map", "99", "actors/troupe_map.h",
     "TROUPE_MAP_REPLICAS_MAX 99"),
    ("items of lists in a run of it, and rounds of a task", "10,000 and 1,000",
     "actors/troupe_graph.h", "TROUPE_GRAPH_PARTS_MAX 10000"),
    ("items of lists in a run of it, and rounds of a task", "10,000 and 1,000",
     "actors/troupe_graph.h", "TROUPE_GRAPH_ROUNDS_MAX 1000"),
    ("second requests of a model", "5 %, after 20 answers", "actors/QUERY.md",
     "{after: p95, extra: 5%}"),
    ("its hand-shake", "10 s", "actors/troupe_mcp.h", "of the hand-shake; 0: 10,000"),
    ("result of a task of a graph", "1 MiB; 64 MiB a run", "actors/GRAPH.md",
     "at most 1 MiB, all of a run together 64 MiB"),
    ("descriptors that the actors of one worker watch", "64",
     "runtime/troupe_events.h", "watches 64 descriptors"),
    ("roots of a corpus", "64", "actors/troupe_corpus.h",
     "TROUPE_ROOTS_MAX 64"),
    ("an ask until it is looked at for a deadlock", "1 s", "runtime/node.c",
     ".deadlock_ms = 1000"),
    ("asks of one deadlock that is looked at", "256", "runtime/troupe_ask.h",
     "one among more than 256 open asks"),
    ("engines of a research beside those of documents", "16",
     "actors/troupe_research.h", "TROUPE_RESEARCH_WEB_MAX 16"),
    ("pages that are fetched", "20, of 2 MiB", "actors/troupe_research.h",
     "TROUPE_RESEARCH_PAGES_MAX 20"),
    ("pages that are fetched", "20, of 2 MiB", "actors/troupe_web.h",
     "Markdown of up to 2 MiB"),
    ("an answer of a search engine of the web", "1 MiB, at most 4 MiB",
     "actors/troupe_web.h", "an answer; 0: 1 MiB; at most 4 MiB"),
    ("a line to `troupe mcp`", "16 MiB", "actors/MCP.md", "a line over 16 MiB"),
    ("its calls at once, and open", "8, 256", "actors/MCP.md",
     "8 of them (`--calls N`)"),
    ("its calls at once, and open", "8, 256", "actors/MCP.md",
     "more than 256 calls under way"),
    ("a message of an MCP server that is asked", "4 MiB", "actors/troupe_mcp.h",
     "message of the server; 0: 4 MiB"),
    ("a document, unpacked", "16 MiB", "actors/troupe_corpus.h", "unpacked, 16 MiB"),
]

findings = []


def check(truth, what):
    if not truth:
        findings.append(what)


def words(path):
    return re.sub(r"\s+\*?\s*", " ", (ROOT / path).read_text())


def section(readme, heading):
    match = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", readme, re.M | re.S)
    check(match, f"no section '{heading}'")
    return match.group(1) if match else ""


def table(text):
    """The cells of the rows below a table's head."""
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def check_actor(readme):
    block = re.search(r"```c\n(.*?)```", section(readme, "An actor in 25 lines"), re.S)
    check(block, "no actor in the README")
    if block:
        actor = block.group(1)
        check(actor in (ROOT / "examples/counter.c").read_text(),
              "the README's actor is not that of examples/counter.c")
        lines = actor.count("\n")
        check(10 <= lines <= ACTOR_LINES, f"the README's actor has {lines} lines")


def check_errors(readme):
    header = (ROOT / "mailbox/troupe_base.h").read_text()
    wanted = re.findall(r'\bX\((E\w+), "([^"]+)"\)', header)
    told = [(row[0].strip("`-"), row[1]) for row in table(section(readme, "Errors"))]
    check(len(wanted) > 20, "TROUPE_ERRORS was not found")
    check(told == wanted, f"errors that differ: {sorted(set(told) ^ set(wanted))}")


def check_limits(readme):
    rows = {row[0]: row[1] for row in table(section(readme, "Limits"))}
    check(set(rows) == {limit[0] for limit in LIMITS},
          f"limits that differ: {sorted(set(rows) ^ {limit[0] for limit in LIMITS})}")
    for name, figure, path, source in LIMITS:
        check(rows.get(name, "").startswith(figure.strip()), f"limit '{name}': not {figure}")
        check(source in words(path), f"limit '{name}': {path} does not say '{source}'")


def check_links(readme):
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    check(len(links) > 20, "hardly any links in the README")
    for link in links:
        if not link.startswith("https://"):
            check((ROOT / link).exists(), f"the link {link} leads nowhere")
    for example in sorted((ROOT / "examples").glob("*.c")):
        check(f"examples/{example.name}" in links, f"{example.name} is not named")
    for folder in "examples mailbox runtime supervisor actors tools tests bench".split():
        check(folder in links, f"the folder {folder} is not in the tour")


def main():
    readme = (ROOT / "README.md").read_text()
    head = readme.split("## ")[0]
    for command in ("./dev demo", "./dev test"):
        check(command in head, f"{command} is not at the top")
    check_actor(readme)
    check_errors(readme)
    check_limits(readme)
    check_links(readme)
    for what in findings:
        print(f"README.md: {what}")
    print(f"readme: {len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
