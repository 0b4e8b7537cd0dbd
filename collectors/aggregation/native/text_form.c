/* How lines of access logs are built, as Python declares it. */

#include "text.h"

static int wrong(const char *what)
{
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

static void path_free(PathEnd *path)
{
    for (int at = 0; path->part && at < path->parts; at++) {
        PyMem_Free(path->part[at].words);
        PyMem_Free(path->part[at].endings);
    }
    PyMem_Free(path->part);
}

void text_free(struct TextForm *form)
{
    if (!form)
        return;
    for (int at = 0; form->path && at < form->paths; at++)
        path_free(&form->path[at]);
    PyMem_Free(form->path);
    PyMem_Free(form->layout);
    for (int at = 0; form->compared && at < form->compared_count; at++) {
        PyMem_Free(form->compared[at].texts);
        PyMem_Free(form->compared[at].prefixes);
    }
    PyMem_Free(form->compared);
    PyMem_Free(form->label);
    Py_XDECREF(form->given);
    PyMem_Free(form);
}

static int text_in(PyObject *given, Text *text)
{
    char *bytes;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(given, &bytes, &length) < 0)
        return -1;
    *text = (Text){(const uint8_t *)bytes, (size_t)length};
    return 0;
}

/* An array for the elements of a tuple, all zero, and how many they are. */
static void *array_of(PyObject *given, size_t size, int *count)
{
    Py_ssize_t length = PyTuple_Check(given) ? PyTuple_Size(given) : -1;
    if (length < 0 || length > INT16_MAX) {
        wrong("a tuple that is not too long");
        return NULL;
    }
    *count = (int)length;
    void *made = PyMem_Calloc((size_t)length + 1, size);
    if (!made)
        PyErr_NoMemory();
    return made;
}

static Text *texts_in(PyObject *given, int *count)
{
    Text *texts = array_of(given, sizeof *texts, count);
    for (int at = 0; texts && at < *count; at++) {
        if (text_in(PyTuple_GetItem(given, at), &texts[at]) < 0) {
            PyMem_Free(texts);
            return NULL;
        }
    }
    return texts;
}

/* Whether there is room for what a line tells in this role. */
static int has_room(const Scan *scan, int role)
{
    if (role >= NAME)
        return role - NAME < scan->names;
    return role == TIME || role == REQUEST || (role == of_latency_ms && scan->column[of_latency_ms - FIRST_NUMBER] >= 0);
}

static int step_in(const Scan *scan, PyObject *given, LineStep *step)
{
    PyObject *text, *roles;
    int kind, asks;
    if (!PyArg_ParseTuple(given, "iO!O!id", &kind, &PyBytes_Type, &text, &PyTuple_Type, &roles, &asks, &step->scale) ||
        text_in(text, &step->text) < 0)
        return -1;
    if (kind < 0 || kind >= LINE_STEPS || asks < SAYS_NOTHING || asks > ASKED_NONE || PyTuple_Size(roles) > MOST_ROLES)
        return wrong("a step of a line that is not known here");
    if (asks && scan->column[of_attempts - FIRST_NUMBER] < 0)
        return wrong("there are no attempts");
    step->kind = (enum line_step)kind;
    step->asks = (enum asking)asks;
    for (Py_ssize_t at = 0; at < PyTuple_Size(roles); at++) {
        long role = PyLong_AsLong(PyTuple_GetItem(roles, at));
        if (role == -1 && PyErr_Occurred())
            return -1;
        if (role < 0 || role > UINT8_MAX || !has_room(scan, (int)role))
            return wrong("a line tells no such value");
        step->role[step->roles++] = (uint8_t)role;
    }
    return 0;
}

static int layouts_in(const Scan *scan, struct TextForm *form, PyObject *given)
{
    if (!(form->layout = array_of(given, sizeof *form->layout, &form->layouts)))
        return -1;
    for (int at = 0; at < form->layouts; at++) {
        PyObject *steps = PyTuple_GetItem(given, at);
        if (!PyTuple_Check(steps) || PyTuple_Size(steps) > MOST_LINE_STEPS)
            return wrong("too many steps");
        for (Py_ssize_t step = 0; step < PyTuple_Size(steps); step++)
            if (step_in(scan, PyTuple_GetItem(steps, step), &form->layout[at].step[form->layout[at].steps++]) < 0)
                return -1;
    }
    return form->layouts ? 0 : wrong("no layout");
}

