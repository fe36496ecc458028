// CRE2: the part of RE2 (libre2-dev) that confirms and captures, behind a C face: linear time, bytes not characters.
#ifndef CUPEL_CRE2_H
#define CUPEL_CRE2_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern; may be used by many threads at once.
typedef struct cre2_pattern cre2_pattern;

/// Compiles a pattern over Latin-1, so that every byte is a character and any input is valid.
/// Returns NULL and writes a terminated message into `error` when the pattern is refused.
cre2_pattern *cre2_compile(const char *pattern, size_t length, char *error, size_t error_size);

/// The number of capture groups, without the whole match.
int cre2_group_count(const cre2_pattern *pattern);

/// Finds the leftmost match within text[start, end); `\b`, `^` and `$` see the text around the window.
/// Writes the whole match and up to `groups - 1` captures as pairs of offsets (-1 when a group took no part).
/// Returns 1 for a match, else 0.
int cre2_match(const cre2_pattern *pattern, const char *text, size_t length, size_t start, size_t end, int groups,
               ptrdiff_t *offsets);

/// Frees a pattern; NULL is allowed.
void cre2_free(cre2_pattern *pattern);

#ifdef __cplusplus
}
#endif

#endif
