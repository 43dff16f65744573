// What the CAF peers share: messages, the report of a result, small helpers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <caf/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>

using go_on_atom = caf::atom_constant<caf::atom("goon")>;
using ping_atom = caf::atom_constant<caf::atom("pingmsg")>;
using pong_atom = caf::atom_constant<caf::atom("pongmsg")>;
using get_atom = caf::atom_constant<caf::atom("gettotal")>;

using actors = std::vector<caf::actor>;

// A body of 64 bytes, held in the message itself.
struct body64 {
    uint8_t bytes[64];
};

// Says why and ends the program: a benchmark with a wrong answer has no time.
[[noreturn]] inline void
fail(const std::string &why)
{
    std::cerr << "caf peers: " << why << std::endl;
    std::_Exit(1);
}

inline void
expect_equal(int64_t is, int64_t must)
{
    if (is != must)
        fail("counted " + std::to_string(is) + ", expected "
             + std::to_string(must));
}

inline int64_t
now_ns()
{
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

// The run that was asked for: which benchmark, how much of it, and where.
struct run {
    caf::actor_system &system;
    std::string bench;
    std::string variant;
    bool quick;

    int64_t scaled(int64_t count) const
    {
        return quick ? count / 10 : count;
    }

    // Prints one line of JSON; `part` names a value within the variant.
    void report(double value, const char *unit, int64_t count,
                const std::string &part = "") const;
};

// A value of /proc/self/status in KiB, such as "VmRSS".
int64_t status_kib(const std::string &key);

// Where actors tell the main thread that they are done: the last one of
// `count` opens the gate, without a message being sent for it.
class gate
{
  public:
    explicit gate(int64_t count) : left_(count)
    {
    }

    void arrive()
    {
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            opened_.set_value();
    }

    void wait()
    {
        opened_.get_future().wait();
    }

  private:
    std::atomic<int64_t> left_;
    std::promise<void> opened_;
};

// Actors end only when told so; those in a ring hold each other.
inline void
stop_all(const actors &them)
{
    for (auto &actor : them)
        caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void bench_pairs(const run &self, int64_t pairs, int64_t messages);
void bench_ring(const run &self);
void bench_random_pings(const run &self);
void bench_counter(const run &self, bool with_body, bool one_handler);
void bench_sixty(const run &self);
void bench_short_lives(const run &self);
void bench_skynet(const run &self);
void bench_idle(const run &self);
void bench_gather(const run &self);
void bench_round_trips(const run &self);
void bench_far_one_way(const run &self);
void bench_far_round_trips(const run &self);

// An actor that answers numbers, and a print of how long it takes to.
caf::actor spawn_answerer(caf::actor_system &system);
void time_round_trips(const run &self, const caf::actor &to, int64_t count);

// The other process of the two above: serves one actor until its input ends.
int serve_far(const std::string &what);
