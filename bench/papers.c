/* SPDX-License-Identifier: Apache-2.0 */
/* papers.c: see papers.h. */
#include "bench/papers.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WORDS = 400, /* times the joints, all told */
    COMMON_APART = 50,
    NAMES = 1 << 20, /* no word has such a rank */
    PER_DIRECTORY = 100,
    COLUMNS = 76,
    PATH_SIZE = 4096
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const joints[] = {
    "the",  "of",    "and",  "to",    "in",   "is",    "that",  "for",
    "it",   "as",    "was",  "with",  "be",   "by",    "on",    "not",
    "he",   "his",   "but",  "at",    "are",  "this",  "have",  "from",
    "or",   "which", "one",  "had",   "an",   "you",   "were",  "their",
    "been", "has",   "when", "who",   "will", "more",  "no",    "if",
    "out",  "so",    "up",   "said",  "what", "its",   "about", "than",
    "into", "them",  "can",  "other", "some", "could", "these", "two"};

enum { JOINTS = COUNT(joints) };

/* Every 50th of the first: what the questions speak of is in many documents. */
static const char *const common[] = {
    "water", "bridge", "engine", "treaty",  "open",   "hold",
    "sign",  "weight", "year",   "river",   "metre",  "city",
    "house", "people", "work",   "power",   "number", "part",
    "place", "system", "group",  "delegate"};

/* One page in the making, and the numbers that decide what is on it. */
struct paper {
    FILE *file;
    uint64_t seed;
    int column;
};

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014. */
static uint64_t
mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t
draw(struct paper *self, uint64_t below)
{
    self->seed += UINT64_C(0x9e3779b97f4a7c15);
    return mix(self->seed) % below;
}

/* Two to four syllables; a few of the words are alike. */
static void
make_word(uint64_t rank, char *ret, size_t size)
{
    static const char heads[] = "bcdfghjklmnprstvwz", tails[] = "aeiou";
    uint64_t bits = mix(rank + 1);
    size_t syllables = 2 + bits % 3;
    bits /= 3;
    for (size_t i = 0; i < syllables && 2 * i + 2 < size; i++) {
        ret[2 * i] = heads[bits % (sizeof heads - 1)];
        bits /= sizeof heads - 1;
        ret[2 * i + 1] = tails[bits % (sizeof tails - 1)];
        bits /= sizeof tails - 1;
        ret[2 * i + 2] = '\0';
    }
}

/* A capital where a sentence or a name begins; lines as people break them. */
static void
put(struct paper *self, const char *word, bool begins)
{
    char first = word[0];
    if (begins && first >= 'a' && first <= 'z')
        first = (char) (first - 'a' + 'A');
    int size = fprintf(self->file, "%s%c%s",
                       self->column == 0        ? ""
                       : self->column > COLUMNS ? "\n"
                                                : " ",
                       first, word + 1);
    self->column = self->column > COLUMNS ? size : self->column + size;
}

static void
put_content(struct paper *self, bool begins)
{
    char word[16];
    double share = (double) draw(self, 1 << 24) / (1 << 24);
    size_t rank = (size_t) (JOINTS * (pow(WORDS, share) - 1));
    if (rank % COMMON_APART == 0 && rank / COMMON_APART < COUNT(common)) {
        put(self, common[rank / COMMON_APART], begins);
        return;
    }
    make_word(rank, word, sizeof word);
    put(self, word, begins);
}

static void
put_sentence(struct paper *self)
{
    uint64_t words = 6 + draw(self, 15);
    for (uint64_t i = 0; i < words; i++) {
        if (draw(self, 100) < 45)
            put(self, joints[draw(self, COUNT(joints))], i == 0);
        else
            put_content(self, i == 0);
    }
    fputc('.', self->file);
    self->column++;
}

static void
end_block(struct paper *self)
{
    fputs("\n\n", self->file);
    self->column = 0;
}

static void
put_heading(struct paper *self, const char *mark)
{
    if (*mark)
        put(self, mark, false);
    for (uint64_t left = 2 + draw(self, 3); left > 0; left--)
        put_content(self, true);
    end_block(self);
}

static void
name_of(size_t index, char *ret, size_t size)
{
    make_word(NAMES + 7 * (uint64_t) index, ret, size);
    size_t used = strnlen(ret, size);
    snprintf(ret + used, size - used, "%s", index % 2 ? "holm" : "wick");
    ret[0] = (char) (ret[0] - 'a' + 'A');
}

static const struct {
    const char *question, *sentence;
} templates[] = {
    {"When was the %s bridge opened?", "The %s bridge was opened in %s."},
    {"How much water does the %s reservoir hold?",
     "The %s reservoir holds %s cubic metres of water."},
    {"How much does the %s engine weigh?",
     "The %s engine weighs %s kilograms."},
    {"How many delegates signed the %s treaty?",
     "The %s treaty was signed by %s delegates."}};

struct paper_fact
paper_fact(size_t index)
{
    struct paper_fact fact;
    name_of(index, fact.name, sizeof fact.name);
    snprintf(fact.answer, sizeof fact.answer, "%zu", 1701 + 13 * index);
    snprintf(fact.question, sizeof fact.question,
             templates[index % COUNT(templates)].question, fact.name);
    return fact;
}

static void
put_fact(struct paper *self, size_t index)
{
    struct paper_fact fact = paper_fact(index);
    char sentence[128];
    snprintf(sentence, sizeof sentence,
             templates[index % COUNT(templates)].sentence, fact.name,
             fact.answer);
    put(self, sentence, false);
}

/* The first paragraph holds the fact, if there is one; the last names another
 * document. */
static void
put_paper(struct paper *self, bool markdown, size_t count, long fact)
{
    put_heading(self, markdown ? "#" : "");
    for (uint64_t section = 2 + draw(self, 5); section > 0; section--) {
        put_heading(self, markdown ? "##" : "");
        for (uint64_t left = 2 + draw(self, 3); left > 0; left--) {
            for (uint64_t i = 3 + draw(self, 5); i > 0; i--)
                put_sentence(self);
            if (fact >= 0)
                put_fact(self, (size_t) fact);
            fact = -1;
            put_sentence(self);
            end_block(self);
        }
    }
    fprintf(self->file, "See paper%06zu.md.\n", (size_t) draw(self, count));
}

static int
write_paper(const char *path, size_t index, size_t count)
{
    size_t apart = count / PAPERS_FACTS;
    bool holds = index % apart == apart / 2 && index / apart < PAPERS_FACTS;
    struct paper self = {.file = fopen(path, "we"), .seed = mix(index)};
    if (!self.file)
        return -errno;
    put_paper(&self, index % 2 == 0, count,
              holds ? (long) (index / apart) : -1);
    return fclose(self.file) == 0 ? 0 : -EIO;
}

int
papers_write(const char *directory, size_t count)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%03zu", directory, i / PER_DIRECTORY);
        if (i % PER_DIRECTORY == 0 && mkdir(path, 0700) < 0)
            return -errno;
        snprintf(path, sizeof path, "%s/%03zu/paper%06zu.%s", directory,
                 i / PER_DIRECTORY, i, i % 2 ? "txt" : "md");
        int rc = write_paper(path, i, count);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void) st, (void) type, (void) walk;
    return remove(path);
}

void
papers_remove(const char *directory)
{
    enum { DESCRIPTORS = 8 };
    (void) nftw(directory, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
