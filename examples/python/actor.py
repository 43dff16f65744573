#!/usr/bin/env python3
# actor.py: an actor in Python: "upper", "count", which asks an actor in C, and "crash".
# SPDX-License-Identifier: Apache-2.0
import os, signal, troupe

def upper(body):
    return body.upper()

def count(body):
    words = len(body["text"].split())
    return {"words": words, "total": troupe.ask("tally", "add", [body["line"], words])}

def crash(body):
    os.kill(os.getpid(), signal.SIGKILL)

troupe.serve({"upper": upper, "count": count, "crash": crash})
