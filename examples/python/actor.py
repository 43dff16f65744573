#!/usr/bin/env python3
# actor.py: an actor in Python, in a process that root.c starts.
# SPDX-License-Identifier: Apache-2.0
"""Verbs: "upper"; "count", which asks an actor in C before it answers; and "crash"."""
import os
import signal

import troupe_node


def upper(call):
    call.reply(call.body.upper())


def count(call):
    """The words of a text, and of all texts so far, which the tally in C knows."""
    words = len(call.body.split())

    def then(total, why_not):
        if why_not:
            call.fail(-71, f"no total: {why_not}")
        else:
            call.reply({"words": words, "total": total})

    troupe_node.ask("tally", "add", words, call.deadline, then)


def crash(call):
    os.kill(os.getpid(), signal.SIGKILL)


troupe_node.run({"upper": upper, "count": count, "crash": crash})
