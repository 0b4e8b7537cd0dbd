/* Lines of access logs: how each is built, and which of their requests call a model. */

#ifndef LEVERWATCH_TEXT_H
#define LEVERWATCH_TEXT_H

#include "scan.h"

#define MOST_LINE_STEPS 64
#define MOST_PARTS 6 /* of a path that are looked at */
#define MOST_SLOTS 4 /* of labelled values */
#define FIRST_COMPARED 32 /* of the bits of a record that say that a name is cut down, as it is only compared */
#define MOST_COMPARED 16

/* What a step of a line is. What is not literal has no quote in it, unless it is quoted. */
enum line_step {
    LITERAL,
    TOKEN,     /* up to a blank */
    DIGITS,
    COUNT,     /* digits, or a dash */
    SECONDS,   /* digits with a dot among them */
    LISTED,    /* a token of a list that has no other one */
    QUOTED,    /* up to a quote that is not escaped */
    BRACKETED, /* up to a closing bracket */
    REQUEST_LINE, /* quoted: method, target and protocol */
    METHOD,    /* a token */
    TARGET,    /* a token: the path of the method before it */
    REST,      /* up to a quote */
    LAST,      /* a blank and a token, before which the line may also end; what is behind does not matter */
    LINE_END,
    TAIL,      /* labelled and bare values up to the end */
    LINE_STEPS,
};

/* What a value says of how many servers were asked. */
enum asking { SAYS_NOTHING, ASKED_ONE, ASKED_NONE };

typedef struct {
    enum line_step kind;
    enum asking asks; /* ASKED_ONE: one, or none where it is a dash; ASKED_NONE: only the latter */
    double scale;     /* of a latency: to milliseconds */
    Text text;        /* of a literal */
    int roles;
    uint8_t role[MOST_ROLES];
} LineStep;

typedef struct {
    LineStep step[MOST_LINE_STEPS];
    int steps;
} Layout;

/* A part of a path: one of some words, a version (v1, v1beta), or any name with one of some endings. */
typedef struct {
    Text *words, *endings;
    int count, endings_count, is_version;
} PathPart;

typedef struct {
    PathPart *part; /* the first of them first */
    int parts;
    uint64_t lengths; /* which the last part can have, as bits of 6; 0: any */
    int has_colon;    /* whether there is a colon in the last part */
} PathEnd;

typedef struct {
    Text label;
    int slot;
} Label;

/* A name of which only matters which of some texts it is, or what it begins with. */
typedef struct {
    Text *texts, *prefixes; /* the longest first */
    int count, prefixes_count;
    int name;
} Compared;

struct TextForm {
    PyObject *given; /* owns the texts */
    Layout *layout;
    PathEnd *path;
    Label *label;
    Compared *compared;
    int compared_count;
    int layouts, last; /* the layout of the line before */
    int paths, labels;
    LineStep slot[MOST_SLOTS]; /* the values that have labels; the first two may also be bare */
    int slots;
    int of_path; /* the name that the end of a path is */
};

/* Make the scan read lines of these layouts; -1: an exception is set. */
int text_make(Scan *scan, PyObject *given);
void text_free(struct TextForm *form);

/* As `scan_read`. */
int text_read(Scan *scan, const uint8_t *data, size_t size);

/* Whether a target calls a model, and the end of its path that says which: 1, or 0; -1 where Python knows. */
int path_end(const struct TextForm *form, const uint8_t *p, const uint8_t *end, const uint8_t **from, const uint8_t **to);

#endif
