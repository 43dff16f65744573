/* SPDX-License-Identifier: Apache-2.0 */
/* map_ask.c: `troupe map --ask`: the tasks are asks to an actor of a topology
 * that runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"

#include "tools/commands.h"
#include "tools/json_value.h"
#include "tools/look.h"
#include "tools/map.h"

#define ASK_MS  60000 /* without --timeout */
#define MORE_MS 5000  /* for the way there and back */

/* What a kind cannot be given: of the one map that a command runs. */
static const struct troupe__map_arguments *arguments;

/* One connection to the run, on a thread of its own: it blocks. */
struct asker {
    struct troupe__look look;
};

static int
asker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    (void) msg;
    self->look = (struct troupe__look){
        .command = "map", .run = arguments->run, .is_quiet = true};
    return troupe__look_open(&self->look) < 0
               ? 0
               : troupe_fail(ctx, -EHOSTDOWN, "%s", self->look.error_text);
}

static void
asker_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct asker *self = state;
    (void) ctx, (void) reason;
    troupe__look_end(&self->look);
}

static int
answer_with(troupe_context_t *ctx, const json_t *answer)
{
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    json_t *body = json_object_get(answer, "body");
    int rc = body ? troupe__json_pack(body, &packer) : -EBADMSG;
    rc = rc < 0 ? troupe_reply_error(ctx, rc, "the run answered with no body")
                : troupe_reply(ctx, "r", bytes.data, bytes.size);
    msgpack_sbuffer_destroy(&bytes);
    return rc;
}

/* A run that is gone is a failure of this incarnation: the next one looks for
 * it again. */
static int
asker_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    msgpack_object object;
    uint32_t wait_ms = arguments->options.timeout_ms;
    wait_ms = wait_ms ? wait_ms : ASK_MS;
    int rc = troupe_message_object(msg, &object);
    if (rc < 0)
        return rc;
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:o, s:I}", "do", "ask", "to",
                  arguments->ask, "type", troupe_message_type(msg), "body",
                  troupe__json_of(&object), "timeout_ms", (json_int_t) wait_ms);
    json_t *answer = troupe__look_ask(&self->look, wait_ms + MORE_MS, request);
    if (answer) {
        rc = answer_with(ctx, answer);
    } else if (self->look.error_code < 0) {
        rc = troupe_reply_error(ctx, self->look.error_code, "%s",
                                self->look.error_text);
    } else {
        rc = troupe_fail(ctx, -EHOSTDOWN, "%s", self->look.error_text);
    }
    json_decref(answer);
    return rc;
}

static const troupe_clause_t clauses[] = {TROUPE_ON_START(asker_start),
                                          TROUPE_ON_FALLBACK(asker_ask),
                                          TROUPE_ON_STOP(asker_stop),
                                          {0, NULL, NULL, NULL}};

static const troupe_kind_t asker = {.name = TROUPE__MAP_ASK_KIND,
                                    .state_size = sizeof(struct asker),
                                    .clauses = clauses};

int
troupe__map_ask_begin(const struct troupe__map_arguments *of, troupe_t *node)
{
    struct troupe__look look = {.command = "map", .run = of->run};
    int code = troupe__look_open(&look); /* says why not, once */
    troupe__look_end(&look);
    arguments = of;
    int rc = code < 0 ? troupe_kind_register(node, &asker) : 0;
    if (rc == 0)
        return code;
    fprintf(stderr, "troupe map: --ask: %s\n", troupe_strerror(rc));
    return TROUPE__EXIT_FAILED;
}
