/* SPDX-License-Identifier: Apache-2.0 */
/* test_topology.c: good and bad topology files, and what is said of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/topology.h"

#define GOOD "libraries: [" TROUPE_BUILD_DIR "/tests/tools/kinds/good.so]\n"

struct outcome {
    struct troupe__topology *topology;
    char *errors; /* as printed, without the path */
};

/* Reads `text` as a file of its own. */
static struct outcome
read_text(const char *text)
{
    char path[] = "/tmp/troupe-topology-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    close(fd);
    struct outcome outcome = {0};
    struct troupe__findings findings = {.path = path};
    size_t size = 0;
    FILE *out = open_memstream(&outcome.errors, &size);
    int rc = troupe__topology_read(path, &findings, &outcome.topology);
    cr_assert_eq(rc == 0, outcome.topology != NULL);
    cr_assert_eq(rc == 0, findings.count == 0);
    findings.path = "f";
    troupe__findings_print(&findings, out);
    troupe__findings_free(&findings);
    fclose(out);
    unlink(path);
    return outcome;
}

static void
end(struct outcome *outcome)
{
    troupe__topology_free(outcome->topology);
    free(outcome->errors);
}

/* The file is refused, and each of the lines is among what is said. */
static void
refused(const char *text, const char *line)
{
    struct outcome outcome = read_text(text);
    cr_expect_null(outcome.topology, "not refused:\n%s", text);
    cr_expect(strstr(outcome.errors, line), "in:\n%s\nwanted:\n%s\ngot:\n%s",
              text, line, outcome.errors);
    end(&outcome);
}

static struct troupe__topology *
accepted(const char *text, struct outcome *outcome)
{
    *outcome = read_text(text);
    cr_assert(outcome->topology, "refused:\n%s\nbecause:\n%s", text,
              outcome->errors);
    return outcome->topology;
}

Test(topology, one_actor_is_enough)
{
    struct outcome outcome;
    struct troupe__topology *it =
        accepted("actors: {one: {kind: printer}}\n", &outcome);
    cr_assert_eq(it->member_count, 2);
    cr_assert_str_eq(it->members[1].key.text, "one");
    cr_assert_eq(it->members[1].count, 1);
    cr_assert_eq(it->members[0].child_count, 1);
    cr_assert_str_eq(it->places[0].name.text, "main");
    end(&outcome);
}

