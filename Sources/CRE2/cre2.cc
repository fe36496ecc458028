#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>

struct cre2_pattern {
    re2::RE2 regex;
    cre2_pattern(const re2::StringPiece &text, const re2::RE2::Options &options) : regex(text, options) {}
};

// What one pattern may take for its program and its lazily built automaton.
static const long kMemoryPerPattern = 4 << 20;
static const int kMostGroups = 16;

cre2_pattern *cre2_compile(const char *pattern, size_t length, char *error, size_t error_size) {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(kMemoryPerPattern);
    cre2_pattern *made = new (std::nothrow) cre2_pattern(re2::StringPiece(pattern, length), options);
    if (made != nullptr && made->regex.ok()) return made;
    if (error != nullptr && error_size > 0) {
        const char *why = made != nullptr ? made->regex.error().c_str() : "out of memory";
        std::strncpy(error, why, error_size - 1);
        error[error_size - 1] = '\0';
    }
    delete made;
    return nullptr;
}

int cre2_group_count(const cre2_pattern *pattern) { return pattern->regex.NumberOfCapturingGroups(); }

int cre2_match(const cre2_pattern *pattern, const char *text, size_t length, size_t start, size_t end, int groups,
               ptrdiff_t *offsets) {
    if (groups < 1 || groups > kMostGroups || start > end || end > length) return 0;
    re2::StringPiece found[kMostGroups];
    re2::StringPiece whole(text, length);
    if (!pattern->regex.Match(whole, start, end, re2::RE2::UNANCHORED, found, groups)) return 0;
    for (int group = 0; group < groups; group++) {
        bool took_part = found[group].data() != nullptr;
        offsets[2 * group] = took_part ? found[group].data() - text : -1;
        offsets[2 * group + 1] = took_part ? found[group].data() - text + (ptrdiff_t)found[group].size() : -1;
    }
    return 1;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }
