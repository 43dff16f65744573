/* SPDX-License-Identifier: Apache-2.0 */
/* run_log.c: the log lines of a run. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/commands.h"
#include "tools/run.h"

void
troupe__run_log(void *data, troupe_level_t level, const char *text)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    const struct troupe__run_options *options = data;
    struct timespec now;
    struct tm local;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    if (!options->json) {
        strftime(stamp, sizeof stamp, "%H:%M:%S", &local);
        fprintf(stderr, "%s.%03ld %-7s %s\n", stamp, now.tv_nsec / 1000000,
                names[level], text);
        return;
    }
    json_t *line = json_pack("{s:f, s:s, s:s}", "time",
                             (double) now.tv_sec + (double) now.tv_nsec / 1e9,
                             "level", names[level], "text", text);
    char *words = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (words)
        fprintf(stderr, "%s\n", words);
    free(words);
    json_decref(line);
}

void
troupe__run_say(const struct troupe__run_options *options, troupe_level_t level,
                const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (level >= TROUPE_LOG_WARNING || !options->quiet)
        troupe__run_log((void *) (uintptr_t) options, level, text);
}

void
troupe__run_say_start(const struct troupe__run_options *options,
                      const struct troupe__part *part)
{
    const struct troupe__topology *topology = part->topology;
    troupe__run_say(options, TROUPE_LOG_INFO, "'%s' runs: %zu actor%s%s%s%s",
                    topology->name, part->actor_count,
                    part->actor_count == 1 ? "" : "s",
                    part->has_others ? "" : " on node '",
                    part->has_others ? " in several processes"
                                     : topology->places[0].name.text,
                    part->has_others ? "" : "'");
}

void
troupe__run_say_error(const struct troupe__run_options *options,
                      const char *what, int rc)
{
    troupe__run_say(options, TROUPE_LOG_ERROR, "%s: %s%s", what,
                    troupe_strerror(rc), troupe__cure(rc));
}

void
troupe__run_log_by(const struct troupe__run_options *options,
                   troupe_options_t *ret_node)
{
    ret_node->log = troupe__run_log;
    ret_node->log_data = (void *) (uintptr_t) options;
    ret_node->log_level = options->verbose ? TROUPE_LOG_DEBUG
                          : options->quiet ? TROUPE_LOG_WARNING
                                           : TROUPE_LOG_INFO;
}
