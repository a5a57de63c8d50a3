/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Marks lie on the bytes that are allocated as calls on a busy line do in time: the distance from any byte
 * to the next mark has an exponential distribution, whose mean is the rate, and does not depend on what was
 * before. A block is sampled when a mark lies in it. Of blocks that are all of one size, the number up to the
 * sampled one is then geometric; so one may count blocks instead of bytes, for each size by itself.
 *
 * The logarithm is made of its series, since the library needs nothing of libm. The mantissa of the random
 * number matters: taking the leading zeros and some bits for log2, as is sometimes done, is 3 % off.
 */
#include "watch/prof_draw.h"

#include "base/bits.h"
#include "core/state.h"

#include <string.h>

#define LN2 0.693147180559945309417
#define SQRT2 1.41421356237309504880

/* ln of 1 <= m < 2: by the area hyperbolic tangent of (m - 1) / (m + 1). */
static double ln_mantissa(double m)
{
    double half_power = m > SQRT2 ? 1 : 0;
    if (half_power != 0)
        m /= 2;
    double z = (m - 1) / (m + 1);
    double term = z;
    double sum = 0;
    for (int i = 1; i < 22; i += 2, term *= z * z)
        sum += term / i;
    return 2 * sum + half_power * LN2;
}

double ac_prof_exponential(uint64_t *inout_random)
{
    uint64_t r = ac_mix(*inout_random += AC_MIX_STEP) | 1;
    int zeros = __builtin_clzll(r);
    uint64_t bits = (uint64_t)1023 << 52 | (r << zeros << 1) >> 12;
    double m;
    memcpy(&m, &bits, sizeof m);
    return (zeros + 1) * LN2 - ln_mantissa(m);
}

uint64_t ac_prof_distance(uint64_t *inout_random, uint64_t rate_bytes, uint64_t bytes)
{
    if (rate_bytes <= AC_PROF_EXACT_BYTES)
        return 1;
    double distance = ac_prof_exponential(inout_random) * (double)rate_bytes / (double)bytes;
    return (uint64_t)distance + 1;
}

double ac_prof_probability(double x)
{
    double term = 1;
    double sum = 0;
    unsigned halvings = 0;
    for (; x > 0.5 && halvings < 7; x /= 2)
        halvings++;
    if (x > 0.5)
        return 1;
    for (int i = 1; i < 16; i++) {
        term *= x / i;
        sum += i % 2 != 0 ? term : -term;
    }
    for (; halvings != 0; halvings--) /* 1 - (1 - p)^2 */
        sum = sum * (2 - sum);
    return sum;
}

uint64_t ac_prof_weight(uint64_t rate_bytes, uint64_t bytes)
{
    if (rate_bytes <= AC_PROF_EXACT_BYTES)
        return AC_STATE_WEIGHT_ONE;
    double p = ac_prof_probability((double)bytes / (double)rate_bytes);
    return (uint64_t)(AC_STATE_WEIGHT_ONE / p + 0.5);
}
