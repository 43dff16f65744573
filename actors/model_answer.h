/* SPDX-License-Identifier: Apache-2.0 */
/* model_answer.h: answers of chat completions, whole and as a stream. */
#ifndef TROUPE_ACTORS_MODEL_ANSWER_H
#define TROUPE_ACTORS_MODEL_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/text.h"

#define FINISH_SIZE 24
#define MODEL_SIZE  64

/* What a server has said so far; {.prompt_tokens = -1, ...}: begin with
 * troupe__answer_init(). */
struct model_answer {
    struct troupe__text text;
    char finish[FINISH_SIZE]; /* finish_reason; "": not said */
    char model[MODEL_SIZE];   /* that answers, by its own name; "" */
    int64_t prompt_tokens;    /* -1: not said */
    int64_t completion_tokens;
    bool done;                /* it ended as it should */
    struct troupe__text line; /* of a stream, until its end comes */
    struct troupe__text data; /* of the event that is being read */
    char error[160];          /* what the server says is wrong; "" */
};

void troupe__answer_init(struct model_answer *self);
void troupe__answer_free(struct model_answer *self);

/*
 * troupe__answer_feed: take the next bytes of a stream of server-sent events.
 *
 *   returns  0, or -EBADMSG for an event that is no such JSON
 */
int troupe__answer_feed(struct model_answer *self, const char *bytes,
                        size_t size);

/* troupe__answer_read: take a whole body; 0 or -EBADMSG. */
int troupe__answer_read(struct model_answer *self, const char *bytes,
                        size_t size);

/* troupe__answer_read_error: take the words of the body of an error. */
void troupe__answer_read_error(struct model_answer *self, const char *bytes,
                               size_t size);

#endif
