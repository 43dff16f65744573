/* SPDX-License-Identifier: Apache-2.0 */
/* hub.c: the root's nodes: what happens to them as time goes by. */
#include "runtime/hub.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/process.h"
#include "runtime/settle.h"
#include "runtime/worker.h"
#include "troupe_rundir.h"

enum { GRACE_MS = 2000 };
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

static void
fill_in(troupe_nodes_options_t *options)
{
    if (options->heartbeat_ms == 0)
        options->heartbeat_ms = 1000;
    if (options->missed_max == 0)
        options->missed_max = 3;
    if (options->processes_max == 0)
        options->processes_max = 128;
    if (options->hang_ms == 0)
        options->hang_ms = 10000;
    if (options->start_ms == 0)
        options->start_ms = 30000;
    options->name = options->directory = NULL; /* the node has them */
}

int
troupe__hub_open(struct troupe__link *link,
                 const troupe_nodes_options_t *options)
{
    struct troupe__hub *self = troupe__alloc(sizeof *self);
    self->link = link;
    self->options = *options;
    fill_in(&self->options);
    self->next_number = TROUPE__ROOT + 1;
    link->hub = self;
    return troupe__hub_processes(self);
}

void
troupe__hub_close(struct troupe__hub *self)
{
    if (!self)
        return;
    if (self->processes && troupe__processes_destroy(&self->processes) < 0)
        troupe__log(self->link->node, TROUPE_LOG_ERROR,
                    "a process of a node cannot be killed and is left behind");
    for (uint32_t i = 0; i < self->count; i++)
        free(self->nodes[i]);
    self->count = 0;
}

struct troupe__hub_node *
troupe__hub_find(struct troupe__hub *self, uint32_t number)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->nodes[i]->facts.number == number)
            return self->nodes[i];
    return NULL;
}

bool
troupe__hub_has(troupe_t *root, uint32_t number)
{
    struct troupe__link *link = root->link;
    pthread_mutex_lock(&link->lock);
    bool has = link->hub && troupe__hub_find(link->hub, number);
    pthread_mutex_unlock(&link->lock);
    return has;
}

static struct troupe__hub_node *
find_process(struct troupe__hub *self, uint64_t process)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->nodes[i]->process == process)
            return self->nodes[i];
    return NULL;
}

void
troupe__hub_set_state(struct troupe__hub *self, struct troupe__hub_node *node,
                      enum troupe__hub_state state)
{
    pthread_mutex_lock(&self->link->lock);
    node->state = state;
    pthread_mutex_unlock(&self->link->lock);
}

void
troupe__hub_doom(struct troupe__hub *self, struct troupe__hub_node *node,
                 const char *format, ...)
{
    if (!node->doomed) {
        va_list args;
        va_start(args, format);
        vsnprintf(node->why, sizeof node->why, format, args);
        va_end(args);
        troupe__log(self->link->node, TROUPE_LOG_WARNING,
                    "node %u %s is ended: %s", node->facts.number,
                    node->facts.name, node->why);
    }
    node->doomed = true;
    node->due_ns = UINT64_MAX;
    (void) troupe__process_stop(self->processes, node->process);
}

enum troupe__verdict
troupe__hub_judge(struct troupe__hub *self, uint32_t number, pid_t pid)
{
    /* It may be here before whoever starts it has listed it, under the lock. */
    pthread_mutex_lock(&self->link->lock);
    const struct troupe__hub_node *node = troupe__hub_find(self, number);
    pthread_mutex_unlock(&self->link->lock);
    if (!node || node->doomed || node->state != HUB_STARTING)
        return TROUPE__TURN_AWAY;
    if (node->facts.pid == 0) /* our own note of its start is under way */
        return TROUPE__NOT_YET;
    return node->facts.pid == pid ? TROUPE__LET_IN : TROUPE__TURN_AWAY;
}

static void
end_in_order(struct troupe__hub *self, struct troupe__hub_node *node,
             int64_t ms)
{
    node->end_asked = true;
    if (node->doomed)
        return;
    if (node->state == HUB_STARTING) {
        node->doomed = true;
        (void) troupe__process_stop(self->processes, node->process);
        return;
    }
    node->due_ns = troupe__real_ns() + (uint64_t) ms * NS_PER_MS;
    node->due_why = "it did not stop in time";
    /* A guest reads nothing else before it is told to go. */
    if (node->guest.is_one && node->state == HUB_JOINED)
        troupe__hub_guest_go(self, node, TROUPE_NOBODY);
    troupe__letter_write(&self->link->out, "[s,I]", "stop", ms);
    troupe__hub_send(self, node);
}

