/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: the commands of `troupe`, and what they share. */
#ifndef TROUPE_TOOLS_COMMANDS_H
#define TROUPE_TOOLS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "troupe_corpus.h"

/* How a command ends; the numbers are a promise to scripts. */
enum {
    TROUPE__EXIT_OK = 0,
    TROUPE__EXIT_FAILED = 1,
    TROUPE__EXIT_USAGE = 2,
    TROUPE__EXIT_PARTIAL = 3, /* degraded: the first line says so */
    TROUPE__EXIT_BUDGET = 4,
    TROUPE__EXIT_QUORUM = 5,
    TROUPE__EXIT_OPEN = 6, /* a whole report, and its verdict is no choice */
    TROUPE__EXIT_DEADLINE = 124
};

/* X(name, what it does): each is troupe__command_<name>() in a file of its
 * own; argv[0] is the command's name. */
#define TROUPE__COMMANDS(X)                                                    \
    X(research, "a question answered from documents, with sources")            \
    X(query, "one prompt to several models, and what they agree on")           \
    X(search, "the passages of some documents that answer a query")            \
    X(text, "the plain text that a document is read as")                       \
    X(decide, "a choice between options, and how sure it is")                  \
    X(map, "many tasks at once: commands and functions")                       \
    X(graph, "tasks that need each other, checked, planned and run")           \
    X(mcp, "these as tools for other programs, by the Model Context Protocol") \
    X(check, "a topology file checked, and its tree drawn")                    \
    X(run, "a topology file brought to life")                                  \
    X(ps, "the actors of a topology that runs")                                \
    X(tree, "its supervisors and their children")                              \
    X(top, "its busiest actors, again and again")                              \
    X(inspect, "everything about one actor")                                   \
    X(dead, "the last messages that nobody handled")                           \
    X(ask, "an actor asked, its reply as JSON")                                \
    X(send, "a message sent to an actor")                                      \
    X(restart, "an actor restarted, as if it had failed")                      \
    X(suspend, "an actor that rests, while its messages wait")                 \
    X(resume, "an actor that goes on")                                         \
    X(stop, "a topology stopped in order")                                     \
    X(runs, "what interrupted pipelines have left, to be resumed")             \
    X(new, "a project of your own: an actor, its test, its topology")          \
    X(doctor, "what on this machine will hurt")                                \
    X(mock, "a local server of models that can be told to fail")

/* `troupe node`: what `troupe run` starts its other processes as. */
int troupe__command_node(int argc, char **argv);

#define TROUPE__DECLARE(name, purpose)                                         \
    int troupe__command_##name(int argc, char **argv);
TROUPE__COMMANDS(TROUPE__DECLARE)

/*
 * troupe__cache_directory: where indexes are kept: $XDG_CACHE_HOME/troupe, or
 * ~/.cache/troupe.
 *
 *   returns  a string to be freed, or NULL when neither is known.
 */
char *troupe__cache_directory(void);

/*
 * troupe__runs_directory: where pipelines keep their journals:
 * $XDG_STATE_HOME/troupe/runs, or ~/.local/state/troupe/runs.
 *
 *   returns  a string to be freed, or NULL when neither is known.
 */
char *troupe__runs_directory(void);

/* troupe__usage_error: print "troupe COMMAND: ..." and where help is to be
 * found; returns TROUPE__EXIT_USAGE. */
int troupe__usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* troupe__cure: what may help where a node could not be had, as "; raise ...",
 * or "". */
const char *troupe__cure(int rc);

/* troupe__for_people: a copy without control characters, but for newlines and
 * tabs: what models, documents and commands say is not to work a terminal. */
char *troupe__for_people(const char *text);

/* troupe__flush_output: false when something printed could not be written;
 * troupe__say_output_error() says why then. */
bool troupe__flush_output(void);
void troupe__say_output_error(void);

/* troupe__read_number: a whole number within bounds, or false. */
bool troupe__read_number(const char *text, size_t min, size_t max,
                         size_t *ret_number);

/* troupe__read_time: "500ms", "2s", "1.5s", "1m" or "2", seconds; from 1 ms to
 * a bound; or false. */
bool troupe__read_time(const char *text, size_t max_ms, size_t *ret_ms);

/* troupe__option_error: say what getopt_long() returned ':' or '?' for; its
 * own messages must be off. Returns TROUPE__EXIT_USAGE. */
int troupe__option_error(const char *command, int c, char *const *argv);

/* troupe__is_text: true for UTF-8. */
bool troupe__is_text(const char *bytes);

/* troupe__print_path: on one line, with \xHH for what is not printable. */
void troupe__print_path(FILE *out, const char *path);

/* troupe__check_query: -1 when it can be asked, or an exit code after having
 * said why; `noun` is what the command calls it. */
int troupe__check_query(const char *command, const char *noun,
                        const char *query);

/* troupe__check_path: the same for the path that an option gives. */
int troupe__check_path(const char *command, const char *option,
                       const char *path);

/* troupe__check_output: the same for a file that is written in the end: who runs
 * for an hour learns at once that it cannot be. It is left as it was. */
int troupe__check_output(const char *command, const char *path);

/* What an update of an index says on the way; {0} with command set. */
struct troupe__indexing {
    const char *command; /* for the beginning of lines */
    bool quiet;
    bool verbose;    /* name every skipped file, not just the first ten */
    bool drawn;      /* a line of progress is on the terminal */
    bool json_lines; /* what is told is lines of JSON, as in progress.h */
    size_t skipped;  /* so far */
    void *json;      /* json_t * array of {path, reason}, or NULL */
    /* Asked after each batch: true ends the update early, with `stopped` set
     * and what was indexed so far; may be NULL. */
    bool (*is_over)(void *data);
    void *is_over_data;
    bool stopped;
    /* Hears how many of the documents that changed are read; may be NULL. */
    void (*tell)(void *data, size_t done, size_t count);
    void *data;
};

/*
 * troupe__open_corpus: open an index and bring it up to date, telling what
 * goes on on standard error.
 *
 *   cache     directory, or NULL for troupe__cache_directory().
 *   returns   TROUPE__EXIT_OK, or the exit code after having said why.
 */
int troupe__open_corpus(struct troupe__indexing *indexing, const char *cache,
                        const char *const *roots, size_t count,
                        troupe_corpus_t **ret_corpus,
                        troupe_corpus_stats_t *ret_stats);

#endif
