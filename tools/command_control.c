/* SPDX-License-Identifier: Apache-2.0 */
/* command_control.c: `troupe restart`, `suspend`, `resume` and `stop`. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/look.h"

#define RESTART_MS 70000 /* a stop and a start may take long */
#define LAST_MS    10000 /* from the end of the topology to that of the process */

static const char restart_help[] =
    "usage: troupe restart [OPTION]... NAME\n"
    "\n"
    "Restart an actor of a topology that runs, as if it had failed: it is "
    "stopped\n"
    "in order, keeps its ref and what waits for it, and takes those along that "
    "its\n"
    "supervisor's strategy does. Of a supervisor all children are new. It does "
    "not\n"
    "count for 'intensity'. Returns when it has started.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 it runs again; 1 it does not, or nothing runs; 2 usage.\n";

static const char suspend_help[] =
    "usage: troupe suspend [OPTION]... NAME\n"
    "\n"
    "Let an actor of a topology that runs rest: its messages wait until "
    "'troupe\n"
    "resume NAME', within the bounds of its mailbox. A handler that runs is "
    "not\n"
    "broken off. It runs again, too, after a restart.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 it rests; 1 it does not, or nothing runs; 2 usage.\n";

static const char resume_help[] =
    "usage: troupe resume [OPTION]... NAME\n"
    "\n"
    "Let an actor go on that 'troupe suspend' made rest.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 it goes on; 1 it does not, or nothing runs; 2 usage.\n";

static const char stop_help[] =
    "usage: troupe stop [OPTION]...\n"
    "\n"
    "Stop a topology that runs, as Ctrl-C does: all in the reverse order of "
    "their\n"
    "start. Returns when its process has ended.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 it has stopped; 1 some did not in time, and are named, or\n"
    "nothing runs; 2 usage.\n";

static int
control(const char *verb, const char *help, uint32_t wait_ms, int argc,
        char **argv)
{
    struct troupe__look look = {.command = verb,
                                .help = help,
                                .takes = "",
                                .arguments_min = 1,
                                .arguments_max = 1,
                                .wants = "the name of one actor"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    const char *name = look.arguments[0];
    json_t *answer = troupe__look_ask(
        &look, wait_ms, json_pack("{s:s, s:s}", "do", verb, "to", name));
    troupe__look_end(&look);
    if (!answer)
        return TROUPE__EXIT_FAILED;
    const char *status = troupe__text_of(answer, "status");
    bool rests = strcmp(verb, "suspend") == 0;
    bool wrong = json_object_get(answer, "status")
                 && rests != (strcmp(status, "suspended") == 0);
    if (wrong) {
        fprintf(stderr,
                "troupe %s: '%s' is %s still: it will %s when its handler has "
                "returned\n",
                verb, name, status, rests ? "rest" : "go on");
    }
    if (look.json)
        troupe__look_print_json(json_incref(answer));
    json_decref(answer);
    return wrong ? TROUPE__EXIT_FAILED : TROUPE__EXIT_OK;
}

int
troupe__command_restart(int argc, char **argv)
{
    return control("restart", restart_help, RESTART_MS, argc, argv);
}

int
troupe__command_suspend(int argc, char **argv)
{
    return control("suspend", suspend_help, TROUPE__LOOK_MS, argc, argv);
}

int
troupe__command_resume(int argc, char **argv)
{
    return control("resume", resume_help, TROUPE__LOOK_MS, argc, argv);
}

/* Its actors are gone; now the process itself. */
static bool
wait_for_end(int process)
{
    struct pollfd fd = {.fd = process, .events = POLLIN};
    return process < 0 || poll(&fd, 1, LAST_MS) > 0;
}

int
troupe__command_stop(int argc, char **argv)
{
    struct troupe__look look = {.command = "stop",
                                .help = stop_help,
                                .takes = "",
                                .wants = "no argument"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    int process = (int) syscall(SYS_pidfd_open, look.pid, 0);
    json_t *answer =
        troupe__look_ask(&look, 0, json_pack("{s:s}", "do", "stop"));
    troupe__look_end(&look);
    bool ended = wait_for_end(process);
    if (process >= 0)
        close(process);
    if (!ended)
        fprintf(stderr, "troupe stop: process %d has not ended\n",
                (int) look.pid);
    if (answer && look.json)
        troupe__look_print_json(json_incref(answer));
    json_decref(answer);
    return answer && ended ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}
