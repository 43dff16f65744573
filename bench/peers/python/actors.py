#!/usr/bin/env python3
"""Python asyncio peers: an actor is a task that reads its own queue.

SPDX-License-Identifier: Apache-2.0

  actors.py B4 [--variant V] [--quick] | --list | --version

Counts are smaller than those of the other systems, because it is slow; the
values are per operation all the same. (Not called asyncio.py: a script's own
directory comes first on the path, and it would import itself.)
"""
import asyncio
import math
import platform
import sys
import time

sys.dont_write_bytecode = True

import contract  # noqa: E402  pylint: disable=wrong-import-position

now_ns = time.perf_counter_ns
TIMEOUT_S = 5


class Actor:
    """A task and its queue; `handle` gets one message after the other."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.task = asyncio.get_running_loop().create_task(self.run())

    def send(self, message):
        self.queue.put_nowait(message)

    async def run(self):
        get = self.queue.get
        while await self.handle(await get()):
            pass

    async def handle(self, message):
        raise NotImplementedError


class Gate:
    """Opens when `count` actors have arrived."""

    def __init__(self, count):
        self.left = count
        self.opened = asyncio.get_running_loop().create_future()

    def arrive(self):
        self.left -= 1
        if self.left == 0:
            self.opened.set_result(None)


class Ponger(Actor):
    async def handle(self, message):
        pinger, left = message
        pinger.send(left - 1)
        return True


class Pinger(Actor):
    def __init__(self, partner, gate):
        super().__init__()
        self.partner = partner
        self.gate = gate

    async def handle(self, message):
        if message == 0:
            self.gate.arrive()
        else:
            self.partner.send((self, message))
        return True


async def pairs(run, count, messages):
    messages = run.scaled(messages)
    gate = Gate(count)
    pingers = [Pinger(Ponger(), gate) for _ in range(count)]
    start = now_ns()
    for pinger in pingers:
        pinger.send(messages // count // 2)
    await gate.opened
    run.report((now_ns() - start) / messages, "ns/message", messages)


class Link(Actor):
    def __init__(self, gate):
        super().__init__()
        self.next = None
        self.gate = gate

    async def handle(self, message):
        if message > 1:
            self.next.send(message - 1)
        else:
            self.gate.arrive()
        return True


async def ring(run):
    hops = run.scaled(200_000)
    gate = Gate(1)
    links = [Link(gate) for _ in range(100)]
    for link, following in zip(links, links[1:] + links[:1]):
        link.next = following
    start = now_ns()
    links[0].send(hops)
    await gate.opened
    run.report((now_ns() - start) / hops, "ns/hop", hops)


class Counter(Actor):
    """Adds numbers up, or first bytes; a future asks for the total."""

    def __init__(self):
        super().__init__()
        self.total = 0

    async def handle(self, message):
        if type(message) is int:
            self.total += message
        elif type(message) is bytes:
            self.total += message[0]
        else:
            message.set_result(self.total)
        return True


class Sender(Actor):
    """Sends to its counters in turn, some rounds at a time."""

    def __init__(self, counters, rounds, batch, body):
        super().__init__()
        self.counters = counters
        self.left = rounds
        self.batch = batch
        self.body = body

    async def handle(self, message):
        if self.left == 0:
            for counter, answer in zip(self.counters, message):
                counter.send(answer)
            return False
        body = self.body
        for _ in range(self.batch):
            for counter in self.counters:
                counter.send(body)
        self.left -= self.batch
        self.send(message)
        return True


async def count_up(run, receivers, rounds, batch, body):
    rounds = run.scaled(rounds)
    loop = asyncio.get_running_loop()
    answers = [loop.create_future() for _ in range(receivers)]
    counters = [Counter() for _ in range(receivers)]
    sender = Sender(counters, rounds, batch or rounds, body)
    start = now_ns()
    sender.send(answers)
    total = sum([await answer for answer in answers])
    spent = now_ns() - start
    assert total == rounds * receivers, total
    run.report(spent / total, "ns/message", total)


class Once(Actor):
    """Gets one message and, when it is short-lived, stops."""

    def __init__(self, gate, stays):
        super().__init__()
        self.gate = gate
        self.stays = stays

    async def handle(self, message):
        self.gate.arrive()
        return self.stays


async def short_lives(run):
    count = run.scaled(50_000)
    gate = Gate(count)
    start = now_ns()
    for i in range(count):
        Once(gate, False).send(1)
        if i % 1000 == 999:
            await asyncio.sleep(0)
    await gate.opened
    run.report((now_ns() - start) / count, "ns/actor", count)


class Wanderer(Actor):
    def __init__(self, index, pings, everyone, gate):
        super().__init__()
        self.index = index
        self.left = pings
        self.everyone = everyone
        self.gate = gate
        self.random = index + 1

    async def handle(self, message):
        if message is not None:
            message.send(None)
        elif self.left == 0:
            self.gate.arrive()
        else:
            self.left -= 1
            self.random = (self.random * 75 + 74) % 65537
            target = (self.index + 1 + self.random % 119) % 120
            self.everyone[target].send(self)
        return True


async def random_pings(run):
    pings = run.scaled(1000)
    gate = Gate(120)
    everyone = []
    for index in range(120):
        everyone.append(Wanderer(index, pings, everyone, gate))
    start = now_ns()
    for each in everyone:
        each.send(None)
    await gate.opened
    messages = 2 * 120 * pings
    run.report((now_ns() - start) / messages, "ns/message", messages)


class TreeNode(Actor):
    def __init__(self, parent, number, leaves):
        super().__init__()
        self.parent = parent
        self.number = number
        self.leaves = leaves

    async def run(self):
        total = self.number
        if self.leaves > 1:
            each = self.leaves // 10
            for i in range(10):
                TreeNode(self.queue, self.number + i * each, each)
            total = sum([await self.queue.get() for _ in range(10)])
        self.parent.put_nowait(total)


async def skynet(run):
    leaves = run.scaled(100_000)
    answer = asyncio.Queue()
    start = now_ns()
    TreeNode(answer, 0, leaves)
    total = await answer.get()
    spent = now_ns() - start
    assert total == leaves * (leaves - 1) // 2, total
    scale = run.scaled(1_000_000) // leaves
    run.report(spent / 1e9 * scale, "s", leaves,
               note=f"{leaves} leaves, time multiplied by {scale}")


async def idle(run):
    count = run.scaled(100_000)
    gate = Gate(count)
    everyone = [None] * count
    before = contract.status_kib("VmRSS")
    for i in range(count):
        everyone[i] = Once(gate, True)
        everyone[i].send(1)
    await gate.opened
    after = contract.status_kib("VmRSS")
    run.report((after - before) * 1024 / count, "bytes/actor", count)


class Answerer(Actor):
    async def handle(self, message):
        number, answer = message
        answer.set_result(number + 1)
        return True


async def ask(loop, actor, number):
    answer = loop.create_future()
    actor.send((number, answer))
    return await asyncio.wait_for(answer, TIMEOUT_S)


async def gather(run):
    rounds = run.scaled(200)
    loop = asyncio.get_running_loop()
    answerers = [Answerer() for _ in range(100)]
    start = now_ns()
    for _ in range(rounds):
        answers = await asyncio.gather(*[ask(loop, a, 1) for a in answerers])
        assert sum(answers) == 200
    run.report((now_ns() - start) / 1e3 / rounds, "us/gather", rounds)


async def round_trips(run):
    count = run.scaled(50_000)
    loop = asyncio.get_running_loop()
    answerer = Answerer()
    times = []
    for i in range(2000 + count):
        start = now_ns()
        answer = await ask(loop, answerer, i)
        times.append(now_ns() - start)
        assert answer == i + 1
    times = sorted(times[2000:])
    for name, share in (("p50", .5), ("p99", .99), ("p99.9", .999)):
        run.report(times[math.ceil(share * count) - 1], "ns", count, name)


async def one_more(number):
    return number + 1


async def gather_tasks(run):
    count = run.scaled(100_000)
    start = now_ns()
    answers = await asyncio.gather(*[one_more(i) for i in range(count)])
    spent = now_ns() - start
    assert sum(answers) == count * (count + 1) // 2
    run.report(spent / 1e3 / count, "us/task", count)


def graph_needs(count):
    """Each task's needs: up to three of those before it."""
    x = 1
    for i in range(count):
        needs = []
        for _ in range(3 if i else 0):
            x = (x * 75 + 74) % 65537
            if x % i not in needs:
                needs.append(x % i)
        yield needs


