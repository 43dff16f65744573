/* SPDX-License-Identifier: Apache-2.0 */
/* test_document.c: files become plain text, or a reason why not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/actors/scratch_dir.h"
#include "troupe_document.h"

static struct scratch_dir dir;

static void
set_up(void)
{
    scratch_dir_make(&dir);
}

static void
tear_down(void)
{
    scratch_dir_remove(&dir);
}

TestSuite(document, .init = set_up, .fini = tear_down, .timeout = 60);

static troupe_document_t *
read_ok(const char *path)
{
    troupe_document_t *doc = NULL;
    int rc = troupe_document_read(path, 0, &doc);
    cr_assert_eq(rc, 0, "%s: %s", path, troupe_document_note(doc));
    cr_assert_eq(strlen(troupe_document_text(doc)), troupe_document_size(doc));
    return doc;
}

static void
expect_failure(const char *path, size_t size_max, int expected,
               const char *reason)
{
    troupe_document_t *doc = NULL;
    cr_assert_eq(troupe_document_read(path, size_max, &doc), expected);
    cr_assert_not_null(strstr(troupe_document_note(doc), reason),
                       "'%s' does not say '%s'", troupe_document_note(doc),
                       reason);
    troupe_document_destroy(&doc);
    cr_assert_null(doc);
    troupe_document_destroy(&doc);
}

static const char page[] =
    ".\\\" A comment\n"
    ".TH FROB 1 2024-01-01 \"Test\"\n"
    ".SH NAME\nfrob \\- turn frobs around\n"
    ".SH OPTIONS\n.TP\n.B \\-x, \\-\\-extra\nBe extra careful.\n"
    ".SH NOTES\nThe first sentence.\nThe second one is \\fBbold\\fP.\n";

Test(document, plain_text_stays_byte_for_byte)
{
    static const char text[] = "A TITLE\n\nOne line,\nand another.\n";
    troupe_document_t *doc = read_ok(scratch_dir_write(&dir, "a.txt", text));
    cr_assert_str_eq(troupe_document_text(doc), text);
    cr_assert_str_eq(troupe_document_title(doc), "A TITLE");
    cr_assert_str_eq(troupe_document_kind(doc), "text");
    cr_assert_str_eq(troupe_document_note(doc), "");
    troupe_document_destroy(&doc);
}

Test(document, line_ends_marks_and_overstrikes_are_made_plain)
{
    troupe_document_t *doc =
        read_ok(scratch_dir_write(&dir, "a.txt",
                                  "\xef\xbb\xbfone\r\ntwo\rthree b\bbo\bol\bld"
                                  " \033[1mcolour\033[0m _\bu\n"));
    cr_assert_str_eq(troupe_document_text(doc),
                     "one\ntwo\nthree bold colour u\n");
    troupe_document_destroy(&doc);
}

Test(document, markdown_is_read_without_its_signs)
{
    troupe_document_t *doc = read_ok(
        scratch_dir_write(&dir, "a.md",
                          "# The *title*\n\nSome `code` &amp; [a link](u).\n\n"
                          "- one\n- two\n\n```\nint  x;\n```\n\n"
                          "| a | b |\n|---|---|\n| 1 | 2 |\n"));
    cr_assert_str_eq(troupe_document_text(doc),
                     "The title\n\nSome code & a link.\n\n- one\n- two\n\n"
                     "int  x;\n\na  b\n1  2\n");
    cr_assert_str_eq(troupe_document_title(doc), "The title");
    cr_assert_str_eq(troupe_document_kind(doc), "markdown");
    troupe_document_destroy(&doc);
}

Test(document, html_is_read_without_scripts_and_menus)
{
    troupe_document_t *doc = read_ok(scratch_dir_write(
        &dir, "a.html",
        "<!DOCTYPE html><html><head><title> The\n title </title>"
        "<style>p {}</style></head><body><nav><a>Menu</a></nav>"
        "<script>evil()</script><h2>Part<a class='headerlink'>#</a></h2>"
        "<p>One   <b>bold</b>&nbsp;word<br>next &lt;line&gt;"
        "<dl><dt>term<dd>meaning</dl><pre>\n  kept\n    so</pre>"
        "<div role='navigation'>more menu</div></html>"));
    cr_assert_str_eq(troupe_document_text(doc),
                     "Part\n\nOne bold word\nnext <line>\n\nterm\n    meaning"
                     "\n\n  kept\n    so\n");
    cr_assert_str_eq(troupe_document_title(doc), "The title");
    cr_assert_str_eq(troupe_document_kind(doc), "html");
    troupe_document_destroy(&doc);
}

Test(document, manual_pages_in_roff_are_formatted)
{
    troupe_document_t *doc = read_ok(scratch_dir_write(&dir, "frob.1", page));
    cr_assert_str_eq(troupe_document_text(doc),
                     "NAME\n\nfrob - turn frobs around\n\nOPTIONS\n\n"
                     "-x, --extra\n    Be extra careful.\n\nNOTES\n\n"
                     "The first sentence. The second one is bold.\n");
    cr_assert_str_eq(troupe_document_title(doc), "frob(1) - turn frobs around");
    cr_assert_str_eq(troupe_document_kind(doc), "manual page");
    troupe_document_destroy(&doc);
}

/* As fanotify_init(2) of man-pages 6.03 does. */
Test(document, a_page_may_begin_with_a_comment_without_its_dot)
{
    char text[sizeof page + 32];
    snprintf(text, sizeof text, "\\\" Copyright somebody\n%s", page);
    troupe_document_t *doc = read_ok(scratch_dir_write(&dir, "frob.1", text));
    cr_assert_str_eq(troupe_document_kind(doc), "manual page");
    cr_assert_not_null(strstr(troupe_document_text(doc), "\nOPTIONS\n"));
    cr_assert_null(strstr(troupe_document_text(doc), ".SH"));
    troupe_document_destroy(&doc);
}

