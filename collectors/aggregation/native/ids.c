#include "ids.h"

#include "hash.h"

#define WIDEST (1 << 30)

static int log_grow(Ids *self)
{
    if (self->count < self->room)
        return 0;
    size_t room = self->room ? self->room * 2 : SMALLEST_TABLE;
    uint64_t *added = realloc(self->added, room * sizeof *added);
    if (added)
        self->added = added;
    int32_t *slots = realloc(self->added_slots, room * sizeof *slots);
    if (slots)
        self->added_slots = slots;
    if (!added || !slots)
        return -1;
    self->room = room;
    return 0;
}

static inline Table *part_of(Ids *self, uint64_t key)
{
    return &self->parts[key >> (64 - PART_BITS)];
}

int ids_add(Ids *self, uint64_t key, int32_t slot)
{
    Table *table = part_of(self, key);
    if (table_grow(table) < 0 || log_grow(self) < 0)
        return -1;
    size_t at = table_find(table, key);
    int32_t known = table->slots[at];
    if (known == FREE) {
        table_put(table, at, key, slot);
    } else {
        if ((known > slot ? known - slot : slot - known) <= self->span)
            return 0;
        /* A record much older than one with the same id must not make the newer one be forgotten. */
        if (known < slot)
            table->slots[at] = slot;
    }
    self->added[self->count] = key;
    self->added_slots[self->count++] = slot;
    return 1;
}

int ids_hold(Ids *self, uint64_t key, int32_t slot)
{
    const Table *table = part_of(self, key);
    int32_t known = table->slots[table_find(table, key)];
    return known != FREE && (known > slot ? known - slot : slot - known) <= self->span;
}

static PyObject *Ids_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    int span;
    if (!PyArg_ParseTuple(args, "i", &span))
        return NULL;
    Ids *self = (Ids *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->span = span;
    for (int part = 0; part < PARTS; part++) {
        if (table_make(&self->parts[part], SMALLEST_TABLE) < 0) {
            Py_DECREF(self);
            return PyErr_NoMemory();
        }
    }
    return (PyObject *)self;
}

static void Ids_dealloc(Ids *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (int part = 0; part < PARTS; part++)
        table_free(&self->parts[part]);
    free(self->added);
    free(self->added_slots);
    PyObject_Free(self);
    Py_DECREF(type); /* every object holds its type */
}

static PyObject *Ids_add(Ids *self, PyObject *args)
{
    unsigned long long key;
    int slot;
    if (!PyArg_ParseTuple(args, "Ki", &key, &slot))
        return NULL;
    int added = ids_add(self, key, slot);
    return added < 0 ? PyErr_NoMemory() : PyBool_FromLong(added);
}

/* Keys and slots are lists of equal length; a key that is None is of no record. */
static PyObject *Ids_add_all(Ids *self, PyObject *args)
{
    PyObject *keys, *slots;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &keys, &PyList_Type, &slots))
        return NULL;
    if (PyList_Size(keys) != PyList_Size(slots)) {
        PyErr_SetString(PyExc_ValueError, "as many slots as keys");
        return NULL;
    }
    PyObject *repeated = PyList_New(0);
    for (Py_ssize_t at = 0; repeated && at < PyList_Size(keys); at++) {
        PyObject *given = PyList_GetItem(keys, at);
        if (given == Py_None)
            continue;
        unsigned long long key = PyLong_AsUnsignedLongLong(given);
        long slot = PyLong_AsLong(PyList_GetItem(slots, at));
        if (!PyErr_Occurred() && (slot > INT32_MAX || slot < INT32_MIN))
            PyErr_SetString(PyExc_OverflowError, "a slot is a number of 32 bits");
        int added = PyErr_Occurred() ? 1 : ids_add(self, key, (int32_t)slot);
        if (added < 0)
            PyErr_NoMemory();
        if (!added) {
            PyObject *index = PyLong_FromSsize_t(at);
            if (index)
                PyList_Append(repeated, index);
            Py_XDECREF(index);
        }
        if (PyErr_Occurred())
            Py_CLEAR(repeated);
    }
    return repeated;
}

