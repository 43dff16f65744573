/* SPDX-License-Identifier: Apache-2.0 */
/* graph_command.h: tasks that are shell commands. */
#ifndef TROUPE_ACTORS_GRAPH_COMMAND_H
#define TROUPE_ACTORS_GRAPH_COMMAND_H

#include "troupe_graph_run.h"
#include "troupe_msgpack.h"

#define COMMAND_WHY      512  /* bytes that say why it failed */
#define COMMAND_GRACE_MS 3000 /* beyond its timeout, to end it */

/* What standard output is read as. */
enum command_output {
    COMMAND_TEXT, /* without newlines at its end; a binary if it is no UTF-8 */
    COMMAND_LINES,
    COMMAND_JSON,
    COMMAND_NONE
};

/* The body of such a task; all lies in the object that was read. */
struct command {
    const msgpack_object *cmd;
    const msgpack_object_array *args; /* or NULL, as those below */
    const msgpack_object_map *env;
    const msgpack_object *input;
    const msgpack_object *directory;
    enum command_output output;
};

/* troupe__graph_command_read: 0 or -EINVAL; the object must outlive the command. */
int troupe__graph_command_read(const msgpack_object *body, struct command *ret);

/* troupe__graph_pack_lines: a text as a list of its lines. */
void troupe__graph_pack_lines(msgpack_packer *packer, const char *text,
                              size_t size);

struct command_order {
    const struct command *command;
    uint32_t timeout_ms;
    uint32_t output_max; /* bytes */
};

/* troupe__graph_command_write: what a troupe_command is asked to "run"; `order` is a
 * struct command_order *. */
int troupe__graph_command_write(msgpack_packer *packer, void *order);

/*
 * troupe__graph_command_result: what came of it.
 *
 *   ret_bytes  out, when it is ok: its result, to be freed.
 *   why        out, when it is not.
 *   returns    ok, failed or timeout
 */
troupe_graph_state_t troupe__graph_command_result(const troupe_message_t *reply,
                                                  enum command_output output,
                                                  size_t output_max,
                                                  void **ret_bytes,
                                                  size_t *ret_size,
                                                  char why[COMMAND_WHY]);

#endif
