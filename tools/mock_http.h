/* SPDX-License-Identifier: Apache-2.0 */
/* mock_http.h: what the files of the mock server share. */
#ifndef TROUPE_TOOLS_MOCK_HTTP_H
#define TROUPE_TOOLS_MOCK_HTTP_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tools/mock.h"

struct troupe__mock_model {
    char *name;
    uint32_t requests;
};

struct troupe__mock {
    struct MHD_Daemon *daemon;
    _Atomic uint16_t port; /* known once it listens, and answers maybe */
    uint64_t seed;
    FILE *requests;
    const char *pages;    /* directory of its pages; NULL: none */
    int stop[2];          /* its read end is ready when the mock stops */
    pthread_mutex_t lock; /* of what stands below, and of `requests` */
    struct troupe__mock_model *models;
    size_t model_count;
    struct troupe__mock_wait *waits;
    bool stops; /* nobody waits any more */
    int epoll;  /* of clients that wait, `clock` and `stop` */
    int clock;  /* the first wait's end */
    pthread_t waiter;
    bool has_waiter; /* is started */
};

enum troupe__mock_waited { MOCK_NOT_YET, MOCK_WAITS, MOCK_OVER, MOCK_GONE };

/* A connection that is suspended for a time; {0} at first. */
struct troupe__mock_wait {
    struct troupe__mock_wait *next;
    struct MHD_Connection *connection;
    int fd;
    uint64_t due_ns; /* on CLOCK_MONOTONIC */
    enum troupe__mock_waited how;
};

/* A request: its body, and what became of it; handled again after a wait. */
struct troupe__text_in {
    char *bytes;
    size_t size;
    uint32_t before; /* as in troupe__asked, from the first time */
    struct troupe__mock_wait wait;
};

/* One request for an answer of a model. */
struct troupe__asked {
    struct troupe__mock *mock;
    struct MHD_Connection *connection;
    char *model;
    char *prompt;
    bool stream;
    bool usage;      /* it wants to know */
    bool authorized; /* it came with a key */
    uint32_t before; /* requests for that model before */
    struct troupe__mock_wait *wait;
    struct troupe__manner manner;
};

/*
 * troupe__mock_wait: begin a wait, in a handler of the connection, which then
 * does nothing more; it is called again when wait->how is another one.
 *
 *   ms       UINT32_MAX: for ever.
 *   returns  MOCK_WAITS, or MOCK_GONE when the mock is about to stop
 */
enum troupe__mock_waited troupe__mock_wait(struct troupe__mock *self,
                                           struct troupe__mock_wait *wait,
                                           struct MHD_Connection *connection,
                                           uint32_t ms);

/* troupe__mock_waits_start: 0 or -EIO. _stop: all waits end, and no other one
 * begins. _close: after both, in any case. */
int troupe__mock_waits_start(struct troupe__mock *self);
void troupe__mock_waits_stop(struct troupe__mock *self);
void troupe__mock_waits_close(const struct troupe__mock *self);

/* troupe__mock_answer: as the manner says. */
enum MHD_Result troupe__mock_answer(struct troupe__asked *asked);

/* troupe__mock_stream: an answer as server-sent events. */
enum MHD_Result troupe__mock_stream(struct troupe__asked *asked,
                                    const char *words);

/* troupe__mock_give: a body, or what the manner says instead; it is taken. */
enum MHD_Result troupe__mock_give(struct troupe__asked *asked, const char *type,
                                  char *body);

/* troupe__mock_count: how often that has been asked for before. */
uint32_t troupe__mock_count(struct troupe__mock *self, const char *name);

/*
 * troupe__mock_web: an answer as engines of the web give it, or a page.
 *
 *   ret      out.
 *   returns  false when nothing of the web is at that address
 */
bool troupe__mock_web(struct troupe__mock *self,
                      struct MHD_Connection *connection, const char *url,
                      const char *method, struct troupe__text_in *body,
                      enum MHD_Result *ret);

/* troupe__mock_send, troupe__mock_error: a whole body; `after`: seconds for
 * Retry-After, 0: none. */
enum MHD_Result troupe__mock_send(struct MHD_Connection *connection,
                                  unsigned status, const char *type,
                                  const char *body);
enum MHD_Result troupe__mock_error(struct MHD_Connection *connection,
                                   unsigned status, uint32_t after,
                                   const char *words);

#endif
