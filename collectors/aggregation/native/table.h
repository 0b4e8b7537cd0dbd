/* A table of 64-bit keys, each with a time slot. Part of ids.c, for speed. */

#ifndef LEVERWATCH_TABLE_H
#define LEVERWATCH_TABLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FREE INT32_MIN
#define SMALLEST_TABLE 128

typedef struct {
    uint64_t *keys;
    int32_t *slots; /* FREE where there is no key */
    size_t mask;
    size_t used;
} Table;

static inline int table_make(Table *table, size_t room)
{
    uint64_t *keys = malloc(room * sizeof *keys);
    int32_t *slots = malloc(room * sizeof *slots);
    if (!keys || !slots) {
        free(keys);
        free(slots);
        return -1;
    }
    for (size_t at = 0; at < room; at++)
        slots[at] = FREE;
    *table = (Table){keys, slots, room - 1, 0};
    return 0;
}

static inline void table_free(Table *table)
{
    free(table->keys);
    free(table->slots);
    *table = (Table){0};
}

/* Where a key is, or the free place for it. */
static inline size_t table_find(const Table *table, uint64_t key)
{
    size_t at = key & table->mask;
    while (table->slots[at] != FREE && table->keys[at] != key)
        at = (at + 1) & table->mask;
    return at;
}

static inline void table_put(Table *table, size_t at, uint64_t key, int32_t slot)
{
    table->keys[at] = key;
    table->slots[at] = slot;
    table->used++;
}

static inline void table_copy(Table *to, const Table *from)
{
    for (size_t at = 0; at <= from->mask; at++)
        if (from->slots[at] != FREE)
            table_put(to, table_find(to, from->keys[at]), from->keys[at], from->slots[at]);
}

/* Room for one more key. */
static inline int table_grow(Table *table)
{
    if (table->used * 3 < (table->mask + 1) * 2)
        return 0;
    Table larger;
    if (table_make(&larger, (table->mask + 1) * 2) < 0)
        return -1;
    table_copy(&larger, table);
    table_free(table);
    *table = larger;
    return 0;
}

static inline void table_remove(Table *table, size_t at)
{
    size_t free_at = at;
    for (size_t next = (at + 1) & table->mask; table->slots[next] != FREE; next = (next + 1) & table->mask) {
        size_t home = table->keys[next] & table->mask;
        /* A key may only move back to a place that is not before its home. */
        if (((next - home) & table->mask) >= ((next - free_at) & table->mask)) {
            table->keys[free_at] = table->keys[next];
            table->slots[free_at] = table->slots[next];
            free_at = next;
        }
    }
    table->slots[free_at] = FREE;
    table->used--;
}

/* Slots that are to be forgotten. */
typedef struct {
    Table table; /* its keys are the slots */
    int32_t first, last;
} Gone;

static inline int is_gone(const Gone *gone, int32_t slot)
{
    if (slot < gone->first || slot > gone->last)
        return 0;
    return gone->table.slots[table_find(&gone->table, (uint64_t)(int64_t)slot)] != FREE;
}

/* Forget the keys of slots. Most often these follow each other, and are told from others without a look at a table. */
static inline int table_drop(Table *table, const Gone *gone)
{
    Table kept;
    size_t left = 0, room = SMALLEST_TABLE;
    const int32_t first = gone->first, last = gone->last;
    int dense = (int64_t)last - first + 1 == (int64_t)gone->table.used;
    for (size_t at = 0; at <= table->mask; at++)
        left += (table->slots[at] != FREE) & ((table->slots[at] < first) | (table->slots[at] > last));
    for (size_t at = 0; at <= table->mask && !dense; at++)
        left += table->slots[at] >= first && table->slots[at] <= last && !is_gone(gone, table->slots[at]);
    if (left == table->used)
        return 0;
    while (left * 3 >= room * 2)
        room *= 2;
    if (table_make(&kept, room) < 0)
        return -1;
    for (size_t at = 0; at <= table->mask; at++) {
        int32_t slot = table->slots[at];
        if (slot != FREE && !(dense ? slot >= first && slot <= last : is_gone(gone, slot)))
            table_put(&kept, table_find(&kept, table->keys[at]), table->keys[at], slot);
    }
    table_free(table);
    *table = kept;
    return 0;
}

#endif