/* What is known of a name or a group goes to all but who said it. */
static void
tell_names(struct troupe__hub *self, const struct troupe__note *note)
{
    static const char *const verbs[] = {[NOTE_NAME] = "name",
                                        [NOTE_UNNAME] = "unname",
                                        [NOTE_JOIN] = "join",
                                        [NOTE_LEAVE] = "leave"};
    troupe__letter_write(&self->link->out, "[s,s,R]", verbs[note->kind],
                         note->text, note->ref);
    troupe__hub_send_all(self, note->number);
}

static void
tell_named(struct troupe__hub *self, const struct troupe__note *note)
{
    struct troupe__hub_node *node = troupe__hub_find(self, note->number);
    if (!node)
        return;
    troupe__letter_write(&self->link->out, "[s,s,R]", "named", note->text,
                         note->ref);
    troupe__hub_send(self, node);
}

static void
note_of_process(struct troupe__hub *self, const struct troupe__note *note)
{
    struct troupe__hub_node *node = find_process(self, note->process);
    if (!node)
        return; /* it was given up as stuck */
    if (note->kind != NOTE_STARTED) {
        troupe__hub_ended(self, node, note);
        return;
    }
    pthread_mutex_lock(&self->link->lock);
    node->facts.pid = (pid_t) note->value;
    pthread_mutex_unlock(&self->link->lock);
}

static void
note_of_user(struct troupe__hub *self, const struct troupe__note *note)
{
    struct troupe__hub_node *node = troupe__hub_find(self, note->number);
    if (!node)
        return;
    if (note->kind == NOTE_END) {
        end_in_order(self, node, note->value);
        return;
    }
    node->end_asked = node->doomed = true;
    (void) troupe__process_signal(self->processes, node->process, SIGKILL);
}

void
troupe__hub_note(struct troupe__hub *self, const struct troupe__note *note)
{
    switch (note->kind) {
    case NOTE_NAME:
    case NOTE_UNNAME:
    case NOTE_JOIN:
    case NOTE_LEAVE:
        tell_names(self, note);
        break;
    case NOTE_NAMED:
        tell_named(self, note);
        break;
    case NOTE_SETTLED:
        troupe__settled_tell(self, note);
        break;
    case NOTE_DOWN:
        troupe__letter_write(&self->link->out, "[s,I,i,i,s]", "down",
                             (int64_t) note->number, (int) note->exit,
                             (int) note->value, note->text);
        troupe__hub_send_all(self, note->number);
        break;
    case NOTE_STARTED:
    case NOTE_STUCK:
    case NOTE_EXITED:
        note_of_process(self, note);
        break;
    case NOTE_END:
    case NOTE_KILL:
        note_of_user(self, note);
        break;
    case NOTE_GUEST:
    case NOTE_LETTER:
    case NOTE_HEARD:
    case NOTE_BLAME:
        troupe__hub_guest_note(self, note);
        break;
    case NOTE_SETTLE: /* a member's */
    case NOTE_WATCH:
        break; /* link.c has done it */
    }
}

/* Questions are counted, not time: when this process was the one that slept,
 * no question was asked, and nobody is to blame. */
static void
ask_one(struct troupe__hub *self, struct troupe__hub_node *node)
{
    const troupe_nodes_options_t *options = &self->options;
    uint64_t silent_ms = (uint64_t) node->missed * options->heartbeat_ms;
    if (node->missed > options->missed_max && silent_ms >= options->hang_ms) {
        troupe__hub_doom(self, node, "it did not answer for %llu ms",
                         (unsigned long long) silent_ms);
        return;
    }
    if (node->missed > options->missed_max && !node->is_silent) {
        pthread_mutex_lock(&self->link->lock);
        node->is_silent = true;
        pthread_mutex_unlock(&self->link->lock);
        troupe__log(self->link->node, TROUPE_LOG_WARNING,
                    "node %u %s has not answered for %llu ms",
                    node->facts.number, node->facts.name,
                    (unsigned long long) silent_ms);
        troupe__hub_do_not_await(self, node->facts.number);
    }
    node->missed++;
    if (node->guest.is_one) {
        troupe__hub_guest_ping(self, node);
        return;
    }
    troupe__letter_write(&self->link->out, "[s,U]", "ping", self->ping);
    troupe__hub_send(self, node);
}