Test(document, manual_pages_in_mdoc_are_formatted)
{
    troupe_document_t *doc = read_ok(scratch_dir_write(
        &dir, "man1/frob.1ssl",
        ".Dd January 1, 2024\n.Dt FROB 1\n.Os\n.Sh NAME\n.Nm frob\n"
        ".Nd turn frobs around\n.Sh DESCRIPTION\nThe\n.Nm\nutility.\n"));
    cr_assert_str_eq(troupe_document_title(doc),
                     "frob(1ssl) - turn frobs around");
    cr_assert_not_null(strstr(troupe_document_text(doc), "The frob utility."));
    troupe_document_destroy(&doc);
}

Test(document, gzipped_files_read_like_the_files_in_them)
{
    static const char *const names[] = {"frob.1", "b.txt", "c.md", "d.html"};
    static const char *const texts[] = {page, "Text.\n", "# T\n\nText.\n",
                                        "<html><p>Text.</html>"};
    for (size_t i = 0; i < 4; i++) {
        char packed[32];
        snprintf(packed, sizeof packed, "%s.gz", names[i]);
        troupe_document_t *one =
            read_ok(scratch_dir_write(&dir, names[i], texts[i]));
        troupe_document_t *other = read_ok(scratch_dir_write_bytes(
            &dir, packed, texts[i], strlen(texts[i]), 1));
        cr_assert_str_eq(troupe_document_text(one),
                         troupe_document_text(other));
        cr_assert_str_eq(troupe_document_kind(one),
                         troupe_document_kind(other));
        troupe_document_destroy(&one);
        troupe_document_destroy(&other);
    }
}

Test(document, what_a_file_is_shows_without_a_telling_name)
{
    static const struct {
        const char *text, *kind;
    } all[] = {{page, "manual page"},
               {" <html><body>Text</body></html>", "html"},
               {"Just words.\n", "text"}};
    for (size_t i = 0; i < 3; i++) {
        troupe_document_t *doc =
            read_ok(scratch_dir_write(&dir, "README", all[i].text));
        cr_assert_str_eq(troupe_document_kind(doc), all[i].kind);
        troupe_document_destroy(&doc);
    }
}

