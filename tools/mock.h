/* SPDX-License-Identifier: Apache-2.0 */
/* mock.h: a local server of models and search that can be told to fail. */
#ifndef TROUPE_TOOLS_MOCK_H
#define TROUPE_TOOLS_MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct troupe__mock;

struct troupe__mock_options {
    uint16_t port;     /* on 127.0.0.1; 0: any that is free */
    uint64_t seed;     /* of what it says */
    FILE *requests;    /* a line of JSON for each request; NULL: none */
    const char *pages; /* directory with the pages of its web; NULL: none */
};

/*
 * troupe__mock_start: serve on threads of its own until troupe__mock_stop().
 *
 *   returns  0, -EADDRINUSE, or -EIO
 */
int troupe__mock_start(const struct troupe__mock_options *options,
                       struct troupe__mock **ret_mock);

/* troupe__mock_port: where it listens. */
uint16_t troupe__mock_port(const struct troupe__mock *self);

/* troupe__mock_stop: end it, whatever it is about to answer; NULL is fine. */
void troupe__mock_stop(struct troupe__mock **self_p);

/*
 * How a model behaves stands in its name: words with "+" between them, as in
 * "say=yes+delay=100ms+429=2". Without any it answers well, at once. Search
 * engines and pages have it in a parameter "manner" of their address.
 */
struct troupe__manner {
    char say[256];      /* the answer, instead of one made of the prompt */
    char right[64];     /* what it answers `accuracy` % of the time */
    uint32_t accuracy;  /* else one of `wrong` */
    char wrong[192];    /* with "/" between them */
    uint32_t delay_ms;  /* before the answer */
    uint32_t jitter_ms; /* up to so much more */
    uint32_t late_ms;   /* so much more for each nth request */
    uint32_t nth;
    uint32_t drip_ms;     /* between two words of a stream */
    uint32_t status;      /* an error instead of an answer, or 0 */
    uint32_t times;       /* for the first so many requests; 0: each */
    uint32_t retry_after; /* seconds, with 429 and 503; 1 */
    uint32_t cut;         /* the connection ends after so many words; 0: not */
    uint32_t huge;        /* bytes of a body that is much too large */
    bool hang;            /* no answer at all */
    bool refuse;          /* the connection is closed instead */
    bool bad_json;
    bool lie;       /* Content-Length is more than what comes */
    bool no_usage;  /* does not say how many tokens */
    bool length;    /* finish_reason is "length" */
    bool no_stream; /* answers in one piece, whatever was asked for */
    bool mistaken;  /* an unknown word in a name that is more than a name */
};

/* troupe__manner_read: false when a word of the name is not known; then it
 * is a plain name, or mistaken. */
bool troupe__manner_read(const char *model, struct troupe__manner *ret);

/* troupe__mock_words: what a model says to a prompt; to be freed. */
char *troupe__mock_words(const struct troupe__manner *manner, const char *model,
                         const char *prompt, uint64_t seed);

#endif
