/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: the files below some directories, each once. */
#include "actors/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/look.h"
#include "actors/text.h"
#include "mailbox/check.h"

/* A path still to be looked at: a symbolic link, or a root. */
struct place {
    char *path;
    unsigned depth;
};

struct places {
    struct place *items;
    size_t count;
    size_t capacity;
};

/* Inodes seen: open addressing; index is one past that of the file, or 0. */
struct seen {
    uint64_t device;
    uint64_t inode;
    size_t index;
    bool used;
};

struct walk {
    struct troupe__scan *scan;
    struct looks *directories;
    struct places links;
    struct seen *seen;
    size_t seen_count;
    size_t seen_capacity; /* a power of two */
    unsigned depth_max;
};

static void
places_add(struct places *self, char *path, unsigned depth)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 16;
        self->items =
            troupe__realloc(self->items, self->capacity * sizeof *self->items);
    }
    self->items[self->count++] = (struct place){.path = path, .depth = depth};
}

static struct seen *
seen_slot(struct walk *self, uint64_t device, uint64_t inode)
{
    size_t mask = self->seen_capacity - 1;
    size_t at = (size_t) ((inode * 0x9e3779b97f4a7c15ULL) ^ device) & mask;
    while (
        self->seen[at].used
        && (self->seen[at].inode != inode || self->seen[at].device != device))
        at = (at + 1) & mask;
    return &self->seen[at];
}

static void
seen_grow(struct walk *self)
{
    struct seen *old = self->seen;
    size_t capacity = self->seen_capacity;
    self->seen_capacity = capacity ? capacity * 2 : 1024;
    self->seen = troupe__alloc(self->seen_capacity * sizeof *self->seen);
    for (size_t i = 0; i < capacity; i++)
        if (old[i].used)
            *seen_slot(self, old[i].device, old[i].inode) = old[i];
    free(old);
}

/* Returns the slot of a file or directory; `used` is false if it is new. */
static struct seen *
seen_find(struct walk *self, const struct look_facts *it)
{
    if (self->seen_count * 2 >= self->seen_capacity)
        seen_grow(self);
    return seen_slot(self, it->device, it->inode);
}

static void
seen_set(struct walk *self, struct seen *slot, const struct look_facts *it,
         size_t index)
{
    *slot = (struct seen){
        .device = it->device, .inode = it->inode, .index = index, .used = true};
    self->seen_count++;
}

/* Takes over `path`. */
static struct troupe__file *
add_entry(struct walk *self, char *path, const char *reason)
{
    struct troupe__scan *scan = self->scan;
    if (scan->count == scan->capacity) {
        scan->capacity = scan->capacity ? scan->capacity * 2 : 64;
        scan->files =
            troupe__realloc(scan->files, scan->capacity * sizeof *scan->files);
    }
    struct troupe__file *file = &scan->files[scan->count++];
    *file = (struct troupe__file){.path = path, .reason = reason};
    return file;
}

/* Takes over `path`. */
static void
add_file(struct walk *self, char *path, const struct look_facts *it,
         bool by_link)
{
    struct seen *slot = seen_find(self, it);
    if (slot->used) {
        struct troupe__file *other = &self->scan->files[slot->index - 1];
        if (!by_link && strcmp(path, other->path) < 0) {
            char *longer = other->path;
            other->path = path;
            path = longer;
        }
        free(path);
        return;
    }
    struct troupe__file *file = add_entry(self, path, NULL);
    file->device = it->device;
    file->inode = it->inode;
    file->size = it->size;
    file->mtime_ns = it->mtime_ns;
    seen_set(self, slot, it, self->scan->count);
}

static const char *
reason_of(int code)
{
    switch (code) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case ELOOP:
        return "a loop of symbolic links";
    case ENOENT:
        return "a symbolic link to nothing";
    case ENAMETOOLONG:
        return "the path is too long";
    default:
        return "it cannot be read";
    }
}

/* The path with \xHH for each byte of what is not UTF-8. */
static char *
escape(const char *path)
{
    struct troupe__text text = {0};
    size_t size = strlen(path);
    for (size_t at = 0; at < size;) {
        size_t step = troupe__utf8_size(path + at, size - at);
        if (step > 0)
            troupe__text_put(&text, path + at, step);
        else
            troupe__text_printf(&text, "\\x%02x", (unsigned char) path[at]);
        at += step > 0 ? step : 1;
    }
    return text.data;
}

