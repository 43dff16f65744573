/* SPDX-License-Identifier: Apache-2.0 */
/* hub_start.c: the root starts nodes, and hears from their processes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/pack.h"
#include "runtime/hub.h"
#include "runtime/process.h"
#include "runtime/worker.h"

#define NS_PER_MS UINT64_C(1000000)

static void
write_note(struct troupe__hub *self, enum troupe__note_kind kind,
           uint64_t process, int64_t value)
{
    struct troupe__note *note = troupe__note_new(kind, "");
    note->process = process;
    note->value = value;
    troupe__link_note(self->link, note);
}

static void
on_started(void *data, uint64_t id, pid_t pid)
{
    write_note(data, NOTE_STARTED, id, pid);
}

static void
name_of_process(struct troupe__hub *self, uint64_t id,
                char name[TROUPE_NAME_MAX + 1])
{
    snprintf(name, TROUPE_NAME_MAX + 1, "?");
    pthread_mutex_lock(&self->link->lock);
    for (uint32_t i = 0; i < self->count; i++)
        if (self->nodes[i]->process == id)
            memcpy(name, self->nodes[i]->facts.name, TROUPE_NAME_MAX + 1);
    pthread_mutex_unlock(&self->link->lock);
}

static void
on_line(void *data, uint64_t id, int stream, const char *text, size_t size)
{
    struct troupe__hub *self = data;
    char name[TROUPE_NAME_MAX + 1];
    (void) size;
    name_of_process(self, id, name);
    if (self->options.line)
        self->options.line(self->options.data, name, stream, text);
    else
        troupe__log(self->link->node, TROUPE_LOG_INFO, "[%s] %s", name, text);
}

static void
on_stuck(void *data, uint64_t id, const char *name, pid_t pid)
{
    struct troupe__hub *self = data;
    char text[96];
    (void) name;
    snprintf(text, sizeof text,
             "process %d does not end even by SIGKILL: it is given up",
             (int) pid);
    struct troupe__note *note = troupe__note_new(NOTE_STUCK, text);
    note->process = id;
    note->exit = TROUPE_EXIT_NOCONNECTION;
    troupe__link_note(self->link, note);
}

/* The last lines, unless they have been logged as they came. */
static void
log_tail(struct troupe__hub *self, const struct troupe__process_exit *end)
{
    bool were_logged =
        self->options.line
        || self->link->node->options.log_level <= TROUPE_LOG_INFO;
    for (size_t i = 0; !were_logged && i < end->tail_count; i++)
        troupe__log(self->link->node, TROUPE_LOG_WARNING, "[%s] %s", end->name,
                    end->tail[i]);
}

/* How it ended, with what it said last when it was not meant to end: such
 * words go to its supervisor and to who had asked it. */
static struct troupe__note *
note_of_end(const struct troupe__process_exit *end)
{
    enum { QUOTE_MAX = 120 };
    char text[256]; /* as much as peers remember */
    bool is_failure = end->end == TROUPE__END_CODE
                      || end->end == TROUPE__END_SIGNAL
                      || end->end == TROUPE__END_OOM;
    if (!is_failure || end->asked || end->tail_count == 0)
        return troupe__note_new(NOTE_EXITED, end->text);
    const char *line = end->tail[end->tail_count - 1];
    size_t size = strlen(line), kept = size < QUOTE_MAX ? size : QUOTE_MAX;
    while (kept > 0 && kept < size && (line[kept] & 0xc0) == 0x80)
        kept--;
    snprintf(text, sizeof text, "%s; its last line: %.*s%s", end->text,
             (int) kept, line, kept < size ? " ..." : "");
    return troupe__note_new(NOTE_EXITED, text);
}

/* It was nobody else's doing, as far as can be known. */
static bool
is_crash(const struct troupe__process_exit *end)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                 SIGABRT, SIGSYS, SIGTRAP, SIGPIPE};
    bool is_fault = end->end == TROUPE__END_OOM
                    || end->end == TROUPE__END_NORMAL
                    || end->end == TROUPE__END_CODE;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        is_fault |= end->end == TROUPE__END_SIGNAL && end->code == faults[i];
    return is_fault && !end->asked;
}

static void
on_exited(void *data, const struct troupe__process_exit *end)
{
    static const troupe_exit_t kinds[] = {
        [TROUPE__END_NORMAL] = TROUPE_EXIT_NORMAL,
        [TROUPE__END_CODE] = TROUPE_EXIT_ERROR,
        [TROUPE__END_SIGNAL] = TROUPE_EXIT_KILLED,
        [TROUPE__END_OOM] = TROUPE_EXIT_KILLED,
        [TROUPE__END_UNSTARTED] = TROUPE_EXIT_ERROR,
        [TROUPE__END_UNKNOWN] = TROUPE_EXIT_ERROR};
    struct troupe__hub *self = data;
    if (end->end != TROUPE__END_NORMAL && !end->asked)
        log_tail(self, end);
    struct troupe__note *note = note_of_end(end);
    note->process = end->id;
    note->exit = kinds[end->end];
    note->value = end->code;
    note->is_permanent = end->permanent;
    note->is_crash = is_crash(end);
    troupe__link_note(self->link, note);
}

