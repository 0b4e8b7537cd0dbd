#define _GNU_SOURCE /* strtod_l */
#include "number.h"
#include "values.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LONGEST 64
#define FIRST_MINUTE (1096 * 1440) /* of 1973: what is earlier is a mistake */

/* With a decimal point, whatever the locale of the process. Set before there are threads that read it. */
static locale_t plain;

int prepare_numbers(void)
{
    if (!plain)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return plain ? 0 : -1;
}

const uint8_t *read_any_number(const uint8_t *p, Number *number)
{
    *number = (Number){.whole = 1};
    if (*p == '-') {
        number->negative = 1;
        p++;
    }
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
        return NULL;
    for (; is_digit(*p); p++) {
        if (number->mantissa || *p != '0')
            number->digits++;
        if (number->digits <= MOST_DIGITS)
            number->mantissa = number->mantissa * 10 + (*p - '0');
    }
    if (*p == '.') {
        number->whole = 0;
        if (!is_digit(*++p))
            return NULL;
        for (; is_digit(*p); p++) {
            if (number->mantissa || *p != '0')
                number->digits++;
            if (number->digits <= MOST_DIGITS) {
                number->mantissa = number->mantissa * 10 + (*p - '0');
                number->exponent--;
            }
        }
    }
    if (*p == 'e' || *p == 'E') {
        int negative = 0, exponent = 0;
        number->whole = 0;
        p++;
        if (*p == '+' || *p == '-')
            negative = *p++ == '-';
        if (!is_digit(*p))
            return NULL;
        for (; is_digit(*p); p++)
            if (exponent < 100000)
                exponent = exponent * 10 + (*p - '0');
        number->exponent += negative ? -exponent : exponent;
    }
    return p;
}

double any_nearest(const uint8_t *text, size_t length)
{
    char copy[LONGEST];
    if (length >= sizeof copy)
        return -1;
    memcpy(copy, text, length);
    copy[length] = 0;
    return strtod_l(copy, NULL, plain);
}

/* "0000-00-00T00:00:00", and what may stand for a zero. */
static int is_moment(const uint8_t *p)
{
    static const char form[] = "0000-00-00T00:00:00";
#ifdef __SSE2__
    const __m128i text = _mm_loadu_si128((const __m128i *)p), nine = _mm_set1_epi8(9);
    const __m128i values = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    int digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine));
    int marks = _mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_loadu_si128((const __m128i *)form)));
    if ((digits & 0xDB6F) != 0xDB6F || (marks & 0x2090) != 0x2090 || (p[10] != 'T' && p[10] != ' '))
        return 0;
    const int first = 16;
#else
    const int first = 0;
#endif
    for (int at = first; at < 19; at++) {
        if (form[at] == '0' ? !is_digit(p[at]) : p[at] != (uint8_t)form[at] && !(at == 10 && p[at] == ' '))
            return 0;
    }
    return p[17] < '6'; /* a minute is parsed when it is new, and its seconds are not */
}

/* Behind so many digits below the second. */
static int is_zone(const uint8_t *p, size_t length, size_t digits)
{
    if (length == 0 || (length == 1 && *p == 'Z'))
        return 1;
    if (length == 4) /* as BigQuery writes it; behind more digits it is no zone to Python */
        return !memcmp(p, " UTC", 4) && digits <= 10; /* and the point */
    if ((*p != '+' && *p != '-') || (length != 3 && length != 5 && length != 6) || !is_digit(p[1]) || !is_digit(p[2]))
        return 0;
    p += 3 + (length == 6);
    return length == 3 || ((length == 5 || p[-1] == ':') && is_digit(p[0]) && is_digit(p[1]));
}

static int two(const uint8_t *p)
{
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* The days from 1970 to a day from 1973 on; -1: there is no such day. */
static int64_t days_to(const uint8_t *p)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int year = two(p) * 100 + two(p + 2), month = two(p + 5), day = two(p + 8);
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1973 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (leap && month == 2))
        return -1;
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] + (leap && month > 2) + day - 1;
}

/* The microseconds of a plain text with no, three or six digits below the second; -1: it is none. */
static int64_t micros_of(const uint8_t *data, const Record *record)
{
    const uint8_t *p = data + record->time.at;
    size_t digits = record->time.length - record->zone.length;
    int64_t days = days_to(p);
    if (days < 0 || (digits != 19 && digits != 23 && digits != 26) || two(p + 11) > 23 || two(p + 14) > 59)
        return -1;
    int64_t seconds = days * 86400 + two(p + 11) * 3600 + two(p + 14) * 60 + two(p + 17);
    int64_t below = 0;
    for (size_t at = 20; at < 26; at++)
        below = below * 10 + (at < digits ? p[at] - '0' : 0);
    return seconds * 1000000 + below;
}