/* Takes over `path`. */
static void
add_directory(struct walk *self, char *path, unsigned depth)
{
    if (depth > self->depth_max)
        add_entry(self, path, "too many directories deep");
    else
        troupe__looks_put(self->directories, path, depth);
}

static void
look_at_entry(struct walk *self, struct look_entry *entry, unsigned depth)
{
    char *path = entry->path;
    mode_t mode = entry->facts.mode;
    entry->path = NULL;
    if (!troupe__utf8_is_valid(path, strlen(path))) {
        add_entry(self, escape(path), "its name is not UTF-8");
        free(path);
    } else if (entry->error != 0) {
        if (entry->error == ENOENT)
            free(path); /* removed in between */
        else
            add_entry(self, path, reason_of(entry->error));
    } else if (S_ISLNK(mode)) {
        places_add(&self->links, path, depth + 1);
    } else if (S_ISDIR(mode)) {
        add_directory(self, path, depth + 1);
    } else if (S_ISREG(mode)) {
        add_file(self, path, &entry->facts, false);
    } else {
        add_entry(self, path, "not a regular file");
    }
}

static void
look_at_directory(struct walk *self, struct look *look)
{
    if (look->error != 0) {
        add_entry(self, look->path, reason_of(look->error));
        look->path = NULL;
        return;
    }
    struct seen *slot = seen_find(self, &look->facts);
    if (slot->used)
        return;
    seen_set(self, slot, &look->facts, 0);
    for (size_t i = 0; i < look->count; i++)
        look_at_entry(self, &look->entries[i], look->depth);
}

/* True when the link leads to a directory that the link itself lies in. */
static bool
leads_back(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
        return false;
    char *target = realpath(path, NULL);
    char *here = strdup(path);
    CHECK(here);
    *strrchr(here, '/') = 0;
    char *from = realpath(here[0] ? here : "/", NULL);
    bool back = false;
    if (target && from) {
        size_t size = strlen(target);
        back = strncmp(from, target, size) == 0
               && (from[size] == 0 || from[size] == '/' || size == 1);
    }
    free(target);
    free(from);
    free(here);
    return back;
}

/* Takes over the path of the place. */
static void
look_at_link(struct walk *self, struct place place)
{
    struct look_facts it;
    int error = troupe__look_facts(place.path, &it);
    if (error != 0)
        add_entry(self, place.path, reason_of(error));
    else if (S_ISREG(it.mode))
        add_file(self, place.path, &it, true);
    else if (!S_ISDIR(it.mode))
        add_entry(self, place.path, "not a regular file");
    else if (leads_back(place.path))
        add_entry(self, place.path, "a link to a directory that it lies in");
    else if (seen_find(self, &it)->used)
        free(place.path);
    else
        add_directory(self, place.path, place.depth);
}

static int
compare_files(const void *one, const void *other)
{
    const struct troupe__file *a = one, *b = other;
    return strcmp(a->path, b->path);
}

static int
compare_places(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    return strcmp(b->path, a->path); /* the last one is taken first */
}

void
troupe__scan_roots(char *const *roots, size_t count, unsigned depth_max,
                   unsigned threads, struct troupe__scan *ret_scan)
{
    *ret_scan = (struct troupe__scan){0};
    struct walk self = {.scan = ret_scan, .depth_max = depth_max};
    self.directories = troupe__looks_new(threads);
    for (size_t i = 0; i < count; i++)
        places_add(&self.links, troupe__strdup(roots[i]), 0);
    /* Roots are like links. These wait until every real directory has been seen: a file is listed
     * by its own name, not by that of a link to it. */
    struct look *look = NULL;
    while ((look = troupe__looks_take(self.directories))
           || self.links.count > 0) {
        if (look) {
            look_at_directory(&self, look);
            troupe__look_destroy(&look);
            continue;
        }
        struct places links = self.links;
        self.links = (struct places){0};
        if (links.count > 1)
            qsort(links.items, links.count, sizeof *links.items,
                  compare_places);
        while (links.count > 0)
            look_at_link(&self, links.items[--links.count]);
        free(links.items);
    }
    troupe__looks_destroy(&self.directories);
    free(self.links.items);
    free(self.seen);
    if (ret_scan->count > 1)
        qsort(ret_scan->files, ret_scan->count, sizeof *ret_scan->files,
              compare_files);
}

void
troupe__scan_free(struct troupe__scan *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->files[i].path);
    free(self->files);
    *self = (struct troupe__scan){0};
}