/* Something that tidies up may have taken the directory of the sockets. */
static void
look_after_directory(struct troupe__hub *self)
{
    char text[TROUPE_RUN_TEXT];
    troupe_t *node = self->link->node;
    if (self->is_homeless || !node->rundir
        || troupe_rundir_check(node->rundir, text) == 0)
        return;
    self->is_homeless = true; /* once is enough */
    troupe__log(node, TROUPE_LOG_ERROR, "%s", text);
}

static void
ask_all(struct troupe__hub *self, uint64_t now)
{
    bool any = false;
    bool is_due = now >= self->ping_due_ns;
    self->ping += is_due;
    if (is_due)
        look_after_directory(self);
    for (uint32_t i = 0; i < self->count; i++) {
        struct troupe__hub_node *node = self->nodes[i];
        if (node->state < HUB_JOINED || node->doomed || node->has_left)
            continue;
        any = true;
        if (is_due)
            ask_one(self, node);
    }
    if (!any)
        self->ping_due_ns = UINT64_MAX;
    else if (is_due || self->ping_due_ns == UINT64_MAX)
        self->ping_due_ns = now + self->options.heartbeat_ms * NS_PER_MS;
}

/* Returns the ms until there is something to do; -1: nothing is foreseen. */
long
troupe__hub_time(struct troupe__hub *self)
{
    uint64_t now = troupe__real_ns();
    for (uint32_t i = 0; i < self->count; i++) {
        struct troupe__hub_node *node = self->nodes[i];
        if (now >= node->due_ns)
            troupe__hub_doom(self, node, "%s", node->due_why);
    }
    ask_all(self, now);
    uint64_t due = self->ping_due_ns;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->nodes[i]->due_ns < due)
            due = self->nodes[i]->due_ns;
    if (due == UINT64_MAX)
        return -1;
    return due > now ? (long) ((due - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* Under the lock: until `number`, or (0) every node, is gone. */
static bool
wait_gone(struct troupe__hub *self, uint32_t number, uint64_t until)
{
    struct troupe__link *link = self->link;
    struct timespec at = {(time_t) (until / NS_PER_S),
                          (long) (until % NS_PER_S)};
    int rc = 0;
    while (rc == 0 && self->count > 0
           && (number == 0 || troupe__hub_find(self, number)))
        rc = pthread_cond_timedwait(&link->changed, &link->lock, &at);
    return rc == 0;
}

static void
write_note(struct troupe__link *link, enum troupe__note_kind kind,
           uint32_t number, int64_t ms)
{
    struct troupe__note *note = troupe__note_new(kind, "");
    note->number = number;
    note->value = ms;
    pthread_mutex_unlock(&link->lock);
    troupe__link_note(link, note);
    pthread_mutex_lock(&link->lock);
}

/* In the reverse order of their start, each given all the time that is left;
 * false when some cannot even be killed. */
bool
troupe__hub_stop_all(troupe_t *node, uint64_t deadline_ns)
{
    struct troupe__link *link = node->link;
    struct troupe__hub *self = link ? link->hub : NULL;
    if (!self || !link->runs)
        return true;
    pthread_mutex_lock(&link->lock);
    /* The last one first; each may use half of the time that is left. */
    for (uint32_t i = self->count; i > 0; i--) {
        uint64_t now = troupe__real_ns();
        if (i > self->count || now >= deadline_ns)
            continue; /* it has ended meanwhile */
        uint32_t number = self->nodes[i - 1]->facts.number;
        uint64_t share = (deadline_ns - now) / (i > 1 ? 2 : 1);
        write_note(link, NOTE_END, number, (int64_t) (share / NS_PER_MS));
        (void) wait_gone(self, number, now + share);
    }
    for (uint32_t i = self->count; i > 0; i--)
        if (i <= self->count) /* the lock is let go of in between */
            write_note(link, NOTE_KILL, self->nodes[i - 1]->facts.number, 0);
    bool all = wait_gone(self, 0, troupe__real_ns() + GRACE_MS * NS_PER_MS);
    struct troupe__processes *processes = all ? self->processes : NULL;
    if (all)
        self->processes = NULL; /* no node is started any more */
    pthread_mutex_unlock(&link->lock);
    return all && troupe__processes_destroy(&processes) == 0;
}
