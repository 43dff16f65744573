/* SPDX-License-Identifier: Apache-2.0 */
/* codec_write.c: passages and findings written as msgpack. */
#include "actors/codec.h"

#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

static void
put_key(msgpack_packer *packer, const char *key)
{
    msgpack_pack_str(packer, strlen(key));
    msgpack_pack_str_body(packer, key, strlen(key));
}

static void
put_text(msgpack_packer *packer, const char *key, const char *text)
{
    put_key(packer, key);
    if (!text) {
        msgpack_pack_nil(packer);
        return;
    }
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static void
put_number(msgpack_packer *packer, const char *key, uint64_t number)
{
    put_key(packer, key);
    msgpack_pack_uint64(packer, number);
}

static void
put_real(msgpack_packer *packer, const char *key, double number)
{
    put_key(packer, key);
    msgpack_pack_double(packer, number);
}

static void
put_place(msgpack_packer *packer, const struct place *place)
{
    msgpack_pack_array(packer, 3);
    msgpack_pack_uint32(packer, place->passage);
    msgpack_pack_uint64(packer, place->start);
    msgpack_pack_uint64(packer, place->end);
}

int
troupe__texts_write(msgpack_packer *packer, void *value)
{
    const struct texts *texts = value;
    msgpack_pack_array(packer, texts->count);
    for (uint32_t i = 0; i < texts->count; i++) {
        size_t size = strlen(texts->items[i]);
        msgpack_pack_str(packer, size);
        msgpack_pack_str_body(packer, texts->items[i], size);
    }
    return 0;
}

int
troupe__passages_write(msgpack_packer *packer, void *value)
{
    const troupe_passages_t *passages = value;
    size_t count = troupe_passages_count(passages);
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        const troupe_passage_t *it = troupe_passages_at(passages, i);
        msgpack_pack_map(packer, 10);
        put_text(packer, "path", it->path);
        put_text(packer, "title", it->title);
        put_text(packer, "heading", it->heading);
        put_text(packer, "text", it->text);
        put_number(packer, "start", it->start);
        put_number(packer, "end", it->end);
        put_real(packer, "score", it->score);
        put_number(packer, "rank", it->rank);
        put_number(packer, "engines", it->engines);
        put_number(packer, "duplicates", it->duplicates);
    }
    return 0;
}

int
troupe__summary_write(msgpack_packer *packer, void *value)
{
    const struct summary *summary = value;
    msgpack_pack_map(packer, 6);
    put_key(packer, "points");
    msgpack_pack_array(packer, summary->count);
    for (uint32_t i = 0; i < summary->count; i++) {
        msgpack_pack_map(packer, 2);
        put_key(packer, "at");
        put_place(packer, &summary->points[i].place);
        put_real(packer, "score", summary->points[i].score);
    }
    put_real(packer, "coverage", summary->coverage);
    put_key(packer, "direct");
    if (summary->direct)
        msgpack_pack_true(packer);
    else
        msgpack_pack_false(packer);
    put_number(packer, "orders", summary->orders);
    put_text(packer, "kind", summary->kind);
    put_text(packer, "missing", summary->missing);
    return 0;
}

static void
put_places(msgpack_packer *packer, const char *key, const struct places *places)
{
    put_key(packer, key);
    msgpack_pack_array(packer, places->count);
    for (uint32_t i = 0; i < places->count; i++)
        put_place(packer, &places->items[i]);
}

int
troupe__facts_write(msgpack_packer *packer, void *value)
{
    const struct facts *facts = value;
    msgpack_pack_map(packer, 2);
    put_key(packer, "claims");
    msgpack_pack_array(packer, facts->count);
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct claim *claim = &facts->claims[i];
        msgpack_pack_map(packer, 6);
        put_key(packer, "at");
        put_place(packer, &claim->place);
        put_text(packer, "verdict", troupe__verdict_word(claim->verdict));
        put_real(packer, "score", claim->score);
        put_places(packer, "support", &claim->support);
        put_places(packer, "against", &claim->against);
        put_text(packer, "reason", claim->reason);
    }
    put_number(packer, "sources", facts->sources);
    return 0;
}

static void
put_mood(msgpack_packer *packer, const struct mood *mood)
{
    msgpack_pack_map(packer, 4);
    put_number(packer, "passage", mood->passage);
    put_real(packer, "compound", mood->compound);
    put_number(packer, "sentences", mood->sentences);
    put_number(packer, "opinions", mood->opinions);
}

int
troupe__sentiment_write(msgpack_packer *packer, void *value)
{
    const struct sentiment *sentiment = value;
    msgpack_pack_map(packer, 2);
    put_key(packer, "whole");
    put_mood(packer, &sentiment->whole);
    put_key(packer, "documents");
    msgpack_pack_array(packer, sentiment->count);
    for (uint32_t i = 0; i < sentiment->count; i++)
        put_mood(packer, &sentiment->documents[i]);
    return 0;
}
