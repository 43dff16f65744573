/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c: libyaml's documents as trees of values. */
#include "tools/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define VALUES_MAX 100000 /* with aliases copied in: none can explode */
#define DEPTH_MAX  64

struct reader {
    yaml_document_t *document;
    struct troupe__findings *findings;
    const char *(*variable)(void *data, const char *name);
    void *data;
    size_t count; /* values so far */
};

static struct troupe__spot
spot_of(yaml_mark_t mark)
{
    return (struct troupe__spot){mark.line + 1, mark.column + 1};
}

void
troupe__value_free(struct troupe__value *value)
{
    if (!value)
        return;
    for (size_t i = 0; i < value->count; i++) {
        if (value->keys)
            troupe__value_free(value->keys[i]);
        troupe__value_free(value->values[i]);
    }
    free(value->keys);
    free(value->values);
    free(value->text);
    free(value);
}

const struct troupe__value *
troupe__value_get(const struct troupe__value *map, const char *key)
{
    for (size_t i = 0; map->type == TROUPE__MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->values[i];
    return NULL;
}

static void
map_add(struct troupe__value *map, struct troupe__value *key,
        struct troupe__value *value)
{
    map->keys = troupe__grow(map->keys, map->count, sizeof(void *));
    map->values = troupe__grow(map->values, map->count, sizeof(void *));
    map->keys[map->count] = key;
    map->values[map->count++] = value;
}

static void fill_in(const struct reader *self, struct troupe__spot spot,
                    char *text, unsigned depth, FILE *out);

/* The words between "${" and "}": NAME, NAME:-default or NAME-default. */
static void
fill_variable(const struct reader *self, struct troupe__spot spot, char *words,
              unsigned depth, FILE *out)
{
    size_t size = strspn(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789_");
    char *rest = words + size;
    bool also_empty = strncmp(rest, ":-", 2) == 0;
    char *other = also_empty ? rest + 2 : *rest == '-' ? rest + 1 : NULL;
    if (size == 0 || (*rest && !other)) {
        troupe__found(self->findings, spot,
                      "'${%s}' is no variable; write ${NAME} or "
                      "${NAME:-default}",
                      words);
        return;
    }
    *rest = '\0';
    const char *text =
        self->variable ? self->variable(self->data, words) : getenv(words);
    if (text && (*text || !also_empty))
        fputs(text, out);
    else if (other)
        fill_in(self, spot, other, depth + 1, out);
    else {
        troupe__found(self->findings, spot,
                      "the variable '%s' is not set; set it, or write "
                      "${%s:-default}",
                      words, words);
    }
}

/* The '}' that belongs to the "${" at `at`, or NULL. */
static char *
find_close(char *at)
{
    for (size_t open = 0; *at; at++) {
        if (strncmp(at, "${", 2) == 0)
            open++;
        else if (*at == '}' && --open == 0)
            return at;
    }
    return NULL;
}

/* Puts variables in their places; "$$" is a dollar. */
static void
fill_in(const struct reader *self, struct troupe__spot spot, char *text,
        unsigned depth, FILE *out)
{
    for (char *at = text; *at; at++) {
        char *close = at[0] == '$' && at[1] == '{' ? find_close(at) : NULL;
        if (at[0] != '$') {
            fputc(*at, out);
        } else if (at[1] == '$') {
            fputc(*at++, out);
        } else if (!close || depth > DEPTH_MAX) {
            troupe__found(self->findings, spot,
                          "a '$' that begins no ${NAME}; write '$$' for a "
                          "dollar sign");
        } else {
            *close = '\0';
            fill_variable(self, spot, at + 2, depth, out);
            at = close;
        }
    }
}

const char *
troupe__yaml_plain(void *data, const char *name)
{
    (void) data, (void) name;
    return NULL;
}

static void
fill_value(const struct reader *self, struct troupe__value *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    fill_in(self, value->spot, value->text, 0, out);
    if (fclose(out) != 0)
        abort();
    free(value->text);
    value->text = text;
    value->size = size;
}

static bool
has_tag(const yaml_node_t *node, const char *tag)
{
    return node->tag && strcmp((const char *) node->tag, tag) == 0;
}

static void
read_scalar(struct reader *self, const yaml_node_t *node, bool is_key,
            struct troupe__value *value)
{
    value->type = TROUPE__TEXT;
    value->size = node->data.scalar.length;
    value->text =
        troupe__copy((const char *) node->data.scalar.value, value->size);
    if (is_key)
        return;
    if (memchr(value->text, '\0', value->size)) {
        troupe__found(self->findings, value->spot,
                      "a text with a zero byte; use !!binary for bytes");
        return;
    }
    if (has_tag(node, "tag:yaml.org,2002:binary")) {
        if (!troupe__value_decode(value))
            troupe__found(self->findings, value->spot,
                          "!!binary wants base64: A-Z a-z 0-9 + / =");
        return;
    }
    if (self->variable != troupe__yaml_plain && strchr(value->text, '$'))
        fill_value(self, value);
    bool is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (node->tag && !has_tag(node, YAML_STR_TAG)) {
        troupe__found(self->findings, value->spot,
                      "the tag '%s' is not known; there are !!str and "
                      "!!binary",
                      (const char *) node->tag);
    } else if (is_plain) {
        /* The composer gives each untagged scalar the tag of a string; a
         * plain one that was tagged so on purpose can be quoted instead. */
        troupe__scalar_resolve(value);
    }
}

static struct troupe__value *read_node(struct reader *self, int index,
                                       bool is_key, unsigned depth);

static void
merge(struct reader *self, struct troupe__value *map,
      struct troupe__value *from)
{
    if (from->type == TROUPE__LIST) {
        for (size_t i = 0; i < from->count; i++)
            merge(self, map, from->values[i]);
        return;
    }
    if (from->type != TROUPE__MAP) {
        troupe__found(self->findings, from->spot,
                      "'<<' wants a map, as in '<<: *name', not %s",
                      troupe__type_name(from->type));
        return;
    }
    for (size_t i = 0; i < from->count; i++) {
        if (troupe__value_get(map, from->keys[i]->text))
            continue;
        map_add(map, from->keys[i], from->values[i]);
        from->keys[i] = NULL;
        from->values[i] = NULL;
    }
}

static void
read_pair(struct reader *self, struct troupe__value *map,
          struct troupe__value *key, struct troupe__value *value)
{
    if (key && value && key->type == TROUPE__TEXT) {
        if (!troupe__value_get(map, key->text)) {
            map_add(map, key, value);
            return;
        }
        troupe__found(self->findings, key->spot,
                      "the key '%s' is here twice; take one of the two out",
                      key->text);
    } else if (key && value) {
        troupe__found(self->findings, key->spot,
                      "%s cannot be a key; write a word, or quote it",
                      troupe__type_name(key->type));
    }
    troupe__value_free(key);
    troupe__value_free(value);
}

static void
read_map(struct reader *self, const yaml_node_t *node, unsigned depth,
         struct troupe__value *map)
{
    struct troupe__value *merged = NULL;
    map->type = TROUPE__MAP;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        struct troupe__value *key = read_node(self, pair->key, true, depth + 1);
        struct troupe__value *value =
            read_node(self, pair->value, false, depth + 1);
        if (!merged && key && value && key->type == TROUPE__TEXT
            && strcmp(key->text, "<<") == 0) {
            merged = value;
            troupe__value_free(key);
        } else {
            read_pair(self, map, key, value);
        }
    }
    /* Last, so that what the map says itself comes first. */
    if (merged)
        merge(self, map, merged);
    troupe__value_free(merged);
}

static struct troupe__value *
read_node(struct reader *self, int index, bool is_key, unsigned depth)
{
    const yaml_node_t *node = yaml_document_get_node(self->document, index);
    if (depth > DEPTH_MAX || self->count > VALUES_MAX) {
        troupe__found(self->findings, spot_of(node->start_mark),
                      depth > DEPTH_MAX
                          ? "this nests deeper than %d, or an alias holds "
                            "itself; make it flatter"
                          : "with its aliases the file has over %d values; "
                            "use fewer",
                      depth > DEPTH_MAX ? DEPTH_MAX : VALUES_MAX);
        self->count = VALUES_MAX + 1;
        return NULL;
    }
    self->count++;
    struct troupe__value *value = troupe__grab(sizeof *value);
    value->spot = spot_of(node->start_mark);
    if (node->type == YAML_SCALAR_NODE) {
        read_scalar(self, node, is_key, value);
    } else if (node->type == YAML_MAPPING_NODE) {
        read_map(self, node, depth, value);
    } else {
        value->type = TROUPE__LIST;
        for (const yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
            struct troupe__value *it = read_node(self, *item, false, depth + 1);
            if (!it)
                break;
            value->values =
                troupe__grow(value->values, value->count, sizeof(void *));
            value->values[value->count++] = it;
        }
    }
    return value;
}

static void
found_no_yaml(const yaml_parser_t *parser, struct troupe__findings *findings)
{
    struct troupe__spot spot = spot_of(parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "not UTF-8 text at byte %zu: %s; save it as UTF-8",
                      parser->problem_offset, problem);
        return;
    }
    const char *cure = strstr(problem, "tab") || strstr(problem, "token")
                           ? "look for a tab, a missing quote or a missing ':'"
                           : "look at the indentation and for a missing ':' "
                             "or quote here or above";
    if (parser->context) {
        troupe__found(findings, spot, "%s, %s (line %zu); %s", problem,
                      parser->context, parser->context_mark.line + 1, cure);
    } else {
        troupe__found(findings, spot, "%s; %s", problem, cure);
    }
}