Test(topology, every_key_arrives)
{
    struct outcome outcome;
    struct troupe__topology *it = accepted(
        GOOD "name: all\n"
             "until: b\n"
             "stop_timeout: 1.5s\n"
             "processes: 40\n"
             "x-mine: anything\n"
             "nodes: {n: {workers: 3, mailbox: {messages: 5, bytes: 64KiB,"
             " overflow: reject}, watchdog: 2s, ask_timeout: 250ms,"
             " deadlock: 3s,"
             " message_size: 1MiB, actors: 100, dead_letters: 0,"
             " helpers: 2}}\n"
             "supervisor: {strategy: rest_for_one, intensity: 0, period: 1m}\n"
             "supervisors:\n"
             "  s: {strategy: one_for_all, intensity: unlimited, in_a_row: 7,"
             " children: [b, a], restart: transient, budget: {restarts: 2,"
             " period: 1h, then: give_up}}\n"
             "actors:\n"
             "  a: {kind: echo, count: 3, name: aa, groups: [g, h],"
             " allow: [b], worker: 2, poison: never, start_timeout: 1s,"
             " stop_timeout: 0, mailbox: {messages: 10},"
             " delivery: at_least_once, attempts: 7, kept: {messages: 9,"
             " bytes: 1MiB},"
             " backoff: {min: 0, max: 2s, factor: 1.5, jitter: 30%,"
             " reset: 1m}}\n"
             "  b: {kind: echo, place: own_thread}\n",
        &outcome);
    cr_assert_str_eq(it->name, "all");
    cr_assert_eq(it->stop_timeout_ms, 1500);
    cr_assert_eq(it->processes_max, 40);
    const troupe_options_t *node = &it->places[0].options;
    cr_assert_eq(node->workers, 3);
    cr_assert_eq(node->mailbox.messages_max, 5);
    cr_assert_eq(node->mailbox.bytes_max, 65536);
    cr_assert_eq(node->mailbox.overflow, TROUPE_OVERFLOW_REJECT);
    cr_assert_eq(node->ask_timeout_ms, 250);
    cr_assert_eq(node->deadlock_ms, 3000);
    cr_assert_eq(node->message_size_max, 1u << 20);
    cr_assert_eq(node->dead_letters_max, 0);
    const struct troupe__member *root = &it->members[0];
    cr_assert_eq(root->options.strategy, TROUPE_REST_FOR_ONE);
    cr_assert_eq(root->options.intensity, TROUPE_ZERO);
    cr_assert_eq(root->options.period_ms, 60000);
    const struct troupe__member *s = &it->members[troupe__member_find(it, "s")];
    const struct troupe__member *a = &it->members[troupe__member_find(it, "a")];
    cr_assert_eq(s->options.intensity, TROUPE_INFINITE);
    cr_assert_eq(s->spec.budget.then, TROUPE_GIVE_UP);
    cr_assert_eq(s->spec.budget.period_ms, 3600000);
    cr_assert_eq(s->child_count, 2);
    cr_assert_eq(s->children[1], troupe__member_find(it, "a"));
    cr_assert_eq(a->count, 3);
    cr_assert_eq(a->spec.place, TROUPE_WORKER);
    cr_assert_eq(a->spec.worker, 2);
    cr_assert_eq(a->spec.poison_max, TROUPE_INFINITE);
    cr_assert_eq(a->spec.delivery.mode, TROUPE_AT_LEAST_ONCE);
    cr_assert_eq(a->spec.delivery.attempts_max, 7);
    cr_assert_eq(a->spec.delivery.open_max, 9);
    cr_assert_eq(a->spec.delivery.open_bytes_max, 1u << 20);
    cr_assert_eq(a->spec.shutdown_ms, TROUPE_SHUTDOWN_BRUTAL);
    cr_assert_eq(a->spec.backoff.min_ms, TROUPE_ZERO);
    cr_assert_eq(a->spec.backoff.factor_percent, 150);
    cr_assert_eq(a->spec.backoff.jitter_percent, 30);
    cr_assert_eq(a->groups.count, 2);
    cr_assert(a->is_limited);
    end(&outcome);
}

/* Arguments keep their types on the way to msgpack. */
Test(topology, arguments_are_msgpack_values)
{
    struct outcome outcome;
    struct troupe__topology *it =
        accepted("actors: {a: {kind: printer, arguments: [1, -2, 0x10, 1.5,"
                 " yes, true, ~, '7', !!binary aGk=, {k: [v]}]}}\n",
                 &outcome);
    static const unsigned char wanted[] = {
        0x9a, 0x01, 0xfe, 0x10, 0xcb, 0x3f, 0xf8, 0,    0,    0,   0,
        0,    0,    0xa3, 'y',  'e',  's',  0xc3, 0xc0, 0xa1, '7', 0xc4,
        0x02, 'h',  'i',  0x81, 0xa1, 'k',  0x91, 0xa1, 'v'};
    cr_assert_eq(it->members[1].arguments_size, sizeof wanted);
    cr_assert_arr_eq(it->members[1].arguments, wanted, sizeof wanted);
    end(&outcome);
}

Test(topology, anchors_merges_and_variables_are_filled_in)
{
    struct outcome outcome;
    setenv("TROUPE_TEST_COUNT", "4", 1);
    unsetenv("TROUPE_TEST_NONE");
    struct troupe__topology *it =
        accepted("x-base: &base {kind: printer, count: 2, poison: 5}\n"
                 "actors:\n"
                 "  a: {<<: *base, count: '${TROUPE_TEST_COUNT}'}\n"
                 "  b: {<<: *base, arguments: '${TROUPE_TEST_NONE:-no} $$5'}\n",
                 &outcome);
    cr_assert_eq(it->members[1].count, 4);
    cr_assert_eq(it->members[1].spec.poison_max, 5);
    cr_assert_eq(it->members[2].count, 2);
    cr_assert_arr_eq(it->members[2].arguments, "\xa5no $5", 6);
    end(&outcome);
    it = accepted("actors: {a: {kind: printer, arguments: "
                  "'${TROUPE_TEST_NONE:-<${TROUPE_TEST_COUNT}>}!'}}\n",
                  &outcome);
    cr_assert_arr_eq(it->members[1].arguments, "\xa4<4>!", 5);
    end(&outcome);
}