async def graph_task(needs, bound):
    """Waits for those that it needs, then does nothing, within the bound."""
    for need in needs:
        await need
    async with bound:
        await asyncio.sleep(0)
        return True


async def graph(run):
    tasks = 10_000
    graphs = 1 if run.quick else 10
    loop = asyncio.get_running_loop()
    start = now_ns()
    for _ in range(graphs):
        bound = asyncio.Semaphore(64)
        made = []
        for needs in graph_needs(tasks):
            made.append(loop.create_task(
                graph_task([made[need] for need in needs], bound)))
        done = await asyncio.gather(*made)
        assert sum(done) == tasks
    count = graphs * tasks
    run.report((now_ns() - start) / 1e3 / count, "us/task", count)


TABLE = {
    ("B1", "default"): lambda run: pairs(run, 1, 200_000),
    ("B2", "default"): lambda run: pairs(run, 100, 400_000),
    ("B3", "default"): ring,
    ("B4", "default"): lambda run: count_up(run, 1, 500_000, 1000, 1),
    ("B4", "body64"):
        lambda run: count_up(run, 1, 500_000, 1000, b"\1" + bytes(63)),
    ("B4", "one-handler"): lambda run: count_up(run, 1, 500_000, None, 1),
    ("B5", "default"): lambda run: count_up(run, 60, 10_000, 25, 1),
    ("B6", "default"): short_lives,
    ("B7", "default"): random_pings,
    ("B8", "default"): skynet,
    ("B9", "default"): idle,
    ("B10", "default"): gather,
    ("B11", "default"): round_trips,
    ("B15", "default"): gather_tasks,
    ("B16", "default"): graph,
}


async def start(work, run):
    """Ends the actors that are left, so that none is destroyed unheard."""
    await work(run)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


if __name__ == "__main__":
    contract.main(
        {"asyncio": TABLE}, lambda _: "Python " + platform.python_version(),
        lambda work, run: asyncio.run(start(work, run)))
