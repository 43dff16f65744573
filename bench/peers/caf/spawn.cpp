// CAF peers of B6, B8 and B9: many actors.
// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

namespace
{
// Gets one message and, when it is of the short-lived kind, stops.
class once : public caf::event_based_actor
{
  public:
    once(caf::actor_config &config, gate *done, bool stays)
        : event_based_actor(config), done_(done), stays_(stays)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](int64_t) {
            done_->arrive();
            if (!stays_)
                quit();
        }};
    }

  private:
    gate *done_;
    bool stays_;
};

// A node of the tree: a leaf answers its number, others the sum of ten.
class tree_node : public caf::event_based_actor
{
  public:
    tree_node(caf::actor_config &config, caf::actor parent, int64_t number,
              int64_t leaves)
        : event_based_actor(config), parent_(std::move(parent)),
          number_(number), leaves_(leaves)
    {
    }

    caf::behavior make_behavior() override
    {
        if (leaves_ == 1) {
            send(parent_, number_);
            return {}; // no behaviour: the actor ends
        }
        auto each = leaves_ / 10;
        for (int64_t i = 0; i < 10; i++)
            spawn<tree_node>(caf::actor{this}, number_ + i * each, each);
        return {[this](int64_t part) { add(part); }};
    }

  private:
    void add(int64_t part)
    {
        sum_ += part;
        if (--missing_ > 0)
            return;
        send(parent_, sum_);
        quit();
    }

    caf::actor parent_;
    int64_t number_;
    int64_t leaves_;
    int64_t sum_ = 0;
    int missing_ = 10;
};
} // namespace

void
bench_short_lives(const run &self)
{
    auto count = self.scaled(200'000);
    gate done{count};
    // Spawned by the main thread, which deals them out to the workers. Spawned
    // by an actor they all queue up at one worker, and others that steal from
    // so long a queue walk it from its head: about 260 us for each actor.
    auto start = now_ns();
    for (int64_t i = 0; i < count; i++)
        caf::anon_send(self.system.spawn<once>(&done, false), int64_t{1});
    done.wait();
    auto spent = now_ns() - start;
    self.system.await_all_actors_done();
    self.report(double(spent) / double(count), "ns/actor", count);
}

void
bench_skynet(const run &self)
{
    auto leaves = self.scaled(1'000'000);
    caf::scoped_actor main{self.system};
    auto start = now_ns();
    self.system.spawn<tree_node>(caf::actor{main}, int64_t{0}, leaves);
    int64_t sum = 0;
    main->receive([&](int64_t answer) { sum = answer; });
    auto spent = now_ns() - start;
    expect_equal(sum, leaves * (leaves - 1) / 2);
    self.report(double(spent) / 1e9, "s", leaves);
}

void
bench_idle(const run &self)
{
    auto count = self.scaled(100'000);
    gate done{count};
    actors all;
    // The list of the actors is there before and is not counted with them.
    all.resize(static_cast<size_t>(count));
    auto before = status_kib("VmRSS");
    for (auto &each : all) {
        each = self.system.spawn<once>(&done, true);
        caf::anon_send(each, int64_t{1});
    }
    done.wait();
    auto after = status_kib("VmRSS");
    self.report(double(after - before) * 1024 / double(count), "bytes/actor",
                count);
    stop_all(all);
}
