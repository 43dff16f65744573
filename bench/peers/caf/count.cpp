// CAF peers of B4 and B5: one sender, and those who count.
// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(body64)

namespace
{
class counter : public caf::event_based_actor
{
  public:
    explicit counter(caf::actor_config &config) : event_based_actor(config)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](int64_t by) { total_ += by; },
                [this](const body64 &body) { total_ += body.bytes[0]; },
                [this](get_atom) { return total_; }};
    }

  private:
    int64_t total_ = 0;
};

// Sends `count` messages, `batch` at a time, with a "go on" to itself between.
class producer : public caf::event_based_actor
{
  public:
    producer(caf::actor_config &config, caf::actor to, int64_t count,
             int64_t batch, bool with_body)
        : event_based_actor(config), to_(std::move(to)), left_(count),
          batch_(batch), with_body_(with_body)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_on_atom go_on, const caf::actor &asker) {
            if (left_ == 0) {
                delegate_report(asker);
                return;
            }
            for (int64_t i = 0; i < batch_; i++)
                send_one();
            left_ -= batch_;
            send(this, go_on, asker);
        }};
    }

  private:
    void send_one()
    {
        if (with_body_)
            send(to_, body64{{1}});
        else
            send(to_, int64_t{1});
    }

    // The counter's answer goes straight to the one who waits for the end.
    void delegate_report(const caf::actor &asker)
    {
        send_as(asker, to_, get_atom::value);
    }

    caf::actor to_;
    int64_t left_;
    int64_t batch_;
    bool with_body_;
};

// Sends one message to each counter in turn; "go on" after every 25 rounds.
class dealer : public caf::event_based_actor
{
  public:
    dealer(caf::actor_config &config, actors to, int64_t rounds)
        : event_based_actor(config), to_(std::move(to)), left_(rounds)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_on_atom go_on, const caf::actor &asker) {
            if (left_ == 0) {
                for (auto &each : to_)
                    send_as(asker, each, get_atom::value);
                return;
            }
            for (int round = 0; round < 25; round++)
                for (auto &each : to_)
                    send(each, int64_t{1});
            left_ -= 25;
            send(this, go_on, asker);
        }};
    }

  private:
    actors to_;
    int64_t left_;
};

int64_t
collect(caf::scoped_actor &main, size_t answers)
{
    int64_t total = 0;
    for (size_t i = 0; i < answers; i++)
        main->receive([&](int64_t part) { total += part; });
    return total;
}
} // namespace

void
bench_counter(const run &self, bool with_body, bool one_handler)
{
    auto count = self.scaled(5'000'000);
    auto batch = one_handler ? count : 1000;
    caf::scoped_actor main{self.system};
    auto to = self.system.spawn<counter>();
    auto from = self.system.spawn<producer>(to, count, batch, with_body);
    auto start = now_ns();
    main->send(from, go_on_atom::value, caf::actor{main});
    auto total = collect(main, 1);
    auto spent = now_ns() - start;
    expect_equal(total, count);
    self.report(double(spent) / double(count), "ns/message", count);
    stop_all({from, to});
}

void
bench_sixty(const run &self)
{
    auto rounds = self.scaled(100'000);
    caf::scoped_actor main{self.system};
    actors counters;
    for (int i = 0; i < 60; i++)
        counters.push_back(self.system.spawn<counter>());
    auto from = self.system.spawn<dealer>(counters, rounds);
    auto start = now_ns();
    main->send(from, go_on_atom::value, caf::actor{main});
    auto total = collect(main, counters.size());
    auto spent = now_ns() - start;
    expect_equal(total, 60 * rounds);
    self.report(double(spent) / double(total), "ns/message", total);
    stop_all({from});
    stop_all(counters);
}
