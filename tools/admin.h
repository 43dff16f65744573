/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h: the socket by which people look into a run, and the actor there. */
#ifndef TROUPE_TOOLS_ADMIN_H
#define TROUPE_TOOLS_ADMIN_H

#include <jansson.h>
#include <stdatomic.h>

#include "troupe_ask.h"
#include "troupe_stats.h"

#include "tools/runs.h"

/*
 * An actor on a thread of its own listens on the socket `admin` of the run.
 * Lines of JSON come in, at most TROUPE__LINE_MAX bytes each, and lines of JSON
 * go out; ADMIN.md has them. A client costs at most a line, the output of
 * TROUPE__ASKS_MAX answers, and a place among TROUPE__CLIENTS_MAX. Who does not
 * read is not read from; where places run out, the one that has been silent
 * longest, with nothing under way, loses its own.
 *
 * The struct is the actor's while the node runs, and its maker's when the node
 * has stopped: those who wait for the stop are answered then.
 */
enum {
    TROUPE__CLIENTS_MAX = 32,
    TROUPE__ASKS_MAX = 16,          /* under way for one client */
    TROUPE__LINE_MAX = 1 << 20,     /* bytes of a request */
    TROUPE__OUTPUT_FULL = 256 << 10 /* from here on it is not read from */
};

struct troupe__pending;

/* Another node of the run, while a request is about it. */
struct troupe__far {
    struct troupe__pending *pending;
    char name[TROUPE_NAME_MAX + 1];
    uint32_t number;
    troupe_ref_t agent; /* nobody: it has not answered */
    json_t *deputies;   /* of actors there: ref -> deputy's ref, as texts */
};

struct troupe__client {
    int fd; /* -1: a free place */
    uint64_t serial, heard_ns;
    char *in, *out;
    size_t in_size, out_size, out_sent;
    uint32_t asks;   /* under way */
    bool ends;       /* nothing more is read; closed when all is written */
    bool waits;      /* for the end of the run */
    json_t *stop_id; /* of the request that it waits with */
    struct troupe__pending *page; /* goes on when there is room again */
    short events;                 /* that are watched; 0: none */
};

/* A request whose answer needs somebody else's. */
struct troupe__pending {
    struct troupe__pending *next, **link; /* of all */
    struct troupe__admin *admin;
    uint64_t client; /* its serial */
    json_t *id;
    bool (*part)(troupe_context_t *ctx, struct troupe__client *client,
                 struct troupe__pending *pending, json_t *body);
    /* Instead of an error to the client; as `part`; NULL: that error. */
    bool (*failed)(troupe_context_t *ctx, struct troupe__client *client,
                   struct troupe__pending *pending);
    /* When the other nodes have answered, or had the time to. */
    void (*told)(troupe_context_t *ctx, struct troupe__client *client,
                 struct troupe__pending *pending);
    const char *verb;         /* for the agent */
    troupe_ref_t ref, agent;  /* whom it is about, and who tells of it */
    troupe_ref_t deputy;      /* of that one, or nobody */
    uint64_t from;            /* the next page */
    json_t *json;             /* a part of the answer */
    struct troupe__far *fars; /* the other nodes */
    size_t far_count, far_waits;
    size_t at; /* 0: this node is asked, else fars[at - 1] */
};

struct troupe__admin {
    troupe_rundir_t *home;
    char *name; /* of the run, as in its path */
    const char *topology, *file;
    int listener;
    uint64_t socket_id; /* of its file, as it was made */
    int spare;          /* a descriptor to give up when there are no others */
    troupe_t *node;
    troupe_ref_t ref, agent;
    uint64_t serial, since_ns;
    struct troupe__client clients[TROUPE__CLIENTS_MAX];
    struct troupe__pending *pending;
    _Atomic bool stop_wanted; /* a client asked for it */
};

/*
 * troupe__admin_open: claim the run's directory and listen there.
 *
 *   topology, file  borrowed.
 *   text            out: what is wrong, and the cure; of a success what is
 *                   odd, or "".
 *   ret_admin       out: ends with troupe__admin_close().
 *   returns         0, -EBUSY when it runs already, or another error
 */
int troupe__admin_open(const char *topology, const char *file,
                       struct troupe__admin **ret_admin,
                       char text[TROUPE_RUN_TEXT]);

/* troupe__admin_check: whether its directory and its socket can still be found;
 * 0, or a negative errno with what is missing in `text`. */
int troupe__admin_check(const struct troupe__admin *self,
                        char text[TROUPE_RUN_TEXT]);

/* troupe__admin_start: spawn the actor; from then on clients are served. */
int troupe__admin_start(struct troupe__admin *self, troupe_t *node);

/*
 * troupe__admin_close: the node has stopped: tell who waits for it, close all,
 * and take the directory away; NULL is fine.
 *
 *   code        0, or why it did not stop well.
 *   stragglers  who did not, a line each; "": nobody.
 */
void troupe__admin_close(struct troupe__admin **self_p, int code,
                         const char *stragglers);

/* troupe__is_operator: whether an actor with these counters speaks for a person
 * at the socket: it may speak to anybody. */
bool troupe__is_operator(const troupe_actor_stats_t *stats);

/* --- between admin.c, admin_clients.c and admin_requests.c ---------------- */

/* troupe__client_find: by serial; NULL: it has gone. */
struct troupe__client *troupe__client_find(struct troupe__admin *self,
                                           uint64_t serial);

/* troupe__client_say: one line more for a client; takes `line`. */
void troupe__client_say(struct troupe__client *client, json_t *line);

/* troupe__client_ok, troupe__client_error: the answer to a request. */
void troupe__client_ok(struct troupe__client *client, const json_t *id,
                       json_t *ok);
void troupe__client_error(struct troupe__client *client, const json_t *id,
                          int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* troupe__client_turn: handle what has come, write what can be written, and
 * watch for what comes next; it may be gone afterwards. */
void troupe__client_turn(troupe_context_t *ctx, struct troupe__admin *self,
                         struct troupe__client *client);

/* troupe__client_drop: close it. */
void troupe__client_drop(troupe_context_t *ctx, struct troupe__client *client);

/* troupe__request: one line of a client's. */
void troupe__request(troupe_context_t *ctx, struct troupe__admin *self,
                     struct troupe__client *client, const char *line,
                     size_t size);

/* troupe__request_more: go on with a client's page; it has room again. */
void troupe__request_more(troupe_context_t *ctx, struct troupe__admin *self,
                          struct troupe__client *client);
void troupe__pending_free(struct troupe__pending *pending);

#endif
