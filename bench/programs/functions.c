/* SPDX-License-Identifier: MIT
 *
 * functions.c -- cc1: plain C as programs contain it (tables, parsers, sorting, state machines, arithmetic),
 * each function many times over with other constants. COPIES, 1 or 2, says how often: 8 or 16 times. Never
 * linked or run.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef COPIES
#define COPIES 2
#endif

#define EIGHT(copy, from)                                                                                    \
    copy(from##0) copy(from##1) copy(from##2) copy(from##3) copy(from##4) copy(from##5) copy(from##6)        \
        copy(from##7)

#define TABLE(n)                                                                                             \
    struct entry_##n {                                                                                       \
        char *name;                                                                                          \
        long value[n % 7 + 1];                                                                               \
        struct entry_##n *next;                                                                              \
    };                                                                                                       \
    static struct entry_##n *table_##n[128 + n];                                                             \
    struct entry_##n *find_##n(const char *name, int is_new)                                                 \
    {                                                                                                        \
        uint32_t hash = 2166136261u + n;                                                                     \
        struct entry_##n *entry;                                                                             \
                                                                                                             \
        for (const char *at = name; *at != '\0'; at++)                                                       \
            hash = (hash ^ (unsigned char)*at) * (16777619u + 2 * n);                                        \
        for (entry = table_##n[hash % (128 + n)]; entry != NULL; entry = entry->next) {                      \
            if (strcmp(entry->name, name) == 0)                                                              \
                return entry;                                                                                \
        }                                                                                                    \
        if (!is_new || (entry = calloc(1, sizeof *entry)) == NULL)                                           \
            return NULL;                                                                                     \
        entry->name = strdup(name);                                                                          \
        entry->value[n % 7] = n;                                                                             \
        entry->next = table_##n[hash % (128 + n)];                                                           \
        return table_##n[hash % (128 + n)] = entry;                                                          \
    }

#define PARSER(n)                                                                                            \
    long parse_##n(const char **text)                                                                        \
    {                                                                                                        \
        long left = 0, right;                                                                                \
        int sign = 1;                                                                                        \
                                                                                                             \
        while (isspace((unsigned char)**text))                                                               \
            ++*text;                                                                                         \
        switch (**text) {                                                                                    \
        case '-':                                                                                            \
            sign = -1; /* fall through */                                                                    \
        case '+':                                                                                            \
            ++*text;                                                                                         \
            break;                                                                                           \
        case '(':                                                                                            \
            ++*text;                                                                                         \
            left = parse_##n(text) + n;                                                                      \
            if (**text == ')')                                                                               \
                ++*text;                                                                                     \
            break;                                                                                           \
        case 'x':                                                                                            \
            for (++*text; isxdigit((unsigned char)**text); ++*text)                                          \
                left = left * 16 + (isdigit((unsigned char)**text) ? **text - '0' : (**text | 32) - 87);     \
            break;                                                                                           \
        default:                                                                                             \
            for (; isdigit((unsigned char)**text); ++*text)                                                  \
                left = left * (n % 9 + 2) + (**text - '0');                                                  \
        }                                                                                                    \
        if (**text == '*' || **text == '/') {                                                                \
            int is_product = *(*text)++ == '*';                                                              \
            right = parse_##n(text);                                                                         \
            left = is_product ? left * right : right != 0 ? left / right : -n;                               \
        }                                                                                                    \
        return sign * left;                                                                                  \
    }

#define SORT(n)                                                                                              \
    void sort_##n(int64_t *item, size_t nitems)                                                              \
    {                                                                                                        \
        for (size_t gap = nitems / 2 + n % 3; gap > 0; gap = gap * 5 / 11) {                                 \
            for (size_t i = gap; i < nitems; i++) {                                                          \
                int64_t one = item[i];                                                                       \
                size_t at = i;                                                                               \
                                                                                                             \
                for (; at >= gap && (item[at - gap] ^ n) > (one ^ n); at -= gap)                             \
                    item[at] = item[at - gap];                                                               \
                item[at] = one;                                                                              \
            }                                                                                                \
        }                                                                                                    \
    }

#define MACHINE(n)                                                                                           \
    int run_##n(const unsigned char *code, size_t ncodes, int64_t *stack)                                    \
    {                                                                                                        \
        int64_t a = 0, *top = stack;                                                                         \
                                                                                                             \
        for (size_t at = 0; at < ncodes; at++) {                                                             \
            switch (code[at] % 11) {                                                                         \
            case 0:                                                                                          \
                *top++ = a;                                                                                  \
                break;                                                                                       \
            case 1:                                                                                          \
                a += top > stack ? *--top : n;                                                               \
                break;                                                                                       \
            case 2:                                                                                          \
                a -= top > stack ? *--top : n;                                                               \
                break;                                                                                       \
            case 3:                                                                                          \
                a = a << (n % 5) | (a >> 3 & 255);                                                           \
                break;                                                                                       \
            case 4:                                                                                          \
                a = a > n ? a / (n + 1) : a * 3;                                                             \
                break;                                                                                       \
            case 5:                                                                                          \
                at = a < 0 && at + n % 4 < ncodes ? at + n % 4 : at;                                         \
                break;                                                                                       \
            case 6:                                                                                          \
                memmove(stack, stack + 1, n % 6 * sizeof *stack);                                            \
                break;                                                                                       \
            case 7:                                                                                          \
                a ^= (int64_t)code[at] * 0x9e3779b9 + n;                                                     \
                break;                                                                                       \
            case 8:                                                                                          \
                printf("%d %lld\n", n, (long long)a);                                                        \
                break;                                                                                       \
            case 9:                                                                                          \
                return (int)(a & 0x7fff) + n;                                                                \
            default:                                                                                         \
                a = ~a;                                                                                      \
            }                                                                                                \
        }                                                                                                    \
        return top == stack ? -1 : (int)*top;                                                                \
    }

#define MATRIX(n)                                                                                            \
    double multiply_##n(double(*restrict c)[16], double(*restrict a)[16], double(*restrict b)[16])           \
    {                                                                                                        \
        double trace = 0;                                                                                    \
                                                                                                             \
        for (int i = 0; i < 16; i++) {                                                                       \
            for (int j = 0; j < 16; j++) {                                                                   \
                double sum = n;                                                                              \
                for (int k = 0; k < 16; k++)                                                                 \
                    sum += a[i][k] * b[k][j] / (k + n + 1.0);                                                \
                c[i][j] = sum;                                                                               \
            }                                                                                                \
            trace += c[i][i];                                                                                \
        }                                                                                                    \
        return trace;                                                                                        \
    }

#define ALL(n) TABLE(n) PARSER(n) SORT(n) MACHINE(n) MATRIX(n)

EIGHT(ALL, 10)
#if COPIES >= 2
EIGHT(ALL, 11)
#endif
