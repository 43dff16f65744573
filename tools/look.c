/* SPDX-License-Identifier: Apache-2.0 */
/* look.c: finds the run that is meant, and talks to it. */
#include "tools/look.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/runs.h"

#define TIME_MAX 86400000u /* ms: a day */

/* Words for whoever asked: on standard error, or kept. */
static void say(struct troupe__look *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct troupe__look *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->error_text, sizeof self->error_text, format, args);
    va_end(args);
    if (!self->is_quiet)
        fprintf(stderr, "troupe %s: %s\n", self->command, self->error_text);
}

/* --- the command line -------------------------------------------------------*/

static int
read_option(struct troupe__look *self, int c, char **argv)
{
    if (c == '?' || c == ':')
        return troupe__option_error(self->command, c, argv);
    if (c != 'r' && c != 'j' && !strchr(self->takes, c)) {
        return troupe__usage_error(self->command, "there is no option '--%s'",
                                   c == 'a'   ? "all"
                                   : c == 'o' ? "once"
                                   : c == 'e' ? "every"
                                              : "timeout");
    }
    if (c == 'r')
        self->run = optarg;
    self->json |= c == 'j';
    self->all |= c == 'a';
    self->once |= c == 'o';
    size_t *time = c == 't' ? &self->timeout_ms : &self->every_ms;
    if ((c == 't' || c == 'e') && !troupe__read_time(optarg, TIME_MAX, time)) {
        return troupe__usage_error(self->command,
                                   "--%s wants a time such as 500ms, 2s or 1m",
                                   c == 't' ? "timeout" : "every");
    }
    return -1;
}

