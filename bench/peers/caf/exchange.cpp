// CAF peers of B1, B2, B3 and B7: actors that answer one another.
// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

namespace
{
class ponger : public caf::event_based_actor
{
  public:
    explicit ponger(caf::actor_config &config) : event_based_actor(config)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](ping_atom, const caf::actor &from, int64_t left) {
            send(from, left - 1);
        }};
    }
};

class pinger : public caf::event_based_actor
{
  public:
    pinger(caf::actor_config &config, caf::actor partner, gate *done)
        : event_based_actor(config), partner_(std::move(partner)), done_(done)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](int64_t left) {
            if (left > 0)
                send(partner_, ping_atom::value, caf::actor{this}, left);
            else
                done_->arrive();
        }};
    }

  private:
    caf::actor partner_;
    gate *done_;
};

class link : public caf::event_based_actor
{
  public:
    link(caf::actor_config &config, gate *done)
        : event_based_actor(config), done_(done)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](const caf::actor &next) { next_ = next; },
                [this](int64_t left) {
                    if (left > 1)
                        send(next_, left - 1);
                    else
                        done_->arrive();
                }};
    }

    void on_exit() override
    {
        next_ = nullptr;
    }

  private:
    caf::actor next_;
    gate *done_;
};

// Sends its next ping, to a random other actor, when the pong to its last one
// has come.
class wanderer : public caf::event_based_actor
{
  public:
    wanderer(caf::actor_config &config, size_t index, int64_t pings, gate *done)
        : event_based_actor(config), index_(index), left_(pings), done_(done),
          random_(static_cast<uint32_t>(index) + 1)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](const actors &all) { all_ = all; },
                [this](ping_atom, const caf::actor &from) {
                    send(from, pong_atom::value);
                },
                [this](pong_atom) { ping_next(); }};
    }

    void on_exit() override
    {
        all_.clear();
    }

  private:
    void ping_next()
    {
        if (left_-- == 0) {
            done_->arrive();
            return;
        }
        random_ = (random_ * 75 + 74) % 65537;
        auto others = all_.size() - 1;
        auto target = (index_ + 1 + random_ % others) % all_.size();
        send(all_[target], ping_atom::value, caf::actor{this});
    }

    size_t index_;
    int64_t left_;
    gate *done_;
    uint32_t random_;
    actors all_;
};
} // namespace

void
bench_pairs(const run &self, int64_t pairs, int64_t messages)
{
    messages = self.scaled(messages);
    gate done{pairs};
    actors pongers, pingers;
    for (int64_t i = 0; i < pairs; i++) {
        pongers.push_back(self.system.spawn<ponger>());
        pingers.push_back(self.system.spawn<pinger>(pongers.back(), &done));
    }
    auto start = now_ns();
    for (auto &each : pingers)
        caf::anon_send(each, messages / pairs / 2);
    done.wait();
    auto spent = now_ns() - start;
    self.report(double(spent) / double(messages), "ns/message", messages);
    stop_all(pingers);
    stop_all(pongers);
}

void
bench_ring(const run &self)
{
    auto hops = self.scaled(2'000'000);
    gate done{1};
    actors ring;
    for (int i = 0; i < 100; i++)
        ring.push_back(self.system.spawn<link>(&done));
    for (size_t i = 0; i < ring.size(); i++)
        caf::anon_send(ring[i], ring[(i + 1) % ring.size()]);
    auto start = now_ns();
    caf::anon_send(ring[0], hops);
    done.wait();
    auto spent = now_ns() - start;
    self.report(double(spent) / double(hops), "ns/hop", hops);
    stop_all(ring);
}

void
bench_random_pings(const run &self)
{
    const int64_t count = 120;
    auto pings = self.scaled(20'000);
    gate done{count};
    actors all;
    for (int64_t i = 0; i < count; i++)
        all.push_back(
            self.system.spawn<wanderer>(static_cast<size_t>(i), pings, &done));
    for (auto &each : all)
        caf::anon_send(each, all);
    auto start = now_ns();
    for (auto &each : all)
        caf::anon_send(each, pong_atom::value);
    done.wait();
    auto spent = now_ns() - start;
    auto messages = 2 * count * pings;
    self.report(double(spent) / double(messages), "ns/message", messages);
    stop_all(all);
}
