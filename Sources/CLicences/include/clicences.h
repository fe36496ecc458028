#pragma once

/// The fingerprints of known licences, as `scripts/licence-fingerprints` writes them; aligned to eight bytes.
const unsigned char *clicences_fingerprints(void);

/// How many bytes they are.
unsigned long clicences_fingerprints_length(void);
