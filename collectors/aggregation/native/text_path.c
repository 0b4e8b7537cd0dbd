/* Which paths call a model, by how they end. */

#include "text.h"

#include "values.h"

static int part_fits(const PathPart *part, const uint8_t *p, size_t length)
{
    for (int at = 0; at < part->count; at++)
        if (part->words[at].length == length && is_same(part->words[at].bytes, p, length))
            return 1;
    for (int at = 0; at < part->endings_count; at++) {
        const Text *ending = &part->endings[at];
        if (length > ending->length && is_same(p + length - ending->length, ending->bytes, ending->length))
            return 1;
    }
    if (!part->is_version || length < 2 || p[0] != 'v' || !is_digit(p[1]))
        return 0;
    for (size_t at = 2; at < length; at++)
        if (!is_word(p[at]))
            return 0;
    return 1;
}

int path_end(const struct TextForm *form, const uint8_t *p, const uint8_t *end, const uint8_t **from, const uint8_t **to)
{
    Span part[MOST_PARTS];
    int parts = 0;
    if (*p != '/' || (end - p > 1 && p[1] == '/')) /* with a host, or none that is known here */
        return -1;
    const uint8_t *stop = p;
    while (stop < end && *stop != '?' && *stop != '#')
        stop++;
    while (stop > p && stop[-1] == '/')
        stop--;
    *to = stop;
    for (const uint8_t *at = stop; parts < MOST_PARTS && at > p;) { /* the last part first */
        const uint8_t *behind = at;
        while (at[-1] != '/')
            at--;
        part[parts++] = (Span){(uint32_t)(at - p), (uint32_t)(behind - at)};
        at--;
    }
    if (!parts)
        return 0;
    uint64_t length = 1ULL << (part[0].length & 63);
    int has_colon = memchr(p + part[0].at, ':', part[0].length) != NULL;
    for (int path = 0; path < form->paths; path++) {
        const PathEnd *known = &form->path[path];
        int at = 0;
        if ((known->lengths && !(known->lengths & length)) || known->has_colon > has_colon)
            continue;
        while (at < known->parts && at < parts &&
               part_fits(&known->part[known->parts - 1 - at], p + part[at].at, part[at].length))
            at++;
        if (at == known->parts) {
            *from = p + part[at - 1].at;
            return 1;
        }
    }
    return 0;
}