Test(topology, wrong_keys_and_types_are_told_with_place_and_cure)
{
    refused("actors: {a: {kind: printer, moilbox: {}}}\n",
            "f:1:29: actor 'a' has no key 'moilbox'; did you mean 'mailbox'?");
    refused("actorz: {}\n", "f:1:1: the topology has no key 'actorz'; did you "
                            "mean 'actors'?");
    refused("name: x\n", "f:1:1: the topology has no 'actors'; add one");
    refused("actors: {a: {kind: printer, delivery: twice}}\n", "'delivery'");
    refused("actors: {a: {kind: printer, attempts: 3}}\n",
            "f:1:39: 'attempts' is for an actor that is asked at least once; "
            "add 'delivery: at_least_once', or take it out");
    refused(
        "processes: 0\nactors: {a: {kind: printer}}\n",
        "f:1:12: 'processes' is '0', which is not within 1 and 1022; choose "
        "one that is");
    refused("actors: {a: {count: 2}}\n",
            "f:1:13: actor 'a' has no 'kind'; add one, or a 'program'");
    refused("actors: {a: {kind: printer, count: many}}\n",
            "f:1:36: 'count' wants a whole number, not 'many'");
    refused("actors: {a: {kind: printer, count: 0}}\n",
            "f:1:36: 'count' is '0', which is not within 1 and 10000");
    refused("actors: {a: {kind: printer, count: 1.5}}\n",
            "f:1:36: 'count' wants a whole number, not '1.5'");
    refused("actors: {a: {kind: [printer]}}\n",
            "f:1:20: 'kind' wants a text, not a list");
    refused("actors: {a: {kind: 7}}\n",
            "'kind' wants a text; put quotes around it: \"7\"");
    refused("actors: {a: {kind: printer, restart: sometimes}}\n",
            "'restart' wants one of permanent, transient, temporary");
    refused("actors: {a: {kind: printer, restart: transiant}}\n",
            "did you mean 'transient'?");
    refused("actors: {a: {kind: printer, worker: 1, place: near}}\n",
            "f:1:37: 'worker' and 'place' exclude each other");
    refused("actors: [a]\n", "f:1:9: 'actors' wants names, each with its keys");
    refused("actors: {a: printer}\n", "f:1:13: actor 'a' wants keys and "
                                      "values, not a text");
    refused("[]\n", "f:1:1: a topology is keys and values, not a list");
    refused("actors: {a: {kind: printer}}\nstop_timeout: 500\n",
            "f:2:15: 'stop_timeout' has no unit; write 500ms or 500s");
    refused("actors: {a: {kind: printer}}\nstop_timeout: 5 parsecs\n",
            "f:2:15: 'stop_timeout' wants a time with its unit, as in 500ms, "
            "2s, 1m, not '5 parsecs'");
    refused("actors: {a: {kind: printer, mailbox: {bytes: 64}}}\n",
            "f:1:46: 'bytes' has no unit; write 64B or 64KiB");
    refused("actors: {a: {kind: printer, mailbox: {bytes: 8GiB}}}\n",
            "f:1:46: 'bytes' is '8GiB', which is not within 1024B and ");
    refused("actors: {a: {kind: printer, backoff: {jitter: 0.2}}}\n",
            "f:1:47: 'jitter' wants a percentage, as in 20%, not '0.2'");
}

