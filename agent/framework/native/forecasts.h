/* What a forecast is worked out from, and what it comes to. */
#ifndef LEVERWATCH_FORECASTS_H
#define LEVERWATCH_FORECASTS_H

#include <float.h>

#define WEEK 7
#define MOST_WEEKS 104 /* `weekly.LONGEST` */
#define MOST_AHEAD 60
#define TREND_WEEKS 13
#define WINDOW 4
#define FIRST 8
#define MOST 26
#define SHIFT_WEEKS 4
#define LEAST_FOR_COVERAGE 8
#define HORIZONS 3

static const int AHEAD[HORIZONS] = {4, 8, 13};

typedef struct { /* `methods.History`, and the weeks at which the level shifted */
    double totals[MOST_WEEKS], logs[MOST_WEEKS];
    int weeks, shifts[MOST_WEEKS], shifted, origin; /* the first one */
} History;

typedef struct { /* the log errors of a method at each origin, and their measures */
    double of[MOST][HORIZONS];
    int known[MOST], origins, is_scaled;
    double missed, size, bias;
} Errors;

typedef struct {
    int weeks; /* the horizon */
    int is_trend, start, inside, outcomes, has_band, futures;
    double monthly, widths[HORIZONS], volumes[MOST_AHEAD + 1], band[MOST_AHEAD + 1], future[MOST][MOST_AHEAD + 1];
} Told;

/* As Python's `max`: the first of equal ones. */
static inline double larger(double one, double other) { return other > one ? other : one; }

/* The median of values, which are sorted then. */
static inline double middle(double *values, int number)
{
    for (int at = 1; at < number; at++) {
        double value = values[at];
        int place = at;
        for (; place > 0 && value < values[place - 1]; place--)
            values[place] = values[place - 1];
        values[place] = value;
    }
    return number % 2 ? values[number / 2] : (values[number / 2 - 1] + values[number / 2]) / 2;
}

static inline double middle_of_four(const double *values)
{
    double least = values[0], most = values[0];
    for (int at = 1; at < 4; at++) {
        least = values[at] < least ? values[at] : least;
        most = values[at] > most ? values[at] : most;
    }
    return (values[0] + values[1] + values[2] + values[3] - least - most) / 2;
}

/* `History.theil_sen`: the level and the slope from `start` to before `end`, which is at least two weeks later and at
   most TREND_WEEKS. */
static inline void trend(const double *logs, int start, int end, double *level, double *slope)
{
    double slopes[TREND_WEEKS * (TREND_WEEKS - 1) / 2], levels[TREND_WEEKS];
    int number = 0;
    for (int gap = 1; gap < end - start; gap++)
        for (int week = start; week + gap < end; week++)
            slopes[number++] = (logs[week + gap] - logs[week]) / gap;
    *slope = middle(slopes, number);
    for (int week = start; week < end; week++)
        levels[week - start] = logs[week] + *slope * (end - 1 - week);
    *level = middle(levels, end - start);
}

#endif
