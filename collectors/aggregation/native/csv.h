/* Rows of delimited values: where they end, and which of their columns are read. */

#ifndef LEVERWATCH_CSV_H
#define LEVERWATCH_CSV_H

#include "scan.h"

typedef struct {
    uint8_t delimiter, quote;
    int quotes; /* whether there is a quote */
} Dialect;

/* What the rows below a header have. */
typedef struct Columns {
    Dialect dialect;
    int digits;           /* only numbers without signs are plain, as these mean something else */
    uint32_t needs;       /* bits of the amounts without which a row is not plain */
    int width;
    const struct Key **key; /* by column; NULL: nobody asks for it */
} Columns;

/* The position behind the last whole row; what follows may go on. */
size_t rows_complete(const Dialect *dialect, const uint8_t *data, size_t size);

/* Read whole rows up to one that may go on behind the data; -1: out of memory. Sets `apart` where rows cannot be told
   without the ones around them. */
int rows_read(Scan *scan, const uint8_t *data, size_t size);

/* Whether a cell may be this text: 1 or 0. Before and behind it, but for blanks, stand `edges` or an end of the data. */
int rows_name(const uint8_t *data, size_t size, const uint8_t *text, size_t length, const uint8_t *edges, size_t number);

#endif
