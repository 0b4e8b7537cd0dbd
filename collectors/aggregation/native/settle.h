/* Puts the parts of the tokens of a declared record inside their wholes. */

#ifndef LEVERWATCH_SETTLE_H
#define LEVERWATCH_SETTLE_H

#include "scan.h"

#define KNOWN_OF(record, field) ((record)->known & 1U << (of_##field - FIRST_NUMBER))
#define TOLD(values, field) (values)[scan->column[of_##field - FIRST_NUMBER]]
#define OR_ZERO(record, values, field) (KNOWN_OF(record, field) ? TOLD(values, field) : 0)

/* Whether it takes Python to say where the parts of the tokens of a record stand. As `_settle` of
   records/formats/rows.py has it. */
static inline int is_unsettled(const Scan *scan, const Record *record, const double *values, uint32_t kept,
                               enum parts stand)
{
    Record told = {.known = record->known & kept};
    double parts = OR_ZERO(&told, values, cached_input_tokens) + OR_ZERO(&told, values, cache_write_tokens);
    double thought = OR_ZERO(&told, values, reasoning_tokens);
    if (stand == SUMMED && KNOWN_OF(record, total) &&
        (!KNOWN_OF(&told, input_tokens) || !KNOWN_OF(&told, output_tokens) ||
         TOLD(values, total) != TOLD(values, input_tokens) + TOLD(values, output_tokens)))
        return 1;
    if (stand == AS_TOLD || (parts == 0 && thought == 0))
        return 0;
    if (!KNOWN_OF(&told, input_tokens))
        return 1;
    double taken = TOLD(values, input_tokens);
    int summed = KNOWN_OF(record, total);
    double total = summed ? TOLD(values, total) : 0;
    if (stand == BESIDE)
        return thought > 0 || taken + parts > MOST_COUNT ||
               (summed && total != taken + parts + OR_ZERO(&told, values, output_tokens));
    if (!KNOWN_OF(&told, output_tokens) || parts > taken)
        return 1;
    double written = TOLD(values, output_tokens);
    if (stand == THOUGHT_BESIDE)
        return written + thought > MOST_COUNT || (summed && total != taken + written + thought);
    return thought > written || (summed && total != taken + written);
}

/* Leave what counts of the numbers of a record, with the parts of its tokens inside. */
static inline void settle(const Scan *scan, Record *record, double *values, uint32_t kept, enum parts stand)
{
    record->known &= kept;
    if (stand == THOUGHT_BESIDE && KNOWN_OF(record, output_tokens))
        TOLD(values, output_tokens) += OR_ZERO(record, values, reasoning_tokens);
    if (stand == BESIDE && KNOWN_OF(record, input_tokens))
        TOLD(values, input_tokens) +=
            OR_ZERO(record, values, cached_input_tokens) + OR_ZERO(record, values, cache_write_tokens);
}

#endif