static PyObject *Ids_holds(Ids *self, PyObject *args)
{
    unsigned long long key;
    int slot;
    if (!PyArg_ParseTuple(args, "Ki", &key, &slot))
        return NULL;
    return PyBool_FromLong(ids_hold(self, key, slot));
}

static PyObject *Ids_restore(Ids *self, PyObject *args)
{
    int slot;
    Py_buffer packed;
    if (!PyArg_ParseTuple(args, "iy*", &slot, &packed))
        return NULL;
    const uint8_t *bytes = packed.buf;
    int failed = 0;
    for (Py_ssize_t at = 0; at + 8 <= packed.len && !failed; at += 8) {
        uint64_t key = load64(bytes + at);
        Table *table = part_of(self, key);
        failed = table_grow(table) < 0;
        if (failed)
            break;
        size_t place = table_find(table, key);
        if (table->slots[place] == FREE)
            table_put(table, place, key, slot);
        else if (table->slots[place] < slot)
            table->slots[place] = slot;
    }
    PyBuffer_Release(&packed);
    if (failed)
        return PyErr_NoMemory();
    return Py_NewRef(Py_None);
}

static PyObject *Ids_remove(Ids *self, PyObject *args)
{
    unsigned long long key;
    if (!PyArg_ParseTuple(args, "K", &key))
        return NULL;
    Table *table = part_of(self, key);
    size_t at = table_find(table, key);
    int32_t slot = table->slots[at];
    if (slot == FREE)
        return Py_NewRef(Py_None);
    table_remove(table, at);
    for (size_t last = self->count; last-- > 0;) {
        if (self->added[last] != key || self->added_slots[last] != slot)
            continue;
        size_t behind = self->count - last - 1;
        memmove(self->added + last, self->added + last + 1, behind * sizeof *self->added);
        memmove(self->added_slots + last, self->added_slots + last + 1, behind * sizeof *self->added_slots);
        self->count--;
        return Py_BuildValue("(iO)", slot, Py_True);
    }
    return Py_BuildValue("(iO)", slot, Py_False);
}

static PyObject *Ids_take(Ids *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *found = PyDict_New();
    Table sizes = {0};
    uint8_t **ends = NULL;
    if (!found || table_make(&sizes, SMALLEST_TABLE) < 0 || !(ends = malloc((self->count + 1) * sizeof *ends)))
        goto failed;
    /* The table counts the keys of each slot at first, and numbers the slots then. */
    for (size_t at = 0; at < self->count; at++) {
        size_t end = at + 1; /* many in a row are of one slot */
        while (end < self->count && self->added_slots[end] == self->added_slots[at])
            end++;
        if (table_grow(&sizes) < 0)
            goto failed;
        uint64_t slot = (uint64_t)(int64_t)self->added_slots[at];
        size_t place = table_find(&sizes, slot);
        if (sizes.slots[place] == FREE)
            table_put(&sizes, place, slot, 0);
        sizes.slots[place] += (int32_t)(end - at);
        at = end - 1;
    }
    int32_t number = 0;
    size_t place = 0;
    for (size_t at = 0; at < self->count; at++) {
        uint64_t slot = (uint64_t)(int64_t)self->added_slots[at];
        if (!at || self->added_slots[at] != self->added_slots[at - 1])
            place = table_find(&sizes, slot);
        if (sizes.slots[place] > 0) {
            PyObject *name = PyLong_FromLong(self->added_slots[at]);
            PyObject *packed = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)sizes.slots[place] * 8);
            int set = name && packed ? PyDict_SetItem(found, name, packed) : -1;
            if (set == 0)
                ends[number] = (uint8_t *)PyBytes_AsString(packed);
            Py_XDECREF(name);
            Py_XDECREF(packed);
            if (set < 0)
                goto failed;
            sizes.slots[place] = -number - 1;
            number++;
        }
        uint8_t **end = &ends[-sizes.slots[place] - 1];
        const uint64_t key = load64((const uint8_t *)&self->added[at]); /* the lowest byte first */
        memcpy(*end, &key, sizeof key);
        *end += 8;
    }
    free(ends);
    table_free(&sizes);
    free(self->added);
    free(self->added_slots);
    self->added = NULL;
    self->added_slots = NULL;
    self->count = self->room = 0;
    return found;
