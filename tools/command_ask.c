/* SPDX-License-Identifier: Apache-2.0 */
/* command_ask.c: `troupe ask` and `troupe send`, messages by hand. */
#include <errno.h>
#include <stdlib.h>

#include "tools/commands.h"
#include "tools/look.h"

#define ASK_MS  5000
#define MORE_MS 5000 /* for the way there and back */

#define BODY_HELP                                                              \
    "JSON is the body [null]. A binary is {\"$bin\": \"BASE64\"}; "            \
    "tools/ADMIN.md\n"                                                         \
    "has the other such objects. The message passes every 'allow'.\n"          \
    "\n"

static const char ask_help[] =
    "usage: troupe ask [OPTION]... NAME TYPE [JSON]\n"
    "\n"
    "Ask an actor of a topology that runs, and print its reply as "
    "JSON. " BODY_HELP
    "  --timeout TIME the actor may take so long [5s]\n" TROUPE__LOOK_OPTIONS
    "\n"
    "Exit codes: 0 a reply; 1 an error, or nothing runs; 2 usage; 124 it took\n"
    "longer.\n";

static const char send_help[] =
    "usage: troupe send [OPTION]... NAME TYPE [JSON]\n"
    "\n"
    "Send a message to an actor of a topology that runs. " BODY_HELP
        TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 sent; 1 it was not, or nothing runs; 2 usage.\n";

/* The body, or NULL after having said what is wrong. */
static json_t *
read_body(const struct troupe__look *look)
{
    json_error_t error;
    if (look->argument_count < 3)
        return json_null();
    json_t *body = json_loads(
        look->arguments[2],
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (!body) {
        (void) troupe__usage_error(look->command,
                                   "the body is no JSON: %s; a text needs "
                                   "quotes of its own: '\"text\"'",
                                   error.text);
    }
    return body;
}

/* 0, or the code of what is wrong with the command line. */
static json_t *
deliver(struct troupe__look *look, const char *verb, json_t *body)
{
    uint32_t wait_ms = look->timeout_ms ? (uint32_t) look->timeout_ms : ASK_MS;
    return troupe__look_ask(look, wait_ms + MORE_MS,
                            json_pack("{s:s, s:s, s:s, s:o, s:I}", "do", verb,
                                      "to", look->arguments[0], "type",
                                      look->arguments[1], "body", body,
                                      "timeout_ms", (json_int_t) wait_ms));
}

static int
run(struct troupe__look *look, int argc, char **argv, json_t **ret_answer)
{
    int code = troupe__look_begin(look, argc, argv);
    if (code >= 0)
        return code;
    json_t *body = read_body(look);
    json_t *answer = body ? deliver(look, look->command, body) : NULL;
    troupe__look_end(look);
    *ret_answer = answer;
    if (!body)
        return TROUPE__EXIT_USAGE;
    if (look->error_code == -ETIMEDOUT)
        return TROUPE__EXIT_DEADLINE;
    return answer ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}

int
troupe__command_ask(int argc, char **argv)
{
    struct troupe__look look = {.command = "ask",
                                .help = ask_help,
                                .takes = "t",
                                .arguments_min = 2,
                                .arguments_max = 3,
                                .wants = "NAME TYPE [JSON]"};
    json_t *answer = NULL;
    int code = run(&look, argc, argv, &answer);
    if (answer) {
        json_dumpf(json_object_get(answer, "body"), stdout,
                   JSON_ENCODE_ANY | (look.json ? JSON_INDENT(2) : 0));
        putchar('\n');
    }
    json_decref(answer);
    return code;
}

int
troupe__command_send(int argc, char **argv)
{
    struct troupe__look look = {.command = "send",
                                .help = send_help,
                                .takes = "",
                                .arguments_min = 2,
                                .arguments_max = 3,
                                .wants = "NAME TYPE [JSON]"};
    json_t *answer = NULL;
    int code = run(&look, argc, argv, &answer);
    if (answer && look.json)
        troupe__look_print_json(json_pack("{s:b}", "sent", 1));
    json_decref(answer);
    return code;
}
