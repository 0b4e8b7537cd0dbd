/* The counts of plain records by group and day. */

#ifndef LEVERWATCH_TALLY_H
#define LEVERWATCH_TALLY_H

#include "ids.h"
#include "scan.h"

enum column {
#define X(name) at_##name,
    COLUMNS
#undef X
    WIDTH
};

/* Fields of a record that are words, and are judged by Python. */
enum judged {
#define X(field) judge_##field,
    JUDGED_FIELDS
#undef X
    JUDGED
};

enum outcome { SUCCESS, FAILURE, CACHE_HIT };
/* What is known of a time or of the names of a record. */
enum verdict { ASKED, COUNTS, IS_ODD, LEFT_OUT, REFUSED, NO_CALL };
/* Why counting stopped. */
enum stop { DONE, ODD_LINES, NEW_TIME, NEW_PLACE, NO_MEMORY };

/* Places of entries in an array, by hash. */
typedef struct {
    uint32_t *at; /* one more than the number of the entry; 0: free */
    size_t mask;
    size_t used;
} Index;

typedef struct {
    uint64_t hash;
    int number; /* whether it is a number */
    int64_t given; /* minutes since the epoch, of a number */
    uint8_t text[16], zone[6];
    uint8_t zone_length;
    /* as Python says */
    enum verdict verdict;
    int64_t minute;
    int32_t day, slot, call_slot;
    /* since the last take */
    int touched, counted;
    uint8_t newest[24], newest_length;
    int64_t newest_micros;
    uint64_t left_out_in; /* the chunk that was last told */
} Time;

typedef struct {
    uint64_t hash;
    size_t text; /* where the names begin, one after the other */
    size_t lengths;
    enum verdict verdict;
    enum outcome outcome;
    uint32_t group;
    uint64_t seed, id_seed, trace_seed;
    uint64_t classes;      /* as of its records */
    uint32_t kept;         /* bits of the amounts that count where they are there */
    size_t suffix;         /* where the text lies that follows an id */
    uint32_t suffix_length;
    enum parts parts; /* where the parts of its tokens stand, if names decide that */
    int is_rows;      /* whether each of its records with an id is a row of a call, of which there may be others */
    uint64_t call_seed; /* of the keys of such calls */
    int8_t judged[JUDGED]; /* -1: not known */
    uint64_t round; /* of the remembered cell */
    uint32_t size;
    int32_t day;
    size_t cell;
} Place;

typedef struct {
    uint64_t hash;
    uint32_t group, size; /* of inputs: how many of the bounds they are beyond */
    int32_t day;
    double sums[WIDTH];
} Cell;

/* Instead of a place: the record was counted before, or is no call. */
#define SEEN_BEFORE UINT32_MAX
#define NOT_A_CALL (UINT32_MAX - 1)

typedef struct {
    uint32_t line, place;
} Refusal;

#define ARRAY(type, name)                                                                                            \
    type *name;                                                                                                      \
    size_t name##_count, name##_room

typedef struct {
    PyObject_HEAD
    uint64_t salt;
    Index by_time, by_place, by_cell;
    ARRAY(Time, times);
    ARRAY(Place, places);
    ARRAY(uint8_t, texts);
    ARRAY(uint32_t, lengths);
    ARRAY(Cell, cells);
    ARRAY(Refusal, refused);
    ARRAY(uint32_t, left_out);
    Place nowhere; /* of records whose names are too long: they are odd */
    size_t last_time;
    uint64_t round, chunk;
    uint64_t counted, repeated, skipped, filtered, passed, nothing;
    int tells_passed; /* whether the lines of what is no call are told, and not only how many they are */
} Tally;

extern PyType_Spec TallySpec;
extern PyTypeObject *TallyType; /* made from it when the module is */

/* Keep a text that follows the ids of a place; -1: out of memory. */
int place_suffix(Tally *tally, Place *place, const uint8_t *text, size_t length);

/* Count records from `*first` on; `*first` and `*behind` say where it stopped. `before` are keys of an older version,
   and `open` those of calls of which Python knows that more may come; NULL: there are none. */
enum stop tally_count(Tally *tally, Scan *scan, const uint8_t *data, int64_t limit, Ids *seen, Ids *before,
                      Ids *calls, Ids *open, size_t *first, size_t *behind);

/* See whether all records from `*first` on can be counted, before any of them is: ODD_LINES where one cannot. Which of
   them are `calls` is written down. */
enum stop tally_check(Tally *tally, Scan *scan, const uint8_t *data, int64_t limit, uint8_t *calls, size_t *first,
                      size_t *behind);

#endif