failed:
    free(ends);
    table_free(&sizes);
    Py_XDECREF(found);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

static PyObject *Ids_drop(Ids *self, PyObject *slots)
{
    Gone gone = {.first = INT32_MAX, .last = INT32_MIN};
    PyObject *all = PySequence_Tuple(slots);
    if (!all)
        return NULL;
    if (table_make(&gone.table, SMALLEST_TABLE) < 0)
        goto failed;
    for (Py_ssize_t at = 0; at < PyTuple_Size(all); at++) {
        long slot = PyLong_AsLong(PyTuple_GetItem(all, at));
        if ((slot == -1 && PyErr_Occurred()) || table_grow(&gone.table) < 0)
            goto failed;
        size_t place = table_find(&gone.table, (uint64_t)slot);
        if (gone.table.slots[place] == FREE)
            table_put(&gone.table, place, (uint64_t)slot, 0);
        gone.first = slot < gone.first ? (int32_t)slot : gone.first;
        gone.last = slot > gone.last ? (int32_t)slot : gone.last;
    }
    for (int part = 0; part < PARTS; part++)
        if (table_drop(&self->parts[part], &gone) < 0)
            goto failed;
    table_free(&gone.table);
    Py_DECREF(all);
    return Py_NewRef(Py_None);
failed:
    table_free(&gone.table);
    Py_DECREF(all);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

static PyObject *Ids_reach(Ids *self, PyObject *span)
{
    long slots = PyLong_AsLong(span);
    if (slots == -1 && PyErr_Occurred())
        return NULL;
    self->span = slots > WIDEST ? WIDEST : (int32_t)slots;
    return Py_NewRef(Py_None);
}

static PyObject *Ids_clear(Ids *self, PyObject *Py_UNUSED(ignored))
{
    for (int part = 0; part < PARTS; part++) {
        Table fresh;
        if (table_make(&fresh, SMALLEST_TABLE) < 0)
            return PyErr_NoMemory();
        table_free(&self->parts[part]);
        self->parts[part] = fresh;
    }
    self->count = 0;
    return Py_NewRef(Py_None);
}

static Py_ssize_t Ids_length(Ids *self)
{
    size_t used = 0;
    for (int part = 0; part < PARTS; part++)
        used += self->parts[part].used;
    return (Py_ssize_t)used;
}

static PyMethodDef methods[] = {
    {"add", (PyCFunction)Ids_add, METH_VARARGS, "Remember a key of a slot; False when it was there within the span."},
    {"add_all", (PyCFunction)Ids_add_all, METH_VARARGS, "Remember keys, each of a slot; the indexes of those that were there within the span."},
    {"holds", (PyCFunction)Ids_holds, METH_VARARGS, "Whether a key is there within the span of a slot."},
    {"restore", (PyCFunction)Ids_restore, METH_VARARGS, "Remember packed keys of a slot, without their being added."},
    {"remove", (PyCFunction)Ids_remove, METH_VARARGS, "Forget a key; its slot, and whether `take` had still to give it."},
    {"take", (PyCFunction)Ids_take, METH_NOARGS, "The keys added since the last call, packed, by slot."},
    {"drop", (PyCFunction)Ids_drop, METH_O, "Forget every key of these slots."},
    {"reach", (PyCFunction)Ids_reach, METH_O, "Set the span."},
    {"clear", (PyCFunction)Ids_clear, METH_NOARGS, "Forget everything."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "64-bit keys and the slots in which they were last seen; a key may come again after `span` slots."},
    {Py_tp_new, Ids_new},
    {Py_tp_dealloc, Ids_dealloc},
    {Py_tp_methods, methods},
    {Py_sq_length, Ids_length},
    {0, NULL},
};

PyType_Spec IdsSpec = {
    .name = "leverwatch.collectors.aggregation._native.Ids",
    .basicsize = sizeof(Ids),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
