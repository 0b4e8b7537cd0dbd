/* Sums that are rounded once, as those of `math.fsum`. */
#ifndef LEVERWATCH_SUMS_H
#define LEVERWATCH_SUMS_H

#include <math.h>

#define MOST_SUMMED 32

/* The exact sum of at most MOST_SUMMED finite numbers, rounded to the nearest one, half to even: each number is added
   to parts that do not overlap (Shewchuk 1997), and these are added up from the largest on. */
static inline double exact_sum(const double *values, int number)
{
    double parts[MOST_SUMMED + 1];
    int count = 0;
    for (int at = 0; at < number; at++) {
        double sum = values[at];
        int kept = 0;
        for (int index = 0; index < count; index++) {
            double large = sum, small = parts[index];
            if (fabs(large) < fabs(small)) {
                large = parts[index];
                small = sum;
            }
            sum = large + small;
            double lost = small - (sum - large);
            if (lost != 0)
                parts[kept++] = lost;
        }
        parts[kept++] = sum;
        count = kept;
    }
    if (!count)
        return 0.0;
    double total = parts[--count], lost = 0;
    while (count > 0 && lost == 0) {
        double before = total, part = parts[--count];
        total = before + part;
        lost = part - (total - before);
    }
    /* A rounded half was rounded to even, though what follows would have decided it. */
    if (count > 0 && ((lost < 0 && parts[count - 1] < 0) || (lost > 0 && parts[count - 1] > 0))) {
        double twice = 2 * lost, other = total + twice;
        if (other - total == twice)
            total = other;
    }
    return total;
}

#endif
