/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_file.c: bad graph files, and what is said of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/graph_file.h"

struct wrong {
    const char *text;
    const char *said;
};

static const struct wrong wrongs[] = {
    {"tasks: {a: {cmnd: x}}",
     "1:13: task 'a' has no key 'cmnd'; did you mean 'cmd'?"},
    {"tasks: {}", "1:8: there are no tasks; add 'tasks:'"},
    {"name: x", "1:1: there are no tasks"},
    {"tasks: [a, b]", "1:8: 'tasks' wants ids, as in {hello: {cmd: echo "
                      "hello}}, not a list"},
    {"task: {a: {noop: }}",
     "the graph has no key 'task'; did you mean 'tasks'?"},
    {"", "1:1: the file is empty"},
    {"- a", "a graph is keys and values, not a list"},
    {"tasks: {a: {noop: }, a: {noop: }}", "1:22: the key 'a' is here twice"},
    {"tasks: {alpha: {noop: }, b: {needs: [alhpa]}}",
     "1:38: task 'b' needs 'alhpa', and there is no such task; did you mean "
     "'alpha'?"},
    {"tasks: {a: {needs: [a]}}", "1:9: task 'a' waits for itself"},
    {"tasks:\n  a: {needs: [c]}\n  b: {needs: [a]}\n  c: {needs: [b]}\n",
     "a cycle: a (line 2) -> b (line 3) -> c (line 4) -> a (line 2); take one"},
    {"tasks: {a: {}}", "task 'a' does nothing; give it 'cmd'"},
    {"tasks: {a b: {noop: }}", "'a b' cannot be the id of a task"},
    {"tasks: {a: {noop: , value: 1}}", "a task does one thing"},
    {"tasks: {a: {noop: , args: [x]}}", "'args' is for a task with 'cmd'"},
    {"tasks: {a: {cmd: x, args: y}}", "'args' wants a list"},
    {"tasks: {a: {cmd: x, env: {A=B: y}}}",
     "'A=B' cannot be the name of a variable"},
    {"tasks: {a: {cmd: x, output: jsn}}", "did you mean 'json'?"},
    {"tasks: {a: {cmd: x, timeout: 5}}",
     "'timeout' has no unit; write 5ms or 5s"},
    {"tasks: {a: {cmd: x, retries: -1}}", "'retries' wants a whole number"},
    {"tasks: {a: {cmd: x, rule: all}}", "'rule' wants one of all_success"},
    {"tasks: {a: {cmd: x}, b: {cmd: x, needs: [a], quorum: 2}}",
     "'b' can never run: its quorum is 2 of 1 needs"},
    {"tasks: {a: {cmd: x}, b: {cmd: x, needs: [a], quorum: 1, rule: all_done}}",
     "'quorum' is a rule of its own"},
    {"tasks: {a: {cmd: x, writes: f}, b: {cmd: x, writes: f}}",
     "'a' and 'b' both write 'f', and could do so at once; let one need the "
     "other"},
    {"tasks: {a: {value: 1}, b: {value: \"${a}\"}}",
     "1:24: task 'b' refers to 'a' and does not need it"},
    {"tasks: {alpha: {value: 1}, b: {value: \"${alhpa}\", needs: [alpha]}}",
     "task 'b' refers to 'alhpa', and there is no such task; did you mean "
     "'alpha'?"},
    {"tasks: {a: {value: 1}, b: {noop: , needs: [a], when: \"${a} === 1\"}}",
     "task 'b': 'when': "},
    {"tasks: {a: {cmd: x, fallback: bb}, b: {cmd: x}}",
     "1:31: task 'a' has the fallback 'bb', and there is no such task; did you "
     "mean 'b'?"},
    {"tasks: {a: {ask: {actor: x, type: y}}}", "there is no actor 'x'; add it"},
    {"actors: {clerk: {kind: printer}}\ntasks: {a: {ask: {actor: clark, type: "
     "y}}}",
     "2:26: there is no actor 'clark'; did you mean 'clerk'?"},
    {"actors: {x: {kind: printr}}\ntasks: {a: {ask: {actor: x, type: y}}}",
     "there is no kind 'printr'; did you mean 'printer'?"},
    {"tasks: {a: {ask: {actor: x}}}", "'ask' has no 'type'; add one"},
    {"tasks: {a: {graph: nowhere.yaml}}", "the graph 'nowhere.yaml' is wrong"},
    {"tasks: {a: {graph: SELF}}", "a graph holds itself: "},
    {"tasks: {a: {graph: g.yaml, retries: 2}}",
     "'retries' is not for a task that is a graph"},
    {"tasks: {a: [", "look"},
};

/* What is said of a file, as printed; to be freed. */
static char *
read_text(const char *text)
{
    char path[] = "/tmp/troupe-graph-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    FILE *file = fdopen(fd, "w");
    cr_assert_not_null(file);
    const char *self = strstr(text, "SELF");
    if (self) /* a graph that holds itself */
        fprintf(file, "%.*s%s%s", (int) (self - text), text, path, self + 4);
    else
        fputs(text, file);
    fclose(file);
    struct troupe__findings findings = {.path = path};
    struct troupe__graph_file *graph = NULL;
    char *said = NULL;
    size_t size = 0;
    int rc = troupe__graph_file_read(path, &findings, &graph);
    cr_expect_eq(rc == 0, graph != NULL);
    cr_expect_eq(rc == 0, findings.count == 0);
    FILE *out = open_memstream(&said, &size);
    findings.path = "f";
    troupe__findings_print(&findings, out);
    troupe__findings_free(&findings);
    troupe__graph_file_free(graph);
    fclose(out);
    unlink(path);
    return said;
}

Test(graph_file, each_mistake_is_named, .timeout = 60)
{
    /* What is wrong with inner files goes to standard error. */
    cr_assert_not_null(freopen("/dev/null", "w", stderr));
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char *said = read_text(wrongs[i].text);
        cr_expect(strstr(said, wrongs[i].said), "of:\n%s\nwanted: %s\ngot: %s",
                  wrongs[i].text, wrongs[i].said, said);
        free(said);
    }
}

Test(graph_file, cut_off_anywhere_it_is_refused_or_whole, .timeout = 60)
{
    static const char whole[] =
        "name: n\nparallel: 3\nx-mine: [1]\ntasks:\n"
        "  a: {cmd: 'echo $HOME ${x}', args: [1, \"b\"], env: {A: b},"
        " output: lines, retries: 2, backoff: {min: 1ms, max: 2s}}\n"
        "  b: {value: {k: \"${a.0}\"}, needs: [a], when: \"${a} != x\","
        " optional: true}\n"
        "  c: {needs: [a, b], quorum: 1, writes: [w], takes: 3s}\n";
    char text[sizeof whole];
    char *said = read_text(whole);
    cr_assert_str_empty(said);
    free(said);
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        memcpy(text, whole, size);
        text[size] = '\0';
        free(read_text(text));
    }
}
