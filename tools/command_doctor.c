/* SPDX-License-Identifier: Apache-2.0 */
/* command_doctor.c: `troupe doctor`, what on this machine will hurt. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/commands.h"
#include "tools/doctor.h"

static const char help[] =
    "usage: troupe doctor [OPTION]...\n"
    "\n"
    "Look at this machine for what will hurt: versions of libraries, cores,\n"
    "limits of descriptors (a node is started to see what it takes), sockets\n"
    "that a crash left behind in $XDG_RUNTIME_DIR and $TMPDIR or /tmp, which\n"
    "take room alone.\n"
    "\n"
    "  --json   a list of objects: health (ok, note or bad), what, text\n"
    "  --quiet  only what is bad\n"
    "  --help   this text\n"
    "\n"
    "Exit codes: 0 all is well; 1 something will hurt; 2 usage.\n";

static const char *const healths[] = {"ok", "note", "BAD"};

static void
print_json(const struct troupe__report *report, bool quiet)
{
    static const char *const names[] = {"ok", "note", "bad"};
    json_t *list = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct troupe__symptom *it = &report->items[i];
        if (!quiet || it->health == TROUPE__HEALTH_BAD) {
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "health",
                                                  names[it->health], "what",
                                                  it->what, "text", it->text));
        }
    }
    json_dumpf(list, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(list);
}

static bool
print(const struct troupe__report *report, bool json, bool quiet)
{
    bool is_bad = false;
    if (json)
        print_json(report, quiet);
    for (size_t i = 0; i < report->count; i++) {
        const struct troupe__symptom *it = &report->items[i];
        is_bad |= it->health == TROUPE__HEALTH_BAD;
        if (!json && (!quiet || it->health == TROUPE__HEALTH_BAD))
            printf("%-4s  %-11s  %s\n", healths[it->health], it->what,
                   it->text);
    }
    return is_bad;
}

int
troupe__command_doctor(int argc, char **argv)
{
    static const struct option options[] = {{"json", 0, NULL, 'j'},
                                            {"quiet", 0, NULL, 'q'},
                                            {"help", 0, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool json = false, quiet = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c == '?')
            return troupe__usage_error("doctor", "unknown option");
        json |= c == 'j';
        quiet |= c == 'q';
    }
    if (argc > optind)
        return troupe__usage_error("doctor", "it takes no argument");
    struct troupe__report report = {0};
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *temporary = getenv("TMPDIR");
    troupe__look_at_versions(&report);
    troupe__look_at_cores(&report);
    troupe__look_at_descriptors(&report);
    if (runtime && *runtime)
        troupe__look_at_sockets(&report, runtime);
    troupe__look_at_sockets(&report,
                            temporary && *temporary ? temporary : "/tmp");
    bool is_bad = print(&report, json, quiet);
    troupe__report_free(&report);
    return is_bad ? TROUPE__EXIT_FAILED : TROUPE__EXIT_OK;
}
