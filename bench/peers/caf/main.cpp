// Command line of the CAF peers: pick one benchmark, run it, print JSON.
// SPDX-License-Identifier: Apache-2.0
//
//   caf_peers B4 [--variant V] [--quick] [--threads N]
//   caf_peers --list | --version
#include "bench.hpp"

#include <caf/io/all.hpp>
#include <fstream>
#include <functional>

namespace
{
struct row {
    const char *bench;
    const char *variant;
    std::function<void(const run &)> work;
};

const row table[] = {
    {"B1", "default", [](const run &self) { bench_pairs(self, 1, 2'000'000); }},
    {"B2", "default",
     [](const run &self) { bench_pairs(self, 100, 4'000'000); }},
    {"B3", "default", bench_ring},
    {"B4", "default",
     [](const run &self) { bench_counter(self, false, false); }},
    {"B4", "body64", [](const run &self) { bench_counter(self, true, false); }},
    {"B4", "one-handler",
     [](const run &self) { bench_counter(self, false, true); }},
    {"B5", "default", bench_sixty},
    {"B6", "default", bench_short_lives},
    {"B7", "default", bench_random_pings},
    {"B8", "default", bench_skynet},
    {"B9", "default", bench_idle},
    {"B10", "default", bench_gather},
    {"B11", "default", bench_round_trips},
    {"B12", "default", bench_far_one_way},
    {"B13", "default", bench_far_round_trips},
};

const row &
find(const std::string &bench, const std::string &variant)
{
    for (auto &each : table)
        if (bench == each.bench && variant == each.variant)
            return each;
    fail("no benchmark " + bench + " " + variant);
}

void
show_version()
{
    caf::actor_system_config config;
    caf::actor_system system{config};
    std::cout << "CAF " << CAF_MAJOR_VERSION << "." << CAF_MINOR_VERSION << "."
              << CAF_PATCH_VERSION << ", " << system.scheduler().num_workers()
              << " workers" << std::endl;
}

void
run_one(const std::vector<std::string> &words)
{
    std::string variant = "default";
    bool quick = false;
    caf::actor_system_config config;
    for (size_t i = 1; i < words.size(); i++) {
        if (words[i] == "--quick")
            quick = true;
        else if (words[i] == "--variant" && i + 1 < words.size())
            variant = words[++i];
        else if (words[i] == "--threads" && i + 1 < words.size())
            config.set("scheduler.max-threads", std::stoul(words[++i]));
        else
            fail("cannot read the option " + words[i]);
    }
    auto &chosen = find(words[0], variant);
    if (words[0] == "B12" || words[0] == "B13")
        config.load<caf::io::middleman>();
    caf::actor_system system{config};
    chosen.work(run{system, chosen.bench, chosen.variant, quick});
}
} // namespace

int64_t
status_kib(const std::string &key)
{
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
        if (word != key + ":")
            continue;
        int64_t kib = 0;
        status >> kib;
        return kib;
    }
    fail("no " + key + " in /proc/self/status");
}

void
run::report(double value, const char *unit, int64_t count,
            const std::string &part) const
{
    printf("{\"bench\":\"%s\",\"variant\":\"%s\",\"system\":\"caf\","
           "\"value\":%.3f,\"unit\":\"%s\",\"count\":%lld,"
           "\"peak_kib\":%lld}\n",
           bench.c_str(), part.empty() ? variant.c_str() : part.c_str(), value,
           unit, static_cast<long long>(count),
           static_cast<long long>(status_kib("VmHWM")));
}

int
main(int argc, char **argv)
{
    std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty())
        fail("which benchmark? --list names them");
    if (words[0] == "--far" && words.size() == 2)
        return serve_far(words[1]);
    if (words[0] == "--version") {
        show_version();
    } else if (words[0] == "--list") {
        for (auto &each : table)
            std::cout << each.bench << " " << each.variant << "\n";
    } else {
        run_one(words);
    }
    return 0;
}
