// CAF peers of B10 and B11 (and, with far.cpp, B13): requests, with a deadline of five seconds each.
// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

#include <algorithm>
#include <cmath>

namespace
{
const auto timeout = std::chrono::seconds{5};

class answerer : public caf::event_based_actor
{
  public:
    explicit answerer(caf::actor_config &config) : event_based_actor(config)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[](int64_t n) { return n + 1; }};
    }
};

void
request_failed(const caf::error &)
{
    fail("a request failed");
}

// Asks all at once and begins the next round when all have answered.
class gatherer : public caf::event_based_actor
{
  public:
    gatherer(caf::actor_config &config, actors to, int64_t rounds, gate *done)
        : event_based_actor(config), to_(std::move(to)), left_(rounds),
          done_(done)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_on_atom) { round(); }};
    }

  private:
    void round()
    {
        sum_ = 0;
        missing_ = to_.size();
        for (auto &each : to_)
            request(each, timeout, int64_t{1})
                .then([this](int64_t n) { answer(n); }, request_failed);
    }

    void answer(int64_t n)
    {
        sum_ += n;
        if (--missing_ > 0)
            return;
        expect_equal(sum_, 2 * static_cast<int64_t>(to_.size()));
        if (--left_ > 0)
            round();
        else
            done_->arrive();
    }

    actors to_;
    int64_t left_;
    gate *done_;
    int64_t sum_ = 0;
    size_t missing_ = 0;
};

class asker : public caf::event_based_actor
{
  public:
    asker(caf::actor_config &config, caf::actor to, std::vector<int64_t> *times,
          gate *done)
        : event_based_actor(config), to_(std::move(to)), times_(times),
          done_(done)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_on_atom) { ask(); }};
    }

  private:
    void ask()
    {
        auto start = now_ns();
        auto index = static_cast<int64_t>(next_);
        request(to_, timeout, index)
            .then(
                [this, start, index](int64_t n) {
                    (*times_)[next_] = now_ns() - start;
                    expect_equal(n, index + 1);
                    if (++next_ < times_->size())
                        ask();
                    else
                        done_->arrive();
                },
                request_failed);
    }

    caf::actor to_;
    std::vector<int64_t> *times_;
    gate *done_;
    size_t next_ = 0;
};

int64_t
rank(const std::vector<int64_t> &sorted, double share)
{
    auto place = std::ceil(share * double(sorted.size()));
    return sorted[static_cast<size_t>(place) - 1];
}
} // namespace

void
bench_gather(const run &self)
{
    auto rounds = self.scaled(5'000);
    gate done{1};
    actors to;
    for (int i = 0; i < 100; i++)
        to.push_back(self.system.spawn<answerer>());
    auto who = self.system.spawn<gatherer>(to, rounds, &done);
    auto start = now_ns();
    caf::anon_send(who, go_on_atom::value);
    done.wait();
    auto spent = now_ns() - start;
    self.report(double(spent) / 1e3 / double(rounds), "us/gather", rounds);
    stop_all({who});
    stop_all(to);
}

caf::actor
spawn_answerer(caf::actor_system &system)
{
    return system.spawn<answerer>();
}

void
time_round_trips(const run &self, const caf::actor &to, int64_t count)
{
    const int64_t warm_up = 2'000;
    std::vector<int64_t> times(static_cast<size_t>(warm_up + count));
    gate done{1};
    auto who = self.system.spawn<asker>(to, &times, &done);
    caf::anon_send(who, go_on_atom::value);
    done.wait();
    times.erase(times.begin(), times.begin() + warm_up);
    std::sort(times.begin(), times.end());
    self.report(double(rank(times, 0.5)), "ns", count, "p50");
    self.report(double(rank(times, 0.99)), "ns", count, "p99");
    self.report(double(rank(times, 0.999)), "ns", count, "p99.9");
    stop_all({who});
}

void
bench_round_trips(const run &self)
{
    auto to = spawn_answerer(self.system);
    time_round_trips(self, to, self.scaled(200'000));
    stop_all({to});
}
