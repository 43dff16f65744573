/* SPDX-License-Identifier: Apache-2.0 */
/* command_top.c: `troupe top`, the busiest actors of a run, again and again. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/look.h"
#include "tools/table.h"

#define EVERY_MS 1000

static const char help[] =
    "usage: troupe top [OPTION]...\n"
    "\n"
    "The actors of a topology that runs, the busiest first: the share of the\n"
    "time that each was in handlers, and messages a second. On a terminal\n"
    "again each second, until Ctrl-C; elsewhere one table.\n"
    "\n"
    "  --once         one table\n"
    "  --every TIME   look so often [1s]; one table is of so long\n"
    "  --all          those of the run itself, too\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 shown; 1 nothing runs, or it has ended; 2 usage.\n";

/* A look at all actors. */
struct sample {
    json_t *actors; /* ref -> actor */
    json_t *counters;
    uint64_t at_ns;
};

struct row {
    const json_t *actor;
    double busy, handled; /* share of a core; a second */
};

static volatile sig_atomic_t is_over;

static void
on_signal(int number)
{
    (void) number;
    is_over = 1;
}

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

static void
sample_free(struct sample *self)
{
    json_decref(self->actors);
    json_decref(self->counters);
    *self = (struct sample){0};
}

static bool
take(struct troupe__look *look, struct sample *ret)
{
    json_t *answer = troupe__look_actors(look);
    if (!answer)
        return false;
    *ret = (struct sample){.actors = json_object(), .at_ns = now_ns()};
    const json_t *list = json_object_get(answer, "actors");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *actor = json_array_get(list, i);
        if (look->all || !troupe__is_of_the_run(actor))
            json_object_set(ret->actors, troupe__text_of(actor, "ref"), actor);
    }
    json_decref(answer);
    ret->counters = troupe__look_ask(look, TROUPE__LOOK_MS,
                                     json_pack("{s:s}", "do", "counters"));
    if (!ret->counters)
        sample_free(ret);
    return ret->counters != NULL;
}

/* --- rates ------------------------------------------------------------------*/

static double
grown(const json_t *now, const json_t *before, const char *key)
{
    uint64_t a = troupe__number_of(now, key);
    uint64_t b = before ? troupe__number_of(before, key) : 0;
    return a > b ? (double) (a - b) : 0;
}

static int
busiest_first(const void *one, const void *other)
{
    const struct row *a = one, *b = other;
    if (a->busy != b->busy)
        return a->busy > b->busy ? -1 : 1;
    if (a->handled != b->handled)
        return a->handled > b->handled ? -1 : 1;
    return strcmp(troupe__text_of(a->actor, "name"),
                  troupe__text_of(b->actor, "name"));
}

static struct row *
make_rows(const struct sample *before, const struct sample *now,
          size_t *ret_count)
{
    double ns = (double) (now->at_ns - before->at_ns);
    struct row *rows =
        troupe__grab((json_object_size(now->actors) + 1) * sizeof *rows);
    const char *ref = NULL;
    json_t *actor = NULL;
    size_t count = 0;
    json_object_foreach(now->actors, ref, actor)
    {
        const json_t *old = json_object_get(before->actors, ref);
        rows[count++] =
            (struct row){actor, grown(actor, old, "handler_ns") / ns,
                         grown(actor, old, "handled") * 1e9 / ns};
    }
    qsort(rows, count, sizeof *rows, busiest_first);
    *ret_count = count;
    return rows;
}

/* --- showing ----------------------------------------------------------------*/

static void
print_table(const struct row *rows, size_t count, size_t rows_max)
{
    static const char *const heads[] = {
        "NAME",       "NODE",     "KIND", "STATUS",  ">BUSY %",
        ">HANDLED/S", ">WAITING", ">AGE", ">FAILED", "HANDLING"};
    struct troupe__table table = {0};
    char age[32];
    bool has_nodes = count > 0 && json_object_get(rows[0].actor, "node_name");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (i != 1 || has_nodes)
            troupe__table_add(&table, heads[i]);
    table.columns = table.count;
    for (size_t i = 0; i < count; i++) {
        const json_t *actor = rows[i].actor;
        bool named = json_is_string(json_object_get(actor, "name"));
        troupe__table_add(&table,
                          troupe__text_of(actor, named ? "name" : "ref"));
        if (has_nodes)
            troupe__table_add(&table, troupe__text_of(actor, "node_name"));
        troupe__table_add(&table, troupe__text_of(actor, "kind"));
        troupe__table_add(&table, troupe__text_of(actor, "status"));
        troupe__table_format(&table, "%.1f", rows[i].busy * 100);
        troupe__table_format(&table, "%.0f", rows[i].handled);
        troupe__table_number(&table, troupe__number_of(actor, "depth"));
        troupe__table_add(
            &table, troupe__time_text(troupe__number_of(actor, "age_ns"), age));
        troupe__table_number(&table, troupe__number_of(actor, "failed"));
        troupe__table_add(&table, troupe__text_of(actor, "handling"));
    }
    troupe__table_print(&table, rows_max, stdout);
    troupe__table_free(&table);
}

static void
print_json(const struct row *rows, size_t count, double rate)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *actor = json_copy((json_t *) (uintptr_t) rows[i].actor);
        json_object_set_new(actor, "busy", json_real(rows[i].busy));
        json_object_set_new(actor, "handled_per_s", json_real(rows[i].handled));
        json_array_append_new(list, actor);
    }
    troupe__look_print_json(
        json_pack("{s:f, s:o}", "messages_per_s", rate, "actors", list));
}

static void
show(const struct troupe__look *look, const struct sample *before,
     const struct sample *now, bool is_live)
{
    size_t count = 0, rows_max = 0;
    struct row *rows = make_rows(before, now, &count);
    double rate = grown(now->counters, before->counters, "messages_received")
                  * 1e9 / (double) (now->at_ns - before->at_ns);
    struct winsize size;
    if (is_live && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
        && size.ws_row > 4)
        rows_max = size.ws_row - 4u;
    if (look->json) {
        print_json(rows, count, rate);
    } else {
        printf(
            "%s%zu actors, %.0f messages/s, %llu restarts, %llu dead "
            "letters\n\n",
            is_live ? "\033[H\033[J" : "", count, rate,
            (unsigned long long) troupe__number_of(now->counters, "restarts"),
            (unsigned long long) troupe__number_of(now->counters,
                                                   "dead_letters"));
        print_table(rows, count, rows_max);
    }
    fflush(stdout);
    free(rows);
}

int
troupe__command_top(int argc, char **argv)
{
    struct troupe__look look = {
        .command = "top", .help = help, .takes = "aeo", .wants = "no argument"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    bool is_live = !look.once && !look.json && isatty(STDOUT_FILENO);
    size_t every_ms = look.every_ms ? look.every_ms : EVERY_MS;
    const struct timespec every = {.tv_sec = (time_t) (every_ms / 1000),
                                   .tv_nsec =
                                       (long) (every_ms % 1000) * 1000000};
    struct sigaction action = {.sa_handler = on_signal};
    if (is_live)
        sigaction(SIGINT, &action, NULL);
    struct sample before = {0}, now = {0};
    bool good = take(&look, &before);
    while (good && !is_over) {
        (void) nanosleep(&every, NULL);
        if (is_over)
            break;
        good = take(&look, &now);
        if (good)
            show(&look, &before, &now, is_live);
        sample_free(&before);
        before = now;
        now = (struct sample){0};
        if (!is_live)
            break;
    }
    sample_free(&before);
    troupe__look_end(&look);
    return good || is_over ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}