Test(topology, what_is_no_yaml_is_told_with_its_place)
{
    refused("actors:\n\ta: 1\n", "f:2:1: ");
    refused("actors: {a: [}\n", "f:1:14: ");
    refused("actors: 'a\n", "f:");
    refused("", "f:1:1: the file is empty");
    refused("# nothing\n", "the file is empty");
    refused("a: \xff\n", "not UTF-8");
    refused("actors: {a: {kind: printer}, a: {kind: printer}}\n",
            "f:1:30: the key 'a' is here twice; take one of the two out");
    refused("actors: {a: {kind: printer}}\n---\nb: 1\n",
            "f:3:1: a second document begins here");
    refused("actors: {a: {kind: ${TROUPE_TEST_NONE}}}\n", "f:");
    refused("actors: {a: {kind: '${TROUPE_TEST_NONE}'}}\n",
            "f:1:20: the variable 'TROUPE_TEST_NONE' is not set; set it, or "
            "write ${TROUPE_TEST_NONE:-default}");
    refused("actors: {a: {kind: '${!}'}}\n", "'${!}' is no variable; write");
    refused("actors: {a: {kind: '${A'}}\n", "write '$$' for a dollar sign");
    refused("actors: {a: {kind: 'x$y'}}\n", "write '$$' for a dollar sign");
    refused("actors: {a: {kind: printer, arguments: !odd 1}}\n",
            "the tag '!odd' is not known");
    refused("actors: {a: &x {kind: printer, arguments: *x}}\n",
            "an alias holds itself");
    refused("actors: {a: *nobody}\n", "f:1:13: ");
    refused("actors: {[1]: {kind: printer}}\n", "a list cannot be a key");
}

/* Ten anchors of ten aliases each: 10^10 values, were they all copied. */
Test(topology, a_bomb_of_aliases_is_refused, .timeout = 20)
{
    char text[4096] = "x-a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
    for (int i = 1; i <= 10; i++) {
        char line[128];
        snprintf(line, sizeof line,
                 "x-a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
                 i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
                 i - 1);
        strcat(text, line);
    }
    strcat(text, "actors: {a: {kind: printer}}\n");
    refused(text, "with its aliases the file has over 100000 values");
}

Test(topology, names_must_be_different)
{
    refused("actors:\n  a: {kind: printer}\n  b: {kind: printer, name: a}\n",
            "f:3:28: the name 'a' is taken in line 2; choose another");
    refused("actors:\n  a: {kind: printer, count: 2}\n  a-2: {kind: printer}\n",
            "f:3:3: the name 'a-2' is taken in line 2; choose another");
    refused("actors: {root: {kind: printer}}\n",
            "f:1:10: the name 'root' is the root supervisor's");
    refused("supervisors: {a: {children: []}}\nactors: {a: {kind: printer}}\n",
            "the name 'a' is taken in line 1");
    refused("actors: {\"\": {kind: printer}}\n", "must have 1 to 63 bytes");
    refused("actors: {a: {kind: printer, groups: [\"a\\tb\"]}}\n",
            "the name of a group must have 1 to 63 bytes and no control");
}

Test(topology, the_tree_must_be_a_tree)
{
    refused("supervisors:\n  a: {children: [b]}\n  b: {children: [c]}\n"
            "  c: {children: [a]}\nactors: {x: {kind: printer}}\n",
            "f:2:3: supervisors form a cycle: a > b > c > a; take one");
    refused(
        "supervisors:\n  a: {children: [a]}\nactors: {x: {kind: printer}}\n",
        "f:2:3: supervisors form a cycle: a > a");
    refused("supervisors:\n  a: {children: [x]}\n  b: {children: [x]}\n"
            "actors: {x: {kind: printer}}\n",
            "f:3:18: 'x' is a child of 'a' already");
    refused("supervisors:\n  a: {children: [x, x]}\nactors: {x: {kind: "
            "printer}}\n",
            "f:2:21: 'x' is in this list twice");
    refused("supervisors:\n  a: {children: [workr]}\nactors: {worker: {kind: "
            "printer}}\n",
            "f:2:18: there is no actor or supervisor 'workr'; did you mean "
            "'worker'?");
    refused("actors: {x: {kind: printer, node: far}}\nnodes: {main: }\n",
            "f:1:35: there is no node 'far'; add it below 'nodes:'");
    refused("nodes: {m: {workers: 2}}\nactors: {x: {kind: printer, worker: "
            "2}}\n",
            "f:2:37: node 'm' has the workers 0 to 1");
    refused("actors: {x: {kind: printer, allow: [nobody]}}\n",
            "f:1:37: there is no actor 'nobody'");
    refused("actors: {x: {kind: printer, count: 2}}\nuntil: x\n",
            "f:2:8: 'until' wants one actor, and 'x' is several");
    refused("actors: {x: {kind: printer}}\nuntil: z\n",
            "f:2:8: there is no actor 'z'; add it, or take this out");
}

