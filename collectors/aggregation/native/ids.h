/* 64-bit keys and the time slots in which they were last seen. */

#ifndef LEVERWATCH_IDS_H
#define LEVERWATCH_IDS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "table.h"

#define PART_BITS 4
#define PARTS (1 << PART_BITS)

typedef struct {
    PyObject_HEAD
    int32_t span;
    Table parts[PARTS]; /* by the highest bits of the keys, as a table that grows is there twice */
    uint64_t *added; /* since the last take, in order */
    int32_t *added_slots;
    size_t count, room;
} Ids;

extern PyType_Spec IdsSpec;
extern PyTypeObject *IdsType; /* made from it when the module is */

/* 1: the key is new within the span; 0: it was there; -1: out of memory, with nothing changed. */
int ids_add(Ids *ids, uint64_t key, int32_t slot);
/* Fetch the memory where a key is, or would be, which takes longer than all else. */
static inline void ids_fetch(const Ids *ids, uint64_t key)
{
    const Table *table = &ids->parts[key >> (64 - PART_BITS)];
    __builtin_prefetch(&table->keys[key & table->mask]);
    __builtin_prefetch(&table->slots[key & table->mask]);
}
/* Whether a key is there within the span of a slot. */
int ids_hold(Ids *ids, uint64_t key, int32_t slot);

#endif
