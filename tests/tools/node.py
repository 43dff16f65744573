# node.py: a node of a run in Python, with an actor that sums and shouts in it.
# SPDX-License-Identifier: Apache-2.0
"""All that it knows is in mailbox/NODES.md and mailbox/WIRE.md, though it checks less of
what it is told than WIRE.md asks for. test_programs.py has it started."""
import hmac, itertools, os, signal, sys, time
import msgpack, zmq

TELL, ASK, REPLY, ERROR, CONTROL = 0x11, 0x12, 0x13, 0x14, 0x1B
with open(int(os.environ["TROUPE_HELLO_FD"]), "rb") as pipe:
    HELLO = msgpack.unpackb(pipe.read())
NODE, NAME, SECRET = HELLO["node"], HELLO["name"], HELLO["secret"].hex().encode()
ME, WORKER = NODE << 54 | 1 << 24, NODE << 54 | 0xFFFFFF  # refs: our actor, our worker
peers, names, ways, taken, asks, ids = {}, {}, {}, {}, {}, itertools.count(1)
deputies = set()  # whose asks say who asks, and for which time
context = zmq.Context()
gate, lane = context.socket(zmq.REP), context.socket(zmq.PULL)

def connect(kind, file, user):
    socket = context.socket(kind)
    socket.plain_username, socket.plain_password = user.encode(), SECRET
    socket.sndhwm, socket.linger, socket.reconnect_ivl = 0, 500, 10
    socket.connect(f"ipc://{HELLO['directory']}/{file}")
    return socket

def admit():  # who wants to connect to our lane: the process of that number?
    version, request, _, address, _, _, user, password = gate.recv_multipart()
    number, (_, uid, _, pid) = user.split(b".")[0], address.split(b":")
    proven = uid == b"%d" % os.getuid() and hmac.compare_digest(password, SECRET)
    is_peer = proven and pid == peers.get(number, (b"",))[0]
    verdict = b"200" if is_peer else b"300" if proven and number not in peers else b"400"
    gate.send_multipart([version, request, verdict, b"", user, b""])

def say(*letter):  # to the root
    hub.send(msgpack.packb(letter))

def hear(verb, *rest):  # from the root
    if verb == "up":
        number, _, pid, workers = rest[:4]
        peers[b"%d" % number] = b"%d" % pid, workers
        say("known", number)
    elif verb == "down":
        peers[b"%d" % rest[0]] = b"", 0
        for file in [file for file in ways if file.startswith(f"n{rest[0]}.")]:
            ways.pop(file).close(0)
        for id in [id for id, (to, _, _) in asks.items() if to >> 54 == rest[0]]:
            asks.pop(id)[2](None, rest[3])
    elif verb in ("name", "named"):
        names[rest[0]] = rest[1]
    elif verb == "unname":
        names.pop(rest[0], None)
    elif verb == "welcome":
        if not names.get(NAME):  # else it is our supervisor's for us
            say("name", NAME, ME)
        say("ready")
    elif verb == "ping":  # 10 s without an answer are the end: no verb may take so long
        say("beat", rest[0], 0, [])
    elif verb in ("stop", "refused"):
        say("bye")
        context.destroy(linger=500)
        sys.exit(verb == "refused")

def send(kind, to, id, deadline, verb, body, sender=ME):
    workers = peers[b"%d" % (to >> 54)][1]
    if workers:  # else its node has ended
        file = f"n{to >> 54}.w{(to >> 44 & 1023) % workers}"
        ways[file] = ways.get(file) or connect(zmq.PUSH, file, f"{NODE}.0")
        ways[file].send(msgpack.packb([kind, 0, to, sender, id, deadline, verb, None, body]))

def ask(name, verb, body, deadline, then):  # then(answer, None), or then(None, why not)
    if not names.get(name):
        return then(None, f"nobody is called '{name}'")
    id = next(ids)
    asks[id] = names[name], deadline, then
    send(ASK, names[name], id, deadline, verb, body)

def take(verbs):  # a frame of messages
    frame = lane.recv(copy=False)
    sender = frame.get("User-Id")
    before, taken[sender] = taken.get(sender, 0), taken.get(sender, 0) + len(frame.bytes)
    if before >> 16 != taken[sender] >> 16:  # it may send more
        number, worker = map(int, sender.split("."))
        to = number << 54 | worker << 44 | 0xFFFFFF
        send(CONTROL, to, taken[sender], 0, "credit", None, WORKER)
    messages = msgpack.Unpacker(strict_map_key=False)
    messages.feed(frame.bytes)
    for kind, _, _, sender, id, deadline, verb, _, body in messages:
        if kind in (REPLY, ERROR) and id in asks:
            asks.pop(id)[2](*(body, None) if kind == REPLY else (None, body[2]))
        elif kind == CONTROL and verb == "deputy":
            deputies.add(sender)
        elif kind in (TELL, ASK) and not 0 < deadline < time.monotonic_ns():
            attempt = 1
            if kind == ASK and sender in deputies:
                _, _, attempt, body = body
            call = Call(kind, sender, id, deadline, body, attempt)
            try:
                verbs[verb](call) if verb in verbs else call.fail(-95, f"no verb '{verb}'")
            except (TypeError, ValueError, KeyError, AttributeError) as fault:
                call.fail(-22, f"{verb}: {fault}")

class Call:  # what a verb is given
    def __init__(self, kind, sender, id, deadline, body, attempt):
        self.kind, self.sender, self.id = kind, sender, id
        self.deadline, self.body, self.attempt = deadline, body, attempt

    def reply(self, value):
        if self.kind == ASK:
            send(REPLY, self.sender, self.id, 0, "reply", value)

    def fail(self, code, words):  # code: a negative errno of Linux
        if self.kind == ASK:
            send(ERROR, self.sender, self.id, 0, "error", [2, code, words])

def run(verbs):
    global hub
    gate.bind("inproc://zeromq.zap.01")
    lane.plain_server = True
    lane.bind(f"ipc://{HELLO['directory']}/n{NODE}.w0")
    hub = connect(zmq.DEALER, "hub", f"{NODE}")
    say("hello", 1, 1, ME, ["attempts"])
    lifeline, poller = int(os.environ["TROUPE_LIFELINE_FD"]), zmq.Poller()
    for each in gate, hub, lane, lifeline:
        poller.register(each, zmq.POLLIN)
    while True:
        ready = dict(poller.poll(1000))
        now = time.monotonic_ns()
        for id in [id for id, (_, until, _) in asks.items() if 0 < until < now]:
            asks.pop(id)[2](None, "no answer in time")
        if lifeline in ready:  # the root has ended
            os._exit(1)
        if gate in ready:
            admit()
        if hub in ready:
            hear(*msgpack.unpackb(hub.recv()))
        if lane in ready:
            take(verbs)


def upper(call):
    call.reply(call.body.upper())

def count(call):  # asks an actor in C before it answers
    def then(total, why_not):
        if why_not:
            call.fail(-71, f"no total: {why_not}")
        else:
            call.reply({"words": len(call.body["text"].split()), "total": total})
    ask("tally", "add", [call.body["line"], len(call.body["text"].split())], call.deadline, then)

def size(call):
    call.reply(len(call.body))

def crash(call):
    os.kill(os.getpid(), signal.SIGKILL)

def attempt(call):
    call.reply(call.attempt)

def survive(call):  # does not, the first time
    crash(call) if call.attempt == 1 else attempt(call)

run({"upper": upper, "count": count, "size": size, "crash": crash, "attempt": attempt,
     "survive": survive})
