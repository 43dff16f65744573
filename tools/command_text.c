/* SPDX-License-Identifier: Apache-2.0 */
/* command_text.c: `troupe text`, the plain text that a document is read as. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "troupe_document.h"

static const char help[] =
    "usage: troupe text [OPTION]... FILE\n"
    "\n"
    "Print the plain text that a document is read as: the byte ranges that\n"
    "search and research give are ranges of this text.\n"
    "\n"
    "  --range START:END  only the bytes from START up to, without, END\n"
    "  --json             an object: path, title, kind, note, size, text\n"
    "  --help             this text\n"
    "\n"
    "FILE is a text, Markdown or HTML file or a manual page, gzipped or not.\n"
    "Exit codes: 0 ok, 1 it cannot be read as text, 2 usage.\n";

struct arguments {
    const char *path;
    size_t start;
    size_t end;
    bool json;
};

static bool
read_range(const char *text, struct arguments *ret)
{
    const char *colon = strchr(text, ':');
    char start[32];
    if (!colon || (size_t) (colon - text) >= sizeof start)
        return false;
    memcpy(start, text, (size_t) (colon - text));
    start[colon - text] = 0;
    return troupe__read_number(start, 0, SIZE_MAX, &ret->start)
           && troupe__read_number(colon + 1, ret->start, SIZE_MAX, &ret->end);
}

static int
print(const struct arguments *arguments, const troupe_document_t *document)
{
    size_t size = troupe_document_size(document);
    size_t end = arguments->end < size ? arguments->end : size;
    size_t start = arguments->start;
    if (start > end || (arguments->end != SIZE_MAX && arguments->end > size))
        return troupe__usage_error(
            "text", "the range is not within the %zu bytes of the text", size);
    const char *text = troupe_document_text(document) + start;
    if (!arguments->json) {
        fwrite(text, 1, end - start, stdout);
        return TROUPE__EXIT_OK;
    }
    json_t *object = json_pack("{s:s%, s:s, s:s, s:s, s:I, s:s%}", "path",
                               arguments->path, strlen(arguments->path),
                               "title", troupe_document_title(document), "kind",
                               troupe_document_kind(document), "note",
                               troupe_document_note(document), "size",
                               (json_int_t) size, "text", text, end - start);
    if (!object) {
        fputs("troupe text: the range cuts a character in two, or the name of "
              "the file is not UTF-8\n",
              stderr);
        return TROUPE__EXIT_FAILED;
    }
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    return TROUPE__EXIT_OK;
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {{"range", 1, NULL, 'r'},
                                            {"json", 0, NULL, 'j'},
                                            {"help", 0, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.path = "", .end = SIZE_MAX};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c == 'j')
            ret->json = true;
        else if (c != 'r')
            return troupe__option_error("text", c, argv);
        else if (!read_range(optarg, ret))
            return troupe__usage_error("text", "--range wants START:END");
    }
    if (argc - optind != 1)
        return troupe__usage_error("text", "give one file");
    ret->path = argv[optind];
    return -1;
}

int
troupe__command_text(int argc, char **argv)
{
    struct arguments arguments;
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        return code;
    troupe_document_t *document = NULL;
    int rc = troupe_document_read(arguments.path, 0, &document);
    if (rc < 0) {
        fprintf(stderr, "troupe text: %s: %s\n", arguments.path,
                troupe_document_note(document));
        code = TROUPE__EXIT_FAILED;
    } else {
        if (troupe_document_note(document)[0])
            fprintf(stderr, "troupe text: %s: %s\n", arguments.path,
                    troupe_document_note(document));
        code = print(&arguments, document);
    }
    troupe_document_destroy(&document);
    return code;
}
