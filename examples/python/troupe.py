# troupe.py: this process as an actor of a run, over one socket; see mailbox/WIRE.md.
# SPDX-License-Identifier: Apache-2.0
"""serve({"verb": function}): each gets a body, and returns the reply. It may ask() and tell()."""
import collections, os, sys

try:
    import msgpack, zmq
except ImportError as missing:  # 125 says: do not start me again
    print(f"{missing}: install python3-zmq and python3-msgpack", file=sys.stderr)
    sys.exit(125)

hub, later, handled = zmq.Context().socket(zmq.DEALER), collections.deque(), 0

class Failure(Exception):
    """Why there is no answer: a negative errno of Linux, and words. Raise it to give none."""

def say(*letter):
    letter = msgpack.packb(letter)
    if len(letter) > 1 << 20:
        raise Failure(-90, "over the 1 MiB of a letter")
    hub.send(letter)

def hear():
    while True:
        verb, *rest = msgpack.unpackb(hub.recv(), strict_map_key=False)
        if verb == "ping":  # 10 s without an answer are the end: no function may take so long
            say("beat", *rest)
        elif verb in ("stop", "refused"):
            sys.exit(verb == "refused")
        elif verb != "cancel":
            return verb, *rest

def request(*letter):
    say(*letter)
    while (answer := hear())[0] in ("tell", "ask"):
        later.append(answer)
    if answer[0] == "error":
        raise Failure(*answer[3:])
    return answer[-1]

def ask(to, verb, body=None):  # to: a name or a ref; it ends with what is handled now
    return request("ask", 1, to, verb, body, 0, handled)  # one at a time: always number 1

def tell(to, verb, body=None):
    request("tell", 1, to, verb, body)

def serve(verbs):
    global handled
    hello = msgpack.unpackb(os.fdopen(int(os.environ["TROUPE_HELLO_FD"]), "rb").read())
    hub.plain_username = b"%d" % hello["node"]
    hub.plain_password = hello["secret"].hex().encode()
    hub.connect(f"ipc://{hello['directory']}/hub")
    say("guest", 1)
    hear()  # "go"
    while True:
        _, handled, _, verb, body, *_ = later.popleft() if later else hear()
        try:
            if verb not in verbs:
                raise Failure(-95, f"no verb '{verb}'")
            say("reply", handled, verbs[verb](body))
        except Exception as fault:
            is_plain = not isinstance(fault, Failure)
            say("error", handled, *((-22, f"{verb}: {fault!r}") if is_plain else fault.args))