int
troupe__hub_processes(struct troupe__hub *self)
{
    struct troupe__processes_options options = {
        .calls = {on_started, on_line, on_stuck, on_exited},
        .data = self,
        .processes_max = TROUPE__PEER_MAX,
        .term_ms = self->options.term_ms,
        .subreaper = self->options.subreaper};
    int rc = troupe__processes_new(&options, &self->processes);
    return rc == -EAGAIN ? -EIO : rc; /* no threads */
}

/* The next one in turn that is free and has rested; 0: none. Under the lock. */
static uint32_t
next_number(struct troupe__hub *self)
{
    for (uint32_t i = TROUPE__ROOT; i < TROUPE__PEER_MAX; i++) {
        uint32_t number = self->next_number++;
        if (self->next_number > TROUPE__PEER_MAX)
            self->next_number = TROUPE__ROOT + 1;
        if (!troupe__hub_find(self, number)
            && troupe__peer_is_free(self->link->node, number))
            return number;
    }
    return 0;
}

static bool
name_is_taken(struct troupe__hub *self, const char *name)
{
    bool taken = strcmp(self->link->node->peers->self.name, name) == 0;
    for (uint32_t i = 0; i < self->count; i++)
        taken |= strcmp(self->nodes[i]->facts.name, name) == 0;
    return taken;
}

static void
write_hello(struct troupe__hub *self, const struct troupe__hub_node *node,
            struct troupe__buffer *out)
{
    const struct troupe__membership *own = &self->link->node->peers->self;
    troupe__letter_write(
        out, "{s:i,s:I,s:s,s:s,s:B,s:I}", "version", TROUPE__LINK_VERSION,
        "node", (int64_t) node->facts.number, "name", node->facts.name,
        "directory", own->directory, "secret", own->secret, sizeof own->secret,
        "heartbeat_ms", (int64_t) self->options.heartbeat_ms);
}

static int
start_process(struct troupe__hub *self, struct troupe__hub_node *node,
              const troupe_node_spec_t *spec)
{
    struct troupe__buffer hello = {0};
    write_hello(self, node, &hello);
    struct troupe__process_spec process = {
        .name = node->facts.name,
        .path = spec->path ? spec->path : "/proc/self/exe",
        .argv = spec->argv,
        .env = spec->env,
        .directory = spec->directory,
        .may_fork = !spec->path,
        .hello = hello.data,
        .hello_size = hello.size};
    int rc = troupe__process_start(self->processes, &process, &node->process);
    explicit_bzero(hello.data, hello.size);
    troupe__buffer_free(&hello);
    return rc;
}

/* Under the lock, so that its callbacks find it. */
static int
enlist(struct troupe__hub *self, struct troupe__hub_node *node,
       const troupe_node_spec_t *spec)
{
    if (atomic_load(&self->link->node->stopping) || !self->processes)
        return -ESHUTDOWN;
    if (name_is_taken(self, spec->name))
        return -EEXIST;
    node->facts.number = next_number(self);
    if (node->facts.number == 0)
        return -ENOSPC;
    int rc = start_process(self, node, spec);
    if (rc == 0) {
        self->nodes[self->count] = node; /* before the count says so */
        self->count++;
    }
    return rc;
}

int
troupe__hub_start(troupe_t *root, const troupe_node_spec_t *spec,
                  const struct troupe__node_calls *calls, void *data,
                  uint32_t *ret_number)
{
    CHECK(root && spec);
    struct troupe__hub *self = root->link ? root->link->hub : NULL;
    if (!self)
        return -EPERM;
    if (!troupe__name_is_valid(spec->name))
        return -EINVAL;
    struct troupe__hub_node *node = troupe__alloc(sizeof *node);
    snprintf(node->facts.name, sizeof node->facts.name, "%s", spec->name);
    node->due_ns = troupe__real_ns() + self->options.start_ms * NS_PER_MS;
    node->due_why = "it was not ready in time";
    if (calls)
        node->calls = *calls;
    node->calls_data = data;
    pthread_mutex_lock(&self->link->lock);
    int rc = enlist(self, node, spec);
    if (rc == 0 && ret_number)
        *ret_number = node->facts.number;
    pthread_mutex_unlock(&self->link->lock);
    if (rc < 0)
        free(node);
    return rc;
}

int
troupe_node_start(troupe_t *root, const troupe_node_spec_t *spec,
                  uint32_t *ret_number)
{
    return troupe__hub_start(root, spec, NULL, NULL, ret_number);
}