/* The second document, when there is one, is what is wrong. */
static void
refuse_more(yaml_parser_t *parser, struct troupe__findings *findings)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        found_no_yaml(parser, findings);
        return;
    }
    const yaml_node_t *node = yaml_document_get_root_node(&second);
    if (node) {
        troupe__found(findings, spot_of(node->start_mark),
                      "a second document begins here; such a file holds one: "
                      "take the '---' out");
    }
    yaml_document_delete(&second);
}

struct troupe__value *
troupe__yaml_parse(const char *text, size_t size,
                   struct troupe__findings *findings,
                   const char *(*variable)(void *data, const char *name),
                   void *data)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct troupe__value *root = NULL;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *) text, size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    if (!yaml_parser_load(&parser, &document)) {
        found_no_yaml(&parser, findings);
    } else {
        struct reader reader = {.document = &document,
                                .findings = findings,
                                .variable = variable,
                                .data = data};
        if (yaml_document_get_root_node(&document)) {
            root = read_node(&reader, 1, false, 0);
            refuse_more(&parser, findings);
        } else {
            troupe__found(findings, (struct troupe__spot){1, 1},
                          "the file is empty; it wants keys and values");
        }
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return root;
}

void
troupe__value_drop_own(struct troupe__value *root)
{
    size_t kept = 0;
    if (root->type != TROUPE__MAP)
        return;
    for (size_t i = 0; i < root->count; i++) {
        if (strncmp(root->keys[i]->text, "x-", 2) == 0) {
            troupe__value_free(root->keys[i]);
            troupe__value_free(root->values[i]);
            continue;
        }
        root->keys[kept] = root->keys[i];
        root->values[kept++] = root->values[i];
    }
    root->count = kept;
}