static int is_utc(const uint8_t *data, Span zone)
{
    return (zone.length == 1 && data[zone.at] == 'Z') || (zone.length == 6 && !memcmp(data + zone.at, "+00:00", 6));
}

double elapsed(const uint8_t *data, const Record *begun, const Record *ended)
{
    if (begun->time_kind != ended->time_kind)
        return -1;
    if (begun->time_kind == NUMBER_TIME)
        return begun->seconds && ended->seconds ? (double)(ended->micros - begun->micros) / 1000 : -1;
    int alike = begun->time.length == ended->time.length && begun->zone.length == ended->zone.length &&
                (!begun->zone.length || (data[begun->zone.at] == 'Z' && data[ended->zone.at] == 'Z'));
    if (!alike && !(is_utc(data, begun->zone) && is_utc(data, ended->zone)))
        return -1;
    int64_t first = micros_of(data, begun), last = micros_of(data, ended);
    if (first < 0 || last < first)
        return -1;
    int millis = alike && begun->time.length - begun->zone.length == 23 && first / 60000000 == last / 60000000;
    return millis ? (double)((last - first) / 1000) / 1000 * 1000 : (double)(last - first) / 1000000 * 1000;
}

int read_text_time(const uint8_t *text, size_t length, uint32_t at, Record *record)
{
    if (length < 19 || length > 40 || !is_moment(text))
        return -1;
    size_t end = 19;
    if (end < length && text[end] == '.') {
        if (++end == length || !is_digit(text[end]))
            return -1;
        if (length - end >= 8) /* behind six of them there is often a zone */
            end += digits_of(load64(text + end));
        while (end < length && is_digit(text[end]))
            end++;
    }
    if (!is_zone(text + end, length - end, end - 19))
        return -1;
    record->time_kind = TEXT_TIME;
    record->time = (Span){at, (uint32_t)length};
    record->zone = (Span){at + (uint32_t)end, (uint32_t)(length - end)};
    return 0;
}

int read_number_time(const Number *number, const uint8_t *text, size_t length, Record *record)
{
    if (number->negative)
        return -1;
    record->time_kind = NUMBER_TIME;
    if (number->whole) {
        uint64_t value = number->mantissa;
        if (number->digits > 19 || value < 100000000ULL || value > INT64_MAX)
            return -1;
        record->micros = (int64_t)(value < 100000000000ULL        ? value * 1000000
                                   : value < 100000000000000ULL   ? value * 1000
                                   : value < 100000000000000000ULL ? value
                                                                   : value / 1000);
        return 0;
    }
    double value = nearest(number, text, length);
    if (!(value >= 1e8 && value < 1e20))
        return -1;
    double parts = value < 1e11 ? 1 : value < 1e14 ? 1e3 : value < 1e17 ? 1e6 : 1e9;
    record->seconds = value < 1e11;
    record->micros = (int64_t)rint(value * 1000000 / parts); /* halves to even, as Python rounds */
    return 0;
}

int64_t read_local_time(const uint8_t *p)
{
    static const char form[LOCAL_LENGTH + 1] = "00/Mon/0000:00:00:00 +0000";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int at = 0; at < LOCAL_LENGTH; at++)
        if (form[at] == '0' ? !is_digit(p[at]) : at > 6 && at != 21 && p[at] != (uint8_t)form[at])
            return -1;
    int month = 0;
    while (month < 12 && memcmp(months + 3 * month, p + 3, 3))
        month++;
    if (month == 12 || p[2] != '/' || p[6] != '/' || (p[21] != '+' && p[21] != '-'))
        return -1;
    const uint8_t day[] = {p[7], p[8], p[9], p[10], '-', (uint8_t)('0' + (month + 1) / 10),
                           (uint8_t)('0' + (month + 1) % 10), '-', p[0], p[1]};
    int64_t days = days_to(day);
    int hour = two(p + 12), minute = two(p + 15), second = two(p + 18), beyond = two(p + 22) * 60 + two(p + 24);
    if (days < 0 || hour > 23 || minute > 59 || second > 59 || two(p + 22) > 23 || two(p + 24) > 59 ||
        two(p + 7) * 100 + two(p + 9) == 9999) /* Python has no year beyond */
        return -1;
    int64_t minutes = days * 1440 + hour * 60 + minute - (p[21] == '-' ? -beyond : beyond);
    return minutes < FIRST_MINUTE ? -1 : (minutes * 60 + second) * 1000000;
}
