/* The inputs of one draw and what they come to, as `scenario.py` works it out: the same operations in the same
   order, so that both come to the same in the last digit. */
#ifndef LEVERWATCH_COSTS_H
#define LEVERWATCH_COSTS_H

#include <math.h>

typedef struct { /* `scenario.Terms` */
    int dedicated, own, own_calls, own_attempts;
    double input, output, tries, tuned_tries;
} Terms;

typedef struct { /* `scenario.Each` */
    double prompted, by_cached_share, entered, fixed_part, unmeasured, written;
} Each;

typedef struct { /* `scenario.Shares` */
    double cached_share, static_share, kept_share, output_ratio, calls, attempts;
} Shares;

typedef struct { /* `scenario.Upkeep`; `least` is a whole number */
    double prompts, operations, training, instance, served, least;
} Upkeep;

typedef struct { /* what `scenario.token_costs` returns */
    double prompted, tuned, tokens;
} Tokens;

typedef struct { /* `breakeven.Line` */
    double prompted, tuned, fixed, step, unit, least;
} Line;

static inline Tokens token_costs(const Each *each, const Shares *share, const Terms *terms)
{
    double entered = each->entered
                     - (each->fixed_part + each->unmeasured * share->static_share) * (1 - share->kept_share);
    double written = each->written * share->output_ratio;
    if (terms->own) {
        double repeats = (terms->own_calls ? share->calls : 1.0) * (terms->own_attempts ? share->attempts : 1.0);
        entered *= repeats;
        written *= repeats;
    }
    Tokens found;
    found.prompted = each->prompted + each->by_cached_share * share->cached_share;
    found.tuned = terms->dedicated ? 0.0 : terms->input * entered + terms->output * written;
    found.tokens = entered + written;
    return found;
}

static inline Line line_of(const Tokens *costs, const Upkeep *kept, const Terms *terms)
{
    Line line = {costs->prompted, costs->tuned, kept->prompts - (kept->operations + kept->training), 0.0, INFINITY, 0.0};
    if (terms->dedicated) {
        line.tuned = 0.0;
        line.step = kept->instance;
        line.unit = costs->tokens > 0 ? kept->served / costs->tokens : INFINITY;
        line.least = kept->least;
    }
    return line;
}

/* As Python's `max`: the first of equal ones, and of one that is no number. */
static inline double larger(double one, double other) { return other > one ? other : one; }

/* Whether Python could round a quotient up; it raises an error where it cannot. */
static inline int can_divide(double above, double below) { return below != 0 && isfinite(above / below); }

#endif
