/* SPDX-License-Identifier: Apache-2.0 */
/* map_output.c: what `troupe map` says of results, progress and the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/json_value.h"
#include "tools/map.h"
#include "tools/map_joblog.h"
#include "tools/progress.h"

#define NS_PER_MS 1000000u
#define NS_PER_S  1e9
#define TELL_MS   1000 /* between two lines of progress */
#define DIGITS    6
#define HEAD                                                                   \
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\t"       \
    "Command\n"

/* Of a map's members one, or NULL. */
static const msgpack_object *
member(const msgpack_object *map, const char *name)
{
    size_t size = strlen(name);
    if (map->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *it = &map->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR && it->key.via.str.size == size
            && memcmp(it->key.via.str.ptr, name, size) == 0)
            return &it->val;
    }
    return NULL;
}

static bool
is_of_command(const msgpack_object *value)
{
    const msgpack_object *out = member(value, "stdout");
    return out && out->type == MSGPACK_OBJECT_BIN && member(value, "exit")
           && member(value, "signal");
}

static int64_t
number_of(const msgpack_object *value, const char *name)
{
    const msgpack_object *it = member(value, name);
    return it
                   && (it->type == MSGPACK_OBJECT_POSITIVE_INTEGER
                       || it->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
               ? it->via.i64
               : 0;
}

/* What a program wrote is a text where it is one. */
static json_t *
output_json(const msgpack_object *value, const char *name)
{
    const msgpack_object *it = member(value, name);
    json_t *text = it ? json_stringn(it->via.bin.ptr, it->via.bin.size) : NULL;
    return text ? text : it ? troupe__json_of(it) : json_null();
}

static json_t *
command_json(const msgpack_object *value)
{
    json_t *json = json_pack(
        "{s:I, s:I, s:o, s:o}", "exit", (json_int_t) number_of(value, "exit"),
        "signal", (json_int_t) number_of(value, "signal"), "stdout",
        output_json(value, "stdout"), "stderr", output_json(value, "stderr"));
    static const char *const sizes[] = {"stdout", "stderr"};
    for (size_t i = 0; i < 2; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s_size", sizes[i]);
        const msgpack_object *kept = member(value, sizes[i]);
        int64_t size = number_of(value, name);
        if (kept && (uint64_t) size > kept->via.bin.size) {
            json_object_set_new(json, name, json_integer(size));
            json_object_set_new(json, "truncated", json_true());
        }
    }
    return json;
}

/* The id or the line that a key ends with. */
static void
add_label(json_t *to, const char *key)
{
    const char *sharp = strpbrk(key, "#=");
    if (!sharp)
        return;
    if (*sharp == '#') {
        json_object_set_new(to, "line",
                            json_integer(strtoll(sharp + 1, NULL, 10)));
    } else {
        json_object_set_new(to, "id",
                            json_loads(sharp + 1, JSON_DECODE_ANY, NULL));
    }
}

static json_t *
value_json(const msgpack_object *value)
{
    return is_of_command(value) ? command_json(value) : troupe__json_of(value);
}

/* [state, count, value], where nil is the value of the task. */
static json_t *
vote_json(const msgpack_object *vote)
{
    const msgpack_object *it = vote->via.array.ptr;
    const msgpack_object_str *own = &it[0].via.str;
    json_t *json = json_pack("{s:I, s:o}", "count", (json_int_t) it[1].via.u64,
                             "state", json_stringn(own->ptr, own->size));
    if (it[2].type != MSGPACK_OBJECT_NIL)
        json_object_set_new(json, "value", value_json(&it[2]));
    return json;
}

static json_t *
votes_json(const troupe_map_result_t *result)
{
    json_t *list = json_array();
    msgpack_unpacked votes;
    size_t at = 0;
    msgpack_unpacked_init(&votes);
    if (msgpack_unpack_next(&votes, result->votes, result->votes_size, &at)
            == MSGPACK_UNPACK_SUCCESS
        && votes.data.type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < votes.data.via.array.size; i++)
            json_array_append_new(list,
                                  vote_json(&votes.data.via.array.ptr[i]));
    }
    msgpack_unpacked_destroy(&votes);
    return list;
}