Test(topology, kinds_and_shared_objects_must_be_there)
{
#define KINDS TROUPE_BUILD_DIR "/tests/tools/kinds/"
    refused("actors: {x: {kind: prynter}}\n",
            "f:1:20: there is no kind 'prynter'; did you mean 'printer'?");
    refused("actors: {x: {kind: zzzzzzzz}}\n",
            "f:1:20: there is no kind 'zzzzzzzz'; there are printer, ticker, ");
    refused("actors: {x: {kind: zzzzzzzz}}\n",
            ": is its shared object missing below 'libraries:'?");
    refused("libraries:\n  - no/such.so\nactors: {x: {kind: y}}\n",
            "f:2:5: there is no file '/tmp/no/such.so'; build it, or correct "
            "the path");
    refused("libraries: [" KINDS "bare.so]\nactors: {x: {kind: y}}\n",
            "f:1:13: it has no symbol 'troupe_kinds'; put TROUPE_KINDS(");
    refused("libraries: [" KINDS "old.so]\nactors: {x: {kind: old}}\n",
            "f:1:13: it was built with Troupe 0.0.9 and this is ");
    refused("libraries: [" KINDS "good.so, " KINDS "twin.so]\n"
            "actors: {x: {kind: echo}}\n",
            "its kind 'echo' is also in " KINDS "good.so; rename");
    refused("libraries: [/dev/null]\nactors: {x: {kind: y}}\n",
            "f:1:13: it cannot be loaded: ");
}

/* What only the supervisor knows is told with a place too. */
Test(topology, specs_are_checked_as_a_start_would)
{
    refused("actors:\n  a: {kind: printer, backoff: {min: 10s}}\n",
            "f:2:3: child 'a': backoff.min_ms is over max_ms; correct it");
    refused("actors:\n  a: {kind: printer, count: 6000}\n"
            "  b: {kind: printer, count: 6000}\n  c: {kind: printer}\n",
            "f:3:3: with 'b' there are over 10000 actors");
}

/* What is wrong at several places is told at once, in the file's order. */
Test(topology, several_errors_come_together)
{
    struct outcome outcome =
        read_text("actors:\n"
                  "  a: {kind: printer, cuont: 1}\n"
                  "  b: {kind: printer, count: x, restart: y}\n"
                  "  c: {kind: nokind, node: nonode}\n"
                  "stop_timeout: 7\n");
    const char *lines[] = {
        "f:2:22: ", "f:3:29: ", "f:3:41: ", "f:4:13: ", "f:4:27: ", "f:5:15: "};
    const char *at = outcome.errors;
    cr_assert_null(outcome.topology);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        at = at ? strstr(at, lines[i]) : NULL;
        cr_expect(at, "no %s in order in:\n%s", lines[i], outcome.errors);
    }
    end(&outcome);
}

Test(topology, a_file_that_cannot_be_read_is_told)
{
    struct troupe__findings findings = {.path = "/nowhere/at/all.yaml"};
    struct troupe__topology *topology = NULL;
    cr_assert_lt(troupe__topology_read(findings.path, &findings, &topology), 0);
    cr_assert_eq(findings.count, 1);
    cr_assert(strstr(findings.items[0].text, "No such file"));
    troupe__findings_free(&findings);
    findings.path = "/tmp";
    cr_assert_lt(troupe__topology_read(findings.path, &findings, &topology), 0);
    cr_assert_eq(findings.count, 1);
    troupe__findings_free(&findings);
}