static int
parse(struct troupe__look *self, int argc, char **argv)
{
    static const struct option options[] = {
        {"run", 1, NULL, 'r'},   {"json", 0, NULL, 'j'},
        {"all", 0, NULL, 'a'},   {"once", 0, NULL, 'o'},
        {"every", 1, NULL, 'e'}, {"timeout", 1, NULL, 't'},
        {"help", 0, NULL, 'h'},  {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(self->help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = read_option(self, c, argv);
        if (code >= 0)
            return code;
    }
    self->arguments = argv + optind;
    self->argument_count = argc - optind;
    if (self->argument_count < self->arguments_min
        || self->argument_count > self->arguments_max)
        return troupe__usage_error(self->command, "it takes %s", self->wants);
    for (int i = 0; i < self->argument_count; i++) {
        if (!troupe__is_text(self->arguments[i]))
            return troupe__usage_error(self->command,
                                       "an argument is not UTF-8");
    }
    return -1;
}

/* --- which run --------------------------------------------------------------*/

static bool
connect_to(struct troupe__look *self, const troupe_run_t *run)
{
    struct sockaddr_un address;
    errno = ENOENT; /* it is just beginning, or ending */
    if (run->directory[0] == '\0'
        || troupe__run_socket(run->directory, &address) < 0)
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    /* For a run that accepts nobody: it may have been stopped by a signal. */
    const struct timeval wait = {.tv_sec = TROUPE__LOOK_MS / 1000};
    (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (const struct sockaddr *) &address, sizeof address) < 0) {
        close(fd);
        return false;
    }
    self->fd = fd;
    self->pid = run->pid;
    self->stream = fdopen(fd, "r");
    if (!self->stream)
        close(fd);
    return self->stream != NULL;
}

static bool
is_path(const char *run)
{
    size_t size = strlen(run);
    return strchr(run, '/') || (size > 5 && !strcmp(run + size - 5, ".yaml"))
           || (size > 4 && !strcmp(run + size - 4, ".yml"));
}

/* Whether the run is that of a topology file. */
static bool
runs_file(const troupe_run_t *run, const char *file)
{
    struct troupe__look other = {.command = "run"};
    if (!connect_to(&other, run))
        return false;
    json_t *answer = troupe__look_ask(&other, TROUPE__LOOK_MS,
                                      json_pack("{s:s}", "do", "run"));
    bool is_it = strcmp(troupe__text_of(answer, "file"), file) == 0;
    json_decref(answer);
    troupe__look_end(&other);
    return is_it;
}

static const troupe_run_t *
find(const troupe_run_t *runs, size_t count, const char *run)
{
    char *file = is_path(run) ? realpath(run, NULL) : NULL;
    char *name = troupe__run_name(run);
    const troupe_run_t *found = NULL;
    for (size_t i = 0; i < count && !found; i++) {
        if (file ? runs_file(&runs[i], file) : strcmp(runs[i].name, name) == 0)
            found = &runs[i];
    }
    free(file);
    free(name);
    return found;
}

/* To be freed. */
static char *
list_names(const troupe_run_t *runs, size_t count)
{
    char *text = troupe__copy("", 0);
    for (size_t i = 0; i < count; i++) {
        char *longer =
            troupe__format("%s%s%s", text, i ? ", " : "", runs[i].name);
        free(text);
        text = longer;
    }
    return text;
}

static int
choose(struct troupe__look *self, const troupe_run_t *runs, size_t count)
{
    const troupe_run_t *run = NULL;
    if (count == 0) {
        say(self, "no topology runs here; start one with: troupe run FILE");
        return TROUPE__EXIT_FAILED;
    }
    if (self->run)
        run = find(runs, count, self->run);
    else if (count == 1)
        run = &runs[0];
    if (!run) {
        char *names = list_names(runs, count);
        if (self->run)
            say(self, "'%s' does not run; what runs: %s", self->run, names);
        else
            say(self, "several run; choose one with --run NAME: %s", names);
        free(names);
        return TROUPE__EXIT_FAILED;
    }
    if (connect_to(self, run))
        return -1;
    say(self, "'%s' (process %d) cannot be reached: %s", run->name,
        (int) run->pid, strerror(errno));
    return TROUPE__EXIT_FAILED;
}

int
troupe__look_begin(struct troupe__look *self, int argc, char **argv)
{
    int code = parse(self, argc, argv);
    return code < 0 ? troupe__look_open(self) : code;
}

int
troupe__look_open(struct troupe__look *self)
{
    troupe_run_t *runs = NULL;
    size_t count = 0;
    char text[TROUPE_RUN_TEXT];
    if (troupe__runs_list(&runs, &count, text) < 0) {
        say(self, "%s", text);
        return TROUPE__EXIT_FAILED;
    }
    int code = choose(self, runs, count);
    free(runs);
    return code;
}

void
troupe__look_end(struct troupe__look *self)
{
    if (self->stream)
        fclose(self->stream);
    self->stream = NULL;
}

/* --- requests ---------------------------------------------------------------*/

static bool
send_line(const struct troupe__look *self, json_t *request)
{
    char *line = json_dumps(request, JSON_COMPACT);
    size_t size = line ? strlen(line) : 0, sent = 0;
    if (line)
        line[size++] = '\n'; /* in place of the NUL */
    while (sent < size) {
        ssize_t some = send(self->fd, line + sent, size - sent, MSG_NOSIGNAL);
        if (some < 0 && errno != EINTR)
            break;
        sent += some > 0 ? (size_t) some : 0;
    }
    free(line);
    return line && sent == size;
}

static json_t *
read_line(struct troupe__look *self, uint32_t wait_ms)
{
    const struct timeval wait = {.tv_sec = wait_ms / 1000,
                                 .tv_usec =
                                     (suseconds_t) (wait_ms % 1000) * 1000};
    char *line = NULL;
    size_t room = 0;
    (void) setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    errno = 0;
    ssize_t size = getline(&line, &room, self->stream);
    int error = errno;
    json_t *json =
        size > 0 ? json_loadb(line, (size_t) size, JSON_ALLOW_NUL, NULL) : NULL;
    free(line);
    if (!json) {
        say(self, "the run %s",
            size > 0          ? "says what is no JSON"
            : error == EAGAIN ? "does not answer"
                              : "has ended");
    }
    return json;
}

static json_t *
refused(struct troupe__look *self, const json_t *error)
{
    self->error_code = (int) json_integer_value(json_object_get(error, "code"));
    say(self, "%s", troupe__text_of(error, "text"));
    return NULL;
}

json_t *
troupe__look_ask(struct troupe__look *self, uint32_t wait_ms, json_t *request)
{
    bool is_sent = send_line(self, request);
    json_decref(request);
    self->error_code = 0;
    if (!is_sent) {
        say(self, "the run has ended");
        return NULL;
    }
    json_t *actors = json_array();
    json_t *ok = NULL;
    for (json_t *line; (line = read_line(self, wait_ms)) != NULL;) {
        json_t *more = json_object_get(line, "more");
        ok = json_incref(json_object_get(line, "ok"));
        json_array_extend(actors, json_object_get(more ? more : ok, "actors"));
        if (!more && !ok)
            (void) refused(self, json_object_get(line, "error"));
        json_decref(line);
        if (!more)
            break;
    }
    if (json_object_get(ok, "actors"))
        json_object_set(ok, "actors", actors);
    json_decref(actors);
    return ok;
}

void
troupe__look_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

const char *
troupe__text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && *text ? text : "-";
}

uint64_t
troupe__number_of(const json_t *object, const char *key)
{
    return (uint64_t) json_integer_value(json_object_get(object, key));
}

bool
troupe__is_of_the_run(const json_t *actor)
{
    return !json_is_string(json_object_get(actor, "parent"))
           && strcmp(troupe__text_of(actor, "kind"), "supervisor") != 0;
}