static int
print_json(FILE *out, const troupe_map_result_t *result,
           const msgpack_object *value)
{
    json_t *line = json_object();
    add_label(line, result->key);
    json_object_set_new(line, "state", json_string(result->state));
    if (value && value->type != MSGPACK_OBJECT_NIL) {
        json_object_set_new(line, "value", value_json(value));
    }
    if (result->text[0])
        json_object_set_new(line, "text", json_string(result->text));
    json_object_set_new(line, "attempts", json_integer(result->attempts));
    json_object_set_new(line, "queue_ms", json_real(result->queue_ms));
    json_object_set_new(line, "run_ms", json_real(result->run_ms));
    json_object_set_new(line, "worker", json_integer(result->pool));
    if (result->votes)
        json_object_set_new(line, "votes", votes_json(result));
    if (result->resumed)
        json_object_set_new(line, "resumed", json_true());
    int rc = json_dumpf(line, out,
                        JSON_COMPACT | JSON_PRESERVE_ORDER
                            | JSON_REAL_PRECISION(DIGITS));
    json_decref(line);
    return rc < 0 || fputc('\n', out) == EOF ? -EIO : 0;
}

static void
write_bytes(const msgpack_object *value, const char *name, FILE *to)
{
    const msgpack_object *it = member(value, name);
    if (it && it->type == MSGPACK_OBJECT_BIN && it->via.bin.size > 0)
        fwrite(it->via.bin.ptr, 1, it->via.bin.size, to);
}