Test(document, other_encodings_are_converted_and_said)
{
    troupe_document_t *doc =
        read_ok(scratch_dir_write(&dir, "a.txt", "caf\xe9 d\xfcrfen\n"));
    cr_assert_str_eq(troupe_document_text(doc), "café dürfen\n");
    cr_assert_not_null(strstr(troupe_document_note(doc), "Latin-1"));
    troupe_document_destroy(&doc);

    doc = read_ok(scratch_dir_write_bytes(&dir, "b.txt",
                                          "\xff\xfeh\0i\0\xe9\0\n\0", 10, 0));
    cr_assert_str_eq(troupe_document_text(doc), "hié\n");
    cr_assert_not_null(strstr(troupe_document_note(doc), "UTF-16"));
    troupe_document_destroy(&doc);

    doc = read_ok(scratch_dir_write(&dir, "c.html",
                                    "<html><meta charset=iso-8859-1>"
                                    "<p>caf\xe9</html>"));
    cr_assert_str_eq(troupe_document_text(doc), "café\n");
    troupe_document_destroy(&doc);
}

Test(document, a_page_that_stands_for_another_is_that_page)
{
    scratch_dir_write_bytes(&dir, "man1/frob.1.gz", page, strlen(page), 1);
    troupe_document_t *doc = read_ok(
        scratch_dir_write(&dir, "man1/borf.1", ".\\\" x\n.so man1/frob.1\n"));
    cr_assert_str_eq(troupe_document_title(doc), "frob(1) - turn frobs around");
    troupe_document_destroy(&doc);
}

Test(document, so_requests_that_lead_nowhere_or_round_are_refused)
{
    expect_failure(scratch_dir_write(&dir, "a.1", ".so man1/none.1\n"), 0,
                   -ENOENT, "man1/none.1");
    expect_failure(scratch_dir_write(&dir, "b.1", ".so /etc/passwd\n"), 0,
                   -ENOENT, "missing");
    expect_failure(scratch_dir_write(&dir, "c.1", ".so ../../etc/passwd\n"), 0,
                   -ENOENT, "missing");
    scratch_dir_write(&dir, "man1/x.1", ".so man1/y.1\n");
    expect_failure(scratch_dir_write(&dir, "man1/y.1", ".so man1/x.1\n"), 0,
                   -ELOOP, "loop");
}

Test(document, what_is_not_text_is_named_as_such)
{
    expect_failure(scratch_dir_write_bytes(&dir, "a", "\177ELF\0\0\1", 7, 0), 0,
                   -EBADMSG, "not text");
    expect_failure(
        scratch_dir_write_bytes(&dir, "a.html", "<html>\0</html>", 14, 0), 0,
        -EBADMSG, "not text");
    expect_failure(scratch_dir_write(&dir, "empty.txt", ""), 0, -ENODATA,
                   "empty");
    expect_failure(scratch_dir_write(&dir, "blank.txt", " \n\n\t\n"), 0,
                   -ENODATA, "no text");
    expect_failure(scratch_dir_write(&dir, "b.html", "<html></html>"), 0,
                   -ENODATA, "no text");
}

Test(document, damaged_gzip_is_refused)
{
    const char *path =
        scratch_dir_write_bytes(&dir, "a.txt.gz", page, strlen(page), 1);
    cr_assert_eq(truncate(path, 60), 0);
    expect_failure(path, 0, -EBADMSG, "damaged");
    expect_failure(scratch_dir_write_bytes(&dir, "b.gz",
                                           "\x1f\x8b\x08\0garbage!!!!!", 15, 0),
                   0, -EBADMSG, "damaged");
}