static int paths_in(struct TextForm *form, PyObject *given)
{
    if (!(form->path = array_of(given, sizeof *form->path, &form->paths)))
        return -1;
    for (int at = 0; at < form->paths; at++) {
        PyObject *parts = PyTuple_GetItem(given, at);
        PathEnd *path = &form->path[at];
        if (!(path->part = array_of(parts, sizeof *path->part, &path->parts)))
            return -1;
        if (!path->parts || path->parts > MOST_PARTS)
            return wrong("a path is of some parts");
        for (int part = 0; part < path->parts; part++) {
            PyObject *words, *endings;
            PathPart *made = &path->part[part];
            if (!PyArg_ParseTuple(PyTuple_GetItem(parts, part), "OiO", &words, &made->is_version, &endings) ||
                !(made->words = texts_in(words, &made->count)) ||
                !(made->endings = texts_in(endings, &made->endings_count)))
                return -1;
        }
        const PathPart *last = &path->part[path->parts - 1];
        for (int word = 0; word < last->count; word++)
            path->lengths |= 1ULL << (last->words[word].length & 63);
        if (last->is_version || last->endings_count)
            path->lengths = 0;
        path->has_colon = last->endings_count && !last->count && !last->is_version;
        for (int ending = 0; ending < last->endings_count; ending++)
            path->has_colon &= last->endings[ending].length && *last->endings[ending].bytes == ':';
    }
    return 0;
}

static int labels_in(const Scan *scan, struct TextForm *form, PyObject *labels, PyObject *slots)
{
    if (!(form->label = array_of(labels, sizeof *form->label, &form->labels)))
        return -1;
    if (!PyTuple_Check(slots) || PyTuple_Size(slots) > MOST_SLOTS)
        return wrong("too many values with labels");
    for (Py_ssize_t at = 0; at < PyTuple_Size(slots); at++)
        if (step_in(scan, PyTuple_GetItem(slots, at), &form->slot[form->slots++]) < 0)
            return -1;
    for (int at = 0; at < form->labels; at++) {
        PyObject *text;
        Label *label = &form->label[at];
        if (!PyArg_ParseTuple(PyTuple_GetItem(labels, at), "O!i", &PyBytes_Type, &text, &label->slot) ||
            text_in(text, &label->label) < 0)
            return -1;
        if (label->slot < 0 || label->slot >= form->slots)
            return wrong("a label of no value");
    }
    return 0;
}

static int compared_in(const Scan *scan, struct TextForm *form, PyObject *given)
{
    if (!(form->compared = array_of(given, sizeof *form->compared, &form->compared_count)))
        return -1;
    for (int at = 0; at < form->compared_count; at++) {
        PyObject *texts, *prefixes;
        Compared *made = &form->compared[at];
        if (!PyArg_ParseTuple(PyTuple_GetItem(given, at), "iOO", &made->name, &texts, &prefixes) ||
            !(made->texts = texts_in(texts, &made->count)) ||
            !(made->prefixes = texts_in(prefixes, &made->prefixes_count)))
            return -1;
        if (made->name < 0 || made->name >= scan->names || made->name >= MOST_COMPARED)
            return wrong("a name that cannot be compared");
    }
    return 0;
}

int text_make(Scan *scan, PyObject *given)
{
    PyObject *layouts, *paths, *labels, *slots, *compared;
    struct TextForm *form = PyMem_Calloc(1, sizeof *form);
    if (!form) {
        PyErr_NoMemory();
        return -1;
    }
    form->given = Py_NewRef(given);
    if (!PyArg_ParseTuple(given, "OOOOiO", &layouts, &paths, &labels, &slots, &form->of_path, &compared) ||
        layouts_in(scan, form, layouts) < 0 || paths_in(form, paths) < 0 || labels_in(scan, form, labels, slots) < 0 ||
        compared_in(scan, form, compared) < 0) {
        text_free(form);
        return -1;
    }
    if (form->of_path < 0 || form->of_path >= scan->names) {
        text_free(form);
        return wrong("the end of a path is no name");
    }
    text_free(scan->text);
    scan->text = form;
    return 0;
}
