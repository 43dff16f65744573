// CAF peers of B12 and B13: an actor in another process, by CAF's middleman.
// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

#include <caf/io/all.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
const char *const host = "127.0.0.1";
const auto patience = std::chrono::minutes{10};

class sink : public caf::event_based_actor
{
  public:
    explicit sink(caf::actor_config &config) : event_based_actor(config)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](const std::string &body) { sum_ += body[0]; },
                [this](get_atom) { return sum_; }};
    }

  private:
    int64_t sum_ = 0;
};

// A thousand at a time; the last message asks for the sum.
class source : public caf::event_based_actor
{
  public:
    source(caf::actor_config &config, caf::actor to, int64_t count, gate *done)
        : event_based_actor(config), to_(std::move(to)), count_(count),
          left_(count), done_(done)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_on_atom) { more(); }};
    }

  private:
    void more()
    {
        for (int i = 0; i < 1000 && left_ > 0; i++, left_--)
            send(to_, body_);
        if (left_ > 0) {
            send(this, go_on_atom::value);
            return;
        }
        request(to_, patience, get_atom::value)
            .then(
                [this](int64_t sum) {
                    expect_equal(sum, count_);
                    done_->arrive();
                },
                [](const caf::error &) { fail("a request failed"); });
    }

    caf::actor to_;
    int64_t count_, left_;
    gate *done_;
    const std::string body_ = '\1' + std::string(63, '\0');
};

// The other process: this program again, which writes its port and ends when
// its input does.
class far_process
{
  public:
    explicit far_process(const char *what)
    {
        int in[2], out[2];
        if (pipe(in) < 0 || pipe(out) < 0)
            fail("no pipe");
        pid_ = fork();
        if (pid_ < 0)
            fail("no process");
        if (pid_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            close(in[1]);
            close(out[0]);
            execl("/proc/self/exe", "caf_peers", "--far", what, nullptr);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        stop_ = in[1];
        if (read(out[0], &port_, sizeof port_) != sizeof port_)
            fail("the other process has no port");
        close(out[0]);
    }

    ~far_process()
    {
        close(stop_);
        waitpid(pid_, nullptr, 0);
    }

    caf::actor look_up(caf::actor_system &system) const
    {
        auto found = system.middleman().remote_actor(host, port_);
        if (!found)
            fail("no actor at the other process");
        return *found;
    }

  private:
    pid_t pid_;
    int stop_;
    uint16_t port_ = 0;
};
} // namespace

int
serve_far(const std::string &what)
{
    caf::actor_system_config config;
    config.load<caf::io::middleman>();
    caf::actor_system system{config};
    caf::actor it = what == "sink" ? caf::actor{system.spawn<sink>()}
                                   : spawn_answerer(system);
    auto port = system.middleman().publish(it, 0, host);
    if (!port || write(1, &*port, sizeof *port) != sizeof *port)
        fail("no port");
    char byte;
    while (read(0, &byte, 1) > 0)
        continue;
    system.middleman().unpublish(it, *port);
    stop_all({it});
    return 0;
}

void
bench_far_one_way(const run &self)
{
    auto count = self.scaled(500'000);
    far_process far{"sink"};
    gate done{1};
    auto who =
        self.system.spawn<source>(far.look_up(self.system), count, &done);
    auto start = now_ns();
    caf::anon_send(who, go_on_atom::value);
    done.wait();
    self.report(double(now_ns() - start) / double(count), "ns/message", count);
    stop_all({who});
}

void
bench_far_round_trips(const run &self)
{
    far_process far{"answerer"};
    time_round_trips(self, far.look_up(self.system), self.scaled(100'000));
}
