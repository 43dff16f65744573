/* SPDX-License-Identifier: Apache-2.0 */
/* document_file.c: the bytes of a file, unpacked, within a limit. */
#include "actors/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "mailbox/check.h"

#define CHUNK ((size_t) 64 << 10)

static int
fail(struct troupe__text *note, int rc, const char *reason)
{
    troupe__text_clear(note);
    troupe__text_puts(note, reason);
    return rc;
}

static int
fail_errno(struct troupe__text *note, int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return fail(note, -ENOENT, "there is no such file");
    case EACCES:
    case EPERM:
        return fail(note, -EACCES, "permission denied");
    case ELOOP:
        return fail(note, -ELOOP, "a loop of symbolic links");
    default:
        return fail(note, -EIO, strerror(code));
    }
}

static int
fail_size(struct troupe__text *note, size_t size_max)
{
    troupe__text_clear(note);
    troupe__text_printf(note, "larger than %zu bytes", size_max);
    return -EFBIG;
}

/* One byte over the limit is read, to tell "at" from "over" it. */
static int
read_all(int fd, size_t size_max, struct troupe__text *text,
         struct troupe__text *note)
{
    while (text->size <= size_max) {
        char *room = troupe__text_room(text, CHUNK);
        ssize_t got = read(fd, room, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(note, errno);
        text->size += (size_t) got;
        text->data[text->size] = 0;
        if (got == 0)
            return 0;
    }
    return fail_size(note, size_max);
}

static int
inflate_all(z_stream *stream, size_t size_max, struct troupe__text *out,
            struct troupe__text *note)
{
    for (;;) {
        stream->next_out = (unsigned char *) troupe__text_room(out, CHUNK);
        stream->avail_out = (unsigned) CHUNK;
        int rc = inflate(stream, Z_NO_FLUSH);
        out->size += CHUNK - stream->avail_out;
        out->data[out->size] = 0;
        if (out->size > size_max)
            return fail_size(note, size_max);
        if (rc == Z_STREAM_END) {
            /* gzip files may be several, one behind the other. */
            if (stream->avail_in < 2 || stream->next_in[0] != 0x1f
                || stream->next_in[1] != 0x8b)
                return 0;
            if (inflateReset(stream) != Z_OK)
                return fail(note, -EBADMSG, "damaged gzip data");
        } else if (rc != Z_OK) {
            return fail(note, -EBADMSG, "damaged gzip data");
        }
    }
}

static int
unpack(struct troupe__text *text, size_t size_max, struct troupe__text *note)
{
    z_stream stream = {.next_in = (unsigned char *) text->data,
                       .avail_in = (unsigned) text->size};
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return fail(note, -EIO, "zlib failed");
    struct troupe__text out = {0};
    int rc = inflate_all(&stream, size_max, &out, note);
    inflateEnd(&stream);
    if (rc < 0) {
        troupe__text_free(&out);
        return rc;
    }
    troupe__text_free(text);
    *text = out;
    return 0;
}

static int
open_regular(const char *path, size_t size_max, struct troupe__text *note,
             int *ret_fd)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return fail_errno(note, errno);
    /* Asked before opening: opening a device or a pipe can have effects. */
    if (S_ISDIR(st.st_mode))
        return fail(note, -EINVAL, "a directory");
    if (!S_ISREG(st.st_mode))
        return fail(note, -EINVAL, "not a regular file");
    if ((uint64_t) st.st_size > size_max)
        return fail_size(note, size_max);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_errno(note, errno);
    *ret_fd = fd;
    return 0;
}

int
troupe__file_read(const char *path, size_t size_max, struct troupe__text *text,
                  struct troupe__text *note)
{
    CHECK(path && text && note);
    CHECK(size_max <= UINT32_MAX / 2);
    int fd = -1;
    int rc = open_regular(path, size_max, note, &fd);
    if (rc < 0)
        return rc;
    rc = read_all(fd, size_max, text, note);
    close(fd);
    if (rc == 0 && text->size >= 2 && memcmp(text->data, "\x1f\x8b", 2) == 0)
        rc = unpack(text, size_max, note);
    return rc;
}