Test(document, size_is_limited_before_reading_and_while_unpacking)
{
    const char *path = scratch_dir_write(&dir, "huge.txt", "x");
    cr_assert_eq(truncate(path, (off_t) 1 << 30), 0);
    expect_failure(path, 0, -EFBIG, "larger than 16777216 bytes");

    size_t size = (size_t) 40 << 20;
    char *bomb = malloc(size);
    cr_assert_not_null(bomb);
    memset(bomb, 'a', size);
    path = scratch_dir_write_bytes(&dir, "bomb.gz", bomb, size, 1);
    free(bomb);
    expect_failure(path, 0, -EFBIG, "larger than");

    path = scratch_dir_write(&dir, "ten.txt", "123456789\n");
    expect_failure(path, 9, -EFBIG, "larger than 9 bytes");
    troupe_document_t *doc = NULL;
    cr_assert_eq(troupe_document_read(path, 10, &doc), 0);
    troupe_document_destroy(&doc);
}

Test(document, what_cannot_be_read_says_why)
{
    expect_failure(scratch_dir_path(&dir, "none"), 0, -ENOENT, "no such file");
    expect_failure(dir.path, 0, -EINVAL, "directory");
    const char *fifo = scratch_dir_path(&dir, "fifo");
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    expect_failure(fifo, 0, -EINVAL, "not a regular file");
    const char *loop = scratch_dir_path(&dir, "loop");
    cr_assert_eq(symlink("loop", loop), 0);
    expect_failure(loop, 0, -ELOOP, "loop");
}

Test(document, a_file_of_somebody_else_is_permission_denied)
{
    const char *path = scratch_dir_write(&dir, "secret.txt", "secret\n");
    cr_assert_eq(chmod(path, 0), 0);
    cr_assert_eq(chmod(dir.path, 0755), 0);
    if (geteuid() == 0) /* root may read anything */
        cr_assert_eq(seteuid(65534), 0);
    expect_failure(path, 0, -EACCES, "permission denied");
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}

Test(document, deep_nesting_and_broken_markup_do_no_harm)
{
    size_t depth = 20000;
    char *html = malloc(depth * 10 + 64);
    cr_assert_not_null(html);
    char *at = html;
    at += sprintf(at, "<html>");
    for (size_t i = 0; i < depth; i++)
        at += sprintf(at, "<ul><li>");
    sprintf(at, "deep <b><i></p></b> end");
    troupe_document_t *doc = NULL;
    const char *path = scratch_dir_write(&dir, "deep.html", html);
    free(html);
    int rc = troupe_document_read(path, 0, &doc);
    cr_assert(rc == 0 || rc == -ENODATA);
    troupe_document_destroy(&doc);
}

Test(document, roff_that_asks_for_files_and_commands_gets_none)
{
    scratch_dir_write(&dir, "secret.txt", "the-secret\n");
    char source[1024];
    snprintf(source, sizeof source,
             ".TH X 1\n.SH NAME\nx \\- y\n.SH A\n.so %s/secret.txt\n"
             ".sy echo hacked\n.pso echo hacked\n.pi cat\nEnd of it.\n",
             dir.path);
    troupe_document_t *doc = read_ok(scratch_dir_write(&dir, "x.1", source));
    cr_assert_null(strstr(troupe_document_text(doc), "the-secret"));
    cr_assert_null(strstr(troupe_document_text(doc), "\nhacked"));
    cr_assert_not_null(strstr(troupe_document_text(doc), "End of it."));
    troupe_document_destroy(&doc);
}

Test(document, without_mandoc_a_manual_page_is_refused_by_name)
{
    const char *path = scratch_dir_write(&dir, "frob.1", page);
    cr_assert_eq(setenv("PATH", dir.path, 1), 0);
    expect_failure(path, 0, -EPROTO, "mandoc is not installed");
}

/* As everywhere: an object that is not there is a bug of the caller's. */
Test(document, no_document_has_no_text_and_ends_the_process, .signal = SIGABRT)
{
    (void) troupe_document_text(NULL);
}

Test(document, no_document_has_no_size_and_ends_the_process, .signal = SIGABRT)
{
    (void) troupe_document_size(NULL);
}