/* What the task itself wrote or answered, and why it did not succeed. */
static int
print_plain(struct troupe__map_output *self, const troupe_map_result_t *result,
            const msgpack_object *value)
{
    if (self->drawn)
        fputs("\r\033[K", stderr);
    self->drawn = false;
    if (value && is_of_command(value)) {
        write_bytes(value, "stdout", stdout);
        write_bytes(value, "stderr", stderr);
    } else if (value && strcmp(result->state, "ok") == 0) {
        json_t *json = troupe__json_of(value);
        json_dumpf(json, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
        putchar('\n');
        json_decref(json);
    }
    const char *label = strpbrk(result->key, "#=");
    if (strcmp(result->state, "ok") != 0 && result->attempts > 0) {
        fprintf(stderr, "troupe map: %s %s: %s: %s\n",
                label && *label == '#' ? "line" : "task",
                label ? label + 1 : "?", result->state, result->text);
    }
    return ferror(stdout) ? -EIO : 0;
}

static void
write_joblog(struct troupe__map_output *self, const troupe_map_result_t *result,
             const msgpack_object *value)
{
    struct timespec now;
    bool of_command = value && is_of_command(value);
    bool ok = strcmp(result->state, "ok") == 0;
    const msgpack_object *out = of_command ? member(value, "stdout") : NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    double ended = (double) now.tv_sec + (double) now.tv_nsec / NS_PER_S;
    fprintf(self->joblog, "%llu\t:\t%.3f\t%.3f\t0\t%u\t%lld\t%lld\t%s\n",
            (unsigned long long) result->number + 1,
            ended - result->run_ms / 1000, result->run_ms / 1000,
            out ? out->via.bin.size : 0,
            of_command ? (long long) number_of(value, "exit") : (long long) !ok,
            of_command ? (long long) number_of(value, "signal") : 0,
            troupe__map_noted(self->input, result->number));
    troupe__map_forget(self->input, result->number);
}

/* Said even where nobody wants to hear of progress: something is missing. */
static void
warn_of_cut(struct troupe__map_output *self, const troupe_map_result_t *result,
            const msgpack_object *value, const char *name)
{
    char size_name[16];
    snprintf(size_name, sizeof size_name, "%s_size", name);
    const msgpack_object *kept = member(value, name);
    const char *label = strpbrk(result->key, "#=");
    if (!kept || kept->type != MSGPACK_OBJECT_BIN
        || (uint64_t) number_of(value, size_name) <= kept->via.bin.size)
        return;
    self->truncated++;
    fprintf(troupe__errors(),
            "%stroupe map: %s %s: of %lld bytes of %s %u are kept; let it "
            "write to a file\n",
            self->drawn ? "\r\033[K" : "",
            label && *label == '#' ? "line" : "task", label ? label + 1 : "?",
            (long long) number_of(value, size_name), name, kept->via.bin.size);
    self->drawn = false;
}

int
troupe__map_result(struct troupe__map_output *self,
                   const troupe_map_result_t *result)
{
    msgpack_unpacked unpacked;
    size_t at = 0;
    msgpack_unpacked_init(&unpacked);
    bool has_value =
        msgpack_unpack_next(&unpacked, result->value, result->value_size, &at)
        == MSGPACK_UNPACK_SUCCESS;
    const msgpack_object *value = has_value ? &unpacked.data : NULL;
    if (self->joblog && self->done == 0)
        fputs(HEAD, self->joblog);
    self->done++;
    if (self->joblog && result->attempts > 0)
        write_joblog(self, result, value);
    int rc = self->arguments->plain ? print_plain(self, result, value)
                                    : print_json(self->out, result, value);
    if (value && is_of_command(value)) {
        warn_of_cut(self, result, value, "stdout");
        warn_of_cut(self, result, value, "stderr");
    }
    msgpack_unpacked_destroy(&unpacked);
    return rc;
}

/* Seconds until all is done; less than 0: not known. */
static double
eta_of(const struct troupe__map_output *self, double seconds)
{
    uint64_t given = self->input->given;
    if (!self->input->is_over || self->done == 0)
        return -1;
    return (double) (given - self->done) * seconds / (double) self->done;
}

void
troupe__map_progress(struct troupe__map_output *self,
                     const troupe_map_summary_t *so_far)
{
    uint64_t now_ns = troupe__monotonic_ns();
    double seconds = (double) (now_ns - self->began_ns) / NS_PER_S;
    double eta = eta_of(self, seconds);
    unsigned long long done = self->done, given = self->input->given;
    unsigned long long bad = so_far->failed + so_far->timeout + so_far->lost;
    fflush(stdout);
    if (self->joblog)
        fflush(self->joblog);
    if (self->arguments->quiet
        || now_ns - self->told_ns < (uint64_t) TELL_MS * NS_PER_MS)
        return;
    self->told_ns = now_ns;
    if (!self->terminal) {
        troupe__print_line(json_pack(
            "{s:s, s:I, s:I, s:I, s:I, s:f, s:f}", "event", "progress", "ms",
            (json_int_t) (seconds * 1000), "given", (json_int_t) given, "done",
            (json_int_t) done, "failed", (json_int_t) bad, "per_s",
            (double) done / seconds, "eta_s", eta));
        return;
    }
    fprintf(stderr, "\r\033[K%llu of %llu%s done", done, given,
            self->input->is_over ? "" : "+");
    if (bad > 0)
        fprintf(stderr, ", %llu failed", bad);
    fprintf(stderr, ", %.1f/s", (double) done / seconds);
    if (eta >= 0)
        fprintf(stderr, ", %.0f s to go", eta);
    self->drawn = true;
}

/* The lines of results as a list. */
static json_t *
kept_json(const struct troupe__map_output *self)
{
    json_t *list = json_array();
    const char *at = self->kept;
    for (const char *end = NULL; at && (end = strchr(at, '\n')); at = end + 1)
        json_array_append_new(list,
                              json_loadb(at, (size_t) (end - at), 0, NULL));
    return list;
}

void
troupe__map_serve(struct troupe__map_output *self,
                  const troupe_map_summary_t *summary,
                  struct troupe__call *call)
{
    fflush(self->out);
    json_t *whole = json_pack("{s:o, s:o}", "summary",
                              troupe__map_summary_json(self, summary, NULL),
                              "results", kept_json(self));
    char *json = json_dumps(whole, JSON_INDENT(2) | JSON_PRESERVE_ORDER
                                       | JSON_REAL_PRECISION(DIGITS));
    troupe__call_result(call, true, self->kept ? self->kept : "",
                        json ? json : "");
    json_decref(whole);
    free(json);
}
